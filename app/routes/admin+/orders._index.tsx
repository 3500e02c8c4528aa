import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { Pagination } from "#app/components/ui/pagination.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { AdminError } from "#app/features/admin/admin-error.tsx";
import { listPath, readListAddress } from "#app/features/admin/list-address.ts";
import { OrderFilters, readState } from "#app/features/admin/order-filters.tsx";
import { OrderTable } from "#app/features/admin/order-table.tsx";
import { PageHead } from "#app/features/admin/page-head.tsx";
import { SearchForm } from "#app/features/admin/search-form.tsx";
import { useHeldOrder } from "#app/features/catalog/held-order.ts";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadQueries } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

const PAGE_SIZE = 20;
const PATH = "/admin/orders";

export const meta: MetaFunction = () => [{ title: pageTitle(messages.admin.orders.title) }];

export function loader(args: LoaderFunctionArgs) {
  const { searchParams } = new URL(args.request.url);
  const { query, page } = readListAddress(searchParams);
  const status = readState(searchParams);
  return loadQueries(args, async (preload) => {
    const [orders, counts] = await Promise.all([
      preload(api.admin.orders.list, { status, search: query, page, pageSize: PAGE_SIZE }),
      preload(api.admin.orders.counts),
    ]);
    return { query, status, listKey: searchParams.toString(), orders, counts };
  });
}

export default function OrdersRoute() {
  const { query, status, listKey, ...handles } = useLoaderData<typeof loader>();
  const orders = useLive(handles.orders);
  const counts = useLive(handles.counts);
  const { rows, waiting, showWaiting } = useHeldOrder(orders.rows, {
    key: listKey,
    shown: PAGE_SIZE,
  });
  const t = useTranslations("admin");
  return (
    <>
      <PageHead title={t("orders.title")} />
      <div className="mt-5 grid gap-3">
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
          <SearchForm
            query={query}
            label={t("search.orders")}
            placeholder={t("search.ordersHint")}
            kept={status === null ? {} : { status }}
          />
          <div role="status" className="flex min-h-9 items-center gap-4">
            <p className="text-sm text-ink-2 tabular-nums">
              {t(orders.isTotalExact ? "orders.found" : "orders.foundMore", {
                count: orders.total,
              })}
            </p>
            {waiting > 0 && (
              <Button size="small" onClick={showWaiting}>
                {t("orders.showNew", { count: waiting })}
              </Button>
            )}
          </div>
        </div>
        <OrderFilters status={status} query={query} counts={query === "" ? counts : null} />
      </div>
      <Panel flush className="mt-4">
        <div className="overflow-x-auto">
          <OrderTable rows={rows} query={query} />
        </div>
      </Panel>
      <div className="mt-6">
        <Pagination
          page={orders.page}
          pageCount={Math.ceil(orders.total / PAGE_SIZE)}
          pageTo={(to) => listPath(PATH, { q: query, page: to, status })}
        />
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <AdminError otherwise={<SectionError />} />;
}
