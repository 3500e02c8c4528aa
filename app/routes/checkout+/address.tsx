import {
  type ActionFunctionArgs,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { type ClientActionFunctionArgs, useActionData, useLoaderData } from "@remix-run/react";

import { AddressForm } from "#app/features/checkout/address-form.tsx";
import { CheckoutPage } from "#app/features/checkout/checkout-page.tsx";
import { firstOpenStep, mayVisit, stepPath } from "#app/features/checkout/checkout-steps.ts";
import { keepForm } from "#app/features/checkout/keep-form.ts";
import { SavedAddresses } from "#app/features/checkout/saved-addresses.tsx";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { formatCountry } from "#app/lib/format.ts";
import { type FormRefusal, keepAfterRefusal } from "#app/lib/forms.ts";
import { valueOf } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadCheckout, saveStep, textOf } from "#app/server/checkout.server.ts";
import { loadQueries } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";
import { addressProblems, normalizeAddress } from "#convex/domain/address.ts";

export const meta: MetaFunction = () => [
  { title: pageTitle(`${messages.checkout.title}, ${messages.checkout.steps.address}`) },
  { name: "robots", content: "noindex" },
];

export async function loader(args: LoaderFunctionArgs) {
  const page = await loadCheckout(args, (checkout) => {
    const open = firstOpenStep(checkout);
    return mayVisit("address", open) ? null : stepPath(open);
  });
  return { ...page, countries: namedCountries(valueOf(page.checkout).countries) };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const { countries, savedAddresses } = await loadQueries({ request, context }, async (preload) =>
    valueOf(await preload(api.shop.checkout.get)),
  );
  const chosen = savedAddresses.find(({ id }) => id === form.get("savedAddress"));
  const address = chosen?.address ?? addressOf(form);
  return saveStep({ request, context }, form, {
    problems: addressProblems(address, countries),
    save: (client) => client.mutation(api.shop.checkout.setAddress, address),
    next: "/checkout/delivery",
  });
}

export const shouldRevalidate = keepAfterRefusal;

export function clientAction({ request, serverAction }: ClientActionFunctionArgs) {
  return keepForm(request, serverAction);
}

export default function AddressRoute() {
  const page = useLoaderData<typeof loader>();
  const refusal = useActionData<FormRefusal>() ?? null;
  return (
    <CheckoutPage step="address" data={page}>
      {({ contact, address, savedAddresses }) => (
        <>
          <SavedAddresses addresses={savedAddresses} />
          <AddressForm
            saved={{
              name: address?.name ?? contact?.name ?? "",
              line1: address?.line1 ?? "",
              line2: address?.line2 ?? "",
              postalCode: address?.postalCode ?? "",
              city: address?.city ?? "",
              region: address?.region ?? "",
              country: address?.country ?? "",
            }}
            countries={page.countries}
            refusal={refusal}
          />
        </>
      )}
    </CheckoutPage>
  );
}

export function ErrorBoundary() {
  return <SectionError />;
}

function addressOf(form: FormData) {
  return normalizeAddress({
    name: textOf(form, "name"),
    line1: textOf(form, "line1"),
    line2: textOf(form, "line2"),
    postalCode: textOf(form, "postalCode"),
    city: textOf(form, "city"),
    region: textOf(form, "region"),
    country: textOf(form, "country"),
  });
}

/** Named and sorted on the server alone: browsers need not agree on either. */
function namedCountries(codes: readonly string[]) {
  return codes
    .map((code) => ({ code, name: formatCountry(code, "en") }))
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
}
