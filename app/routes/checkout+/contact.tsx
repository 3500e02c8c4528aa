import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { type ClientActionFunctionArgs, useActionData, useLoaderData } from "@remix-run/react";

import { CheckoutPage } from "#app/features/checkout/checkout-page.tsx";
import { ContactForm } from "#app/features/checkout/contact-form.tsx";
import { keepForm } from "#app/features/checkout/keep-form.ts";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { type FormRefusal, keepAfterRefusal } from "#app/lib/forms.ts";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadCheckout, saveStep, textOf } from "#app/server/checkout.server.ts";
import { api } from "#convex/_generated/api.js";
import { contactProblems, normalizeContact } from "#convex/domain/address.ts";

export const meta: MetaFunction = () => [
  { title: pageTitle(`${messages.checkout.title}, ${messages.checkout.steps.contact}`) },
  { name: "robots", content: "noindex" },
];

export function loader(args: LoaderFunctionArgs) {
  return loadCheckout(args, () => null);
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const contact = normalizeContact({
    name: textOf(form, "name"),
    email: textOf(form, "email"),
    phone: textOf(form, "phone"),
  });
  return saveStep({ request, context }, form, {
    problems: contactProblems(contact),
    save: (client) => client.mutation(api.shop.checkout.setContact, contact),
    next: "/checkout/address",
  });
}

export const shouldRevalidate = keepAfterRefusal;

export function clientAction({ request, serverAction }: ClientActionFunctionArgs) {
  return keepForm(request, serverAction);
}

export default function ContactRoute() {
  const data = useLoaderData<typeof loader>();
  const viewer = useLive(data.viewer);
  const refusal = useActionData<FormRefusal>() ?? null;
  return (
    <CheckoutPage step="contact" data={data}>
      {({ contact }) => (
        <ContactForm
          saved={{
            email: contact?.email ?? viewer?.email ?? "",
            name: contact?.name ?? viewer?.name ?? "",
            phone: contact?.phone ?? "",
          }}
          isGuest={viewer?.kind !== "user"}
          refusal={refusal}
        />
      )}
    </CheckoutPage>
  );
}

export function ErrorBoundary() {
  return <SectionError />;
}
