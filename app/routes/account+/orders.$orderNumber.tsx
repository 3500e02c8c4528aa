import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import * as z from "zod";

import { SectionError } from "#app/features/errors/page-error.tsx";
import { PayOrder } from "#app/features/checkout/pay-order.tsx";
import { CancelOrder } from "#app/features/orders/cancel-order.tsx";
import { OrderPage } from "#app/features/orders/order-page.tsx";
import { useLive, valueOf } from "#app/lib/live-query.ts";
import { asAppError } from "#app/lib/errors.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { isUnavailable } from "#app/server/convex.server.ts";
import { loadQueries, notFound } from "#app/server/preload.server.ts";
import { sentenceFor } from "#app/server/translator.server.ts";
import { api } from "#convex/_generated/api.js";

export const meta: MetaFunction<typeof loader> = ({ data: page }) => [
  {
    title: pageTitle(
      page === undefined
        ? messages.errorPages.notFound.title
        : messages.orders.orderTitle.replace("{number}", valueOf(page.order).number),
    ),
  },
  { name: "robots", content: "noindex" },
];

/** For accounts and for guests who own the order. */
export function loader(args: LoaderFunctionArgs) {
  const orderNumber = args.params["orderNumber"] ?? "";
  return loadQueries(args, async (preload) => ({
    order: await preload(api.account.orders.get, { orderNumber }),
    paypal: args.context.settings.paypal,
  }));
}

const vIntent = z.object({ intent: z.enum(["cancel", "transfer"]) });

/** Cancels the order, or has it paid by bank transfer. */
export async function action({ params, request, context }: ActionFunctionArgs) {
  const orderNumber = params["orderNumber"] ?? "";
  const parsed = vIntent.safeParse(Object.fromEntries(await request.formData()));
  if (!parsed.success) throw notFound();
  const client = context.connection.client(context.session.token);
  try {
    if (parsed.data.intent === "cancel") {
      await client.mutation(api.account.orders.cancel, { orderNumber });
    } else {
      const { id: orderId } = await client.query(api.account.orders.get, { orderNumber });
      await client.mutation(api.shop.payments.start, { orderId, paymentMethod: "bankTransfer" });
    }
    return redirect(`/account/orders/${encodeURIComponent(orderNumber)}`);
  } catch (error) {
    const refusal = asAppError(error);
    if (refusal === null && !isUnavailable(error)) throw error;
    return data({ problem: sentenceFor(refusal ?? "unavailable") }, 409);
  }
}

export default function OrderRoute() {
  const page = useLoaderData<typeof loader>();
  const order = useLive(page.order);
  const refusal = useActionData<{ problem: string }>();
  const isUnpaid = order.canPay && order.payment.transfer === null;
  return (
    <OrderPage
      order={order}
      problem={refusal?.problem ?? null}
      payment={isUnpaid ? <PayOrder order={order} paypal={page.paypal} /> : null}
      cancellation={order.canCancel ? <CancelOrder number={order.number} /> : null}
    />
  );
}

export function ErrorBoundary() {
  return <SectionError />;
}
