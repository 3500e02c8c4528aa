import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { type ClientActionFunctionArgs, useLoaderData } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { PageSteps, Pagination } from "#app/components/ui/pagination.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { AdminError } from "#app/features/admin/admin-error.tsx";
import {
  type Beside,
  besidePath,
  listPath,
  readBeside,
  readListAddress,
} from "#app/features/admin/list-address.ts";
import { PageHead } from "#app/features/admin/page-head.tsx";
import { type ProductRow, ProductTable } from "#app/features/admin/product-table.tsx";
import { SearchForm } from "#app/features/admin/search-form.tsx";
import { keepForm } from "#app/features/checkout/keep-form.ts";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { keepAfterRefusal } from "#app/lib/forms.ts";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadQueries } from "#app/server/preload.server.ts";
import { changeListedStock } from "#app/server/staff-products.server.ts";
import { api } from "#convex/_generated/api.js";

const PAGE_SIZE = 20;
const PATH = "/admin/products";

export const meta: MetaFunction = () => [{ title: pageTitle(messages.admin.products.title) }];

export function loader(args: LoaderFunctionArgs) {
  const { searchParams } = new URL(args.request.url);
  const { query, page } = readListAddress(searchParams);
  const beside = query === "" ? readBeside(searchParams) : null;
  return loadQueries(args, async (preload) => ({
    query,
    products: await preload(api.admin.products.list, {
      ...{ search: query, page, pageSize: PAGE_SIZE, beside },
    }),
  }));
}

export function action(args: ActionFunctionArgs) {
  return changeListedStock(args);
}

export function clientAction({ request, serverAction }: ClientActionFunctionArgs) {
  return keepForm(request, serverAction);
}

export const shouldRevalidate = keepAfterRefusal;

export default function ProductsRoute() {
  const { query, products: handle } = useLoaderData<typeof loader>();
  const { rows, total, isTotalExact, ...place } = useLive(handle);
  const t = useTranslations("admin");
  const countText = query === "" ? "products.count" : "products.found";
  return (
    <>
      <PageHead title={t("products.title")} />
      <div className="mt-5 mb-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <SearchForm
          query={query}
          label={t("search.products")}
          placeholder={t("search.productsHint")}
        />
        <p role="status" className="text-sm text-ink-2 tabular-nums">
          {t(isTotalExact ? countText : "products.more", { count: total })}
        </p>
      </div>
      <Panel flush>
        <div className="overflow-x-auto">
          <ProductTable rows={rows} query={query} />
        </div>
      </Panel>
      <div className="mt-6">
        {query === "" ? (
          <PageSteps
            previous={place.hasPrevious ? pathBeside("before", rows.at(0)) : null}
            next={place.hasNext ? pathBeside("after", rows.at(-1)) : null}
          />
        ) : (
          <Pagination
            page={place.page}
            pageCount={Math.ceil(total / PAGE_SIZE)}
            pageTo={(to) => listPath(PATH, { q: query, page: to })}
          />
        )}
      </div>
    </>
  );
}

function pathBeside(side: Beside["side"], row: ProductRow | undefined): string | null {
  return row === undefined ? null : besidePath(PATH, { side, productId: row.id });
}

export function ErrorBoundary() {
  return <AdminError otherwise={<SectionError />} />;
}
