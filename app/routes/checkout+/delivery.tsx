import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { data } from "@remix-run/node";
import { type ClientActionFunctionArgs, useActionData, useLoaderData } from "@remix-run/react";
import * as z from "zod";

import { CheckoutPage } from "#app/features/checkout/checkout-page.tsx";
import { firstOpenStep, mayVisit, stepPath } from "#app/features/checkout/checkout-steps.ts";
import { DeliveryForm } from "#app/features/checkout/delivery-form.tsx";
import { keepForm } from "#app/features/checkout/keep-form.ts";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { type FormRefusal, keepAfterRefusal } from "#app/lib/forms.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadCheckout, saveStep } from "#app/server/checkout.server.ts";
import { parseForm } from "#app/server/forms.server.ts";
import { api } from "#convex/_generated/api.js";

const vDelivery = z.object({ methodId: z.enum(["standard", "express", "large-item"]) });

export const meta: MetaFunction = () => [
  { title: pageTitle(`${messages.checkout.title}, ${messages.checkout.steps.delivery}`) },
  { name: "robots", content: "noindex" },
];

export function loader(args: LoaderFunctionArgs) {
  return loadCheckout(args, (checkout) => {
    const open = firstOpenStep(checkout);
    return mayVisit("delivery", open) ? null : stepPath(open);
  });
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const parsed = parseForm(form, vDelivery);
  if (!parsed.ok) return data(parsed.refusal, 400);
  return saveStep({ request, context }, form, {
    problems: [],
    save: (client) => client.mutation(api.shop.checkout.setDelivery, parsed.value),
    next: "/checkout/payment",
  });
}

export const shouldRevalidate = keepAfterRefusal;

export function clientAction({ request, serverAction }: ClientActionFunctionArgs) {
  return keepForm(request, serverAction);
}

export default function DeliveryRoute() {
  const page = useLoaderData<typeof loader>();
  const refusal = useActionData<FormRefusal>() ?? null;
  return (
    <CheckoutPage step="delivery" data={page}>
      {(checkout) => <DeliveryForm checkout={checkout} now={page.now} refusal={refusal} />}
    </CheckoutPage>
  );
}

export function ErrorBoundary() {
  return <SectionError />;
}
