import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { type ClientActionFunctionArgs, useLoaderData } from "@remix-run/react";

import { AdminError } from "#app/features/admin/admin-error.tsx";
import { OrderDetail } from "#app/features/admin/order-detail.tsx";
import { keepForm } from "#app/features/checkout/keep-form.ts";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { keepAfterRefusal } from "#app/lib/forms.ts";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import { loadQueries } from "#app/server/preload.server.ts";
import { changeOrder } from "#app/server/staff-orders.server.ts";
import { api } from "#convex/_generated/api.js";

export const meta: MetaFunction = ({ params }) => [
  { title: pageTitle(params["orderNumber"] ?? "") },
];

export function loader(args: LoaderFunctionArgs) {
  const orderNumber = args.params["orderNumber"] ?? "";
  return loadQueries(args, async (preload) => ({
    order: await preload(api.admin.orders.get, { orderNumber }),
  }));
}

export function action(args: ActionFunctionArgs) {
  return changeOrder(args);
}

export function clientAction({ request, serverAction }: ClientActionFunctionArgs) {
  return keepForm(request, serverAction);
}

export const shouldRevalidate = keepAfterRefusal;

export default function OrderRoute() {
  const order = useLive(useLoaderData<typeof loader>().order);
  return <OrderDetail key={order.id} order={order} />;
}

export function ErrorBoundary() {
  return <AdminError otherwise={<SectionError />} />;
}
