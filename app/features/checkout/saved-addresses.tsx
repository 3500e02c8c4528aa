import { Form } from "@remix-run/react";
import { useLocale, useTranslations } from "use-intl";

import { Badge } from "#app/components/ui/badge.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";

import { addressLine } from "./address-line.ts";
import type { Checkout } from "./checkout-steps.ts";

/** Addresses of the account: one press delivers there. */
export function SavedAddresses({ addresses }: { readonly addresses: Checkout["savedAddresses"] }) {
  const t = useTranslations("checkout.address");
  const locale = useLocale();
  if (addresses.length === 0) return null;
  return (
    <section aria-labelledby="saved-addresses" className="mb-8 max-w-[33rem]">
      <h2 id="saved-addresses" className="mb-3 text-h3">
        {t("saved")}
      </h2>
      <ul className="grid gap-2.5">
        {addresses.map(({ id, isDefault, address }) => (
          <li
            key={id}
            className="flex flex-wrap items-center justify-between gap-3 rounded-md border border-line bg-surface px-4.5 py-4"
          >
            <div className="min-w-0 text-sm">
              <p className="flex items-center gap-2 font-semibold">
                {address.name} {isDefault && <Badge>{t("default")}</Badge>}
              </p>
              <p className="text-ink-2">{addressLine(address, locale)}</p>
            </div>
            <Form method="post">
              <input type="hidden" name="savedAddress" value={id} />
              <Button type="submit">
                <span aria-hidden="true">{t("deliverHere")}</span>
                <VisuallyHidden>
                  {t("deliverTo", { line: addressLine(address, locale) })}
                </VisuallyHidden>
              </Button>
            </Form>
          </li>
        ))}
      </ul>
      <h2 className="mt-8 text-h3">{t("another")}</h2>
    </section>
  );
}
