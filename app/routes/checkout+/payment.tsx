import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { useActionData, useLoaderData, useNavigate } from "@remix-run/react";
import { useMutation } from "convex/react";
import * as z from "zod";

import { CART_ACTION, useCartActions } from "#app/features/cart/use-cart-actions.ts";
import { CheckoutPage } from "#app/features/checkout/checkout-page.tsx";
import { firstOpenStep, stepPath } from "#app/features/checkout/checkout-steps.ts";
import { type PaymentRefusal, PaymentStep } from "#app/features/checkout/payment-step.tsx";
import { usePayPalFlow } from "#app/features/checkout/use-paypal-flow.ts";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { asAppError } from "#app/lib/errors.ts";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadCheckout } from "#app/server/checkout.server.ts";
import { isUnavailable } from "#app/server/convex.server.ts";
import { api } from "#convex/_generated/api.js";

const vPayment = z.object({
  paymentMethod: z.enum(["paypal", "bankTransfer"]),
  quoteVersion: z.string().min(1).max(200),
});

export const meta: MetaFunction = () => [
  { title: pageTitle(`${messages.checkout.title}, ${messages.checkout.steps.payment}`) },
  { name: "robots", content: "noindex" },
];

export async function loader(args: LoaderFunctionArgs) {
  const page = await loadCheckout(args, (checkout) => {
    const open = firstOpenStep(checkout);
    return open === "payment" ? null : stepPath(open);
  });
  return { ...page, paypal: args.context.settings.paypal };
}

/** A bank transfer is ordered here. PayPal is paid in the browser, so without scripts it says so. */
export async function action({ request, context }: ActionFunctionArgs) {
  const parsed = vPayment.safeParse(Object.fromEntries(await request.formData()));
  if (!parsed.success) return refuse({ problem: { code: "QUOTE_STALE" } });
  if (parsed.data.paymentMethod === "paypal") return refuse({ problem: "needsScripts" });
  try {
    const client = context.connection.client(context.session.token);
    const { orderNumber } = await client.mutation(api.shop.checkout.begin, parsed.data);
    return redirect(`/checkout/done/${orderNumber}`);
  } catch (error) {
    const problem = asAppError(error);
    if (problem !== null) return refuse({ problem });
    if (isUnavailable(error)) return refuse({ problem: "unavailable" });
    throw error;
  }
}

export default function PaymentRoute() {
  const page = useLoaderData<typeof loader>();
  const refusal = useActionData<PaymentRefusal>() ?? null;
  const { quote } = useLive(page.checkout);
  const navigate = useNavigate();
  const begin = useMutation(api.shop.checkout.begin);
  const { acknowledgeChanges } = useCartActions();
  const flow = usePayPalFlow({
    start: () => begin({ quoteVersion: quote?.version ?? "", paymentMethod: "paypal" }),
    onSettled: (orderNumber) => navigate(`/checkout/done/${orderNumber}`),
  });
  const takeNote = () => {
    flow.dismissProblem();
    void acknowledgeChanges();
  };
  return (
    <CheckoutPage step="payment" data={page} isPaying={flow.isBusy}>
      {(checkout) => (
        <PaymentStep
          checkout={checkout}
          paypal={page.paypal}
          flow={flow}
          refusal={refusal}
          acknowledge={{ action: CART_ACTION, run: takeNote }}
        />
      )}
    </CheckoutPage>
  );
}

export function ErrorBoundary() {
  return <SectionError />;
}

function refuse(refusal: PaymentRefusal) {
  return data(refusal, 400);
}
