import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Package } from "lucide-react";
import { useTranslations } from "use-intl";

import { ButtonLink } from "#app/components/ui/button.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Icon } from "#app/components/ui/icon.tsx";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { OrderList } from "#app/features/orders/order-list.tsx";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { readFromCursor } from "#app/server/list-cursor.server.ts";
import { loadQueries } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

const PAGE_SIZE = 20;

export const meta: MetaFunction = () => [
  { title: pageTitle(messages.orders.title) },
  { name: "robots", content: "noindex" },
];

export function loader(args: LoaderFunctionArgs) {
  const cursor = new URL(args.request.url).searchParams.get("after");
  return loadQueries(args, async (preload) => ({
    isFirst: cursor === null,
    orders: await readFromCursor(args.request, () =>
      preload(api.account.orders.list, { paginationOpts: { numItems: PAGE_SIZE, cursor } }),
    ),
  }));
}

export default function OrdersRoute() {
  const data = useLoaderData<typeof loader>();
  const t = useTranslations("orders");
  const orders = useLive(data.orders);
  if (data.isFirst && orders.page.length === 0) {
    return (
      <EmptyState
        headingLevel="h1"
        title={t("emptyTitle")}
        body={t("emptyBody")}
        icon={<Icon as={Package} size={24} />}
        action={<ButtonLink to="/c">{t("emptyAction")}</ButtonLink>}
      />
    );
  }
  return (
    <>
      <h1 className="mb-6 font-display text-h1">{t("title")}</h1>
      <OrderList orders={orders.page} />
      <div className="mt-8 flex flex-wrap justify-center gap-3">
        {!data.isFirst && <ButtonLink to="?">{t("newest")}</ButtonLink>}
        {!orders.isDone && (
          <ButtonLink to={`?${new URLSearchParams({ after: orders.continueCursor }).toString()}`}>
            {t("older")}
          </ButtonLink>
        )}
      </div>
    </>
  );
}

export function ErrorBoundary() {
  return <SectionError />;
}
