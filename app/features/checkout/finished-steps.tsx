import type { ReactNode } from "react";
import { useLocale, useTranslations } from "use-intl";

import { TextLink } from "#app/components/ui/text-link.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";
import { arrivalDays } from "#app/lib/arrival.ts";
import { formatMoney, formatWeekday } from "#app/lib/format.ts";

import { addressLine } from "./address-line.ts";
import { chosenDelivery, type Checkout, type Step, stepPath, STEPS } from "./checkout-steps.ts";

/** What the steps before this one hold, each with the way back to it. */
export function FinishedSteps({
  checkout,
  current,
  now,
}: {
  readonly checkout: Checkout;
  readonly current: Step;
  readonly now: number;
}) {
  const finished = STEPS.slice(0, STEPS.indexOf(current));
  if (finished.length === 0) return null;
  return (
    <div className="mb-8 border-b border-line">
      {finished.map((step) => (
        <FinishedStep key={step} step={step}>
          {step === "contact" && <ContactRows contact={checkout.contact} />}
          {step === "address" && <AddressRows address={checkout.address} />}
          {step === "delivery" && <DeliveryRows checkout={checkout} now={now} />}
        </FinishedStep>
      ))}
    </div>
  );
}

function FinishedStep({ step, children }: { readonly step: Step; readonly children: ReactNode }) {
  const t = useTranslations("checkout");
  const name = t(`steps.${step}`);
  return (
    <section className="border-t border-line py-5">
      <div className="mb-1.5 flex items-baseline justify-between gap-4">
        <h2 className="text-h3">{name}</h2>
        <TextLink to={stepPath(step)} className="text-sm">
          <span aria-hidden="true">{t("change")}</span>
          <VisuallyHidden>{t("changeNamed", { step: name })}</VisuallyHidden>
        </TextLink>
      </div>
      <dl className="grid grid-cols-[minmax(84px,126px)_minmax(0,1fr)] gap-y-1 text-ui">
        {children}
      </dl>
    </section>
  );
}

function Row({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{label}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

function ContactRows({ contact }: Pick<Checkout, "contact">) {
  const t = useTranslations("checkout.summary");
  if (contact === null) return null;
  return (
    <>
      <Row label={t("contactName")}>
        {contact.name}, {contact.email}
      </Row>
      {contact.phone !== null && <Row label={t("contactPhone")}>{contact.phone}</Row>}
    </>
  );
}

function AddressRows({ address }: Pick<Checkout, "address">) {
  const t = useTranslations("checkout.summary");
  const locale = useLocale();
  if (address === null) return null;
  return (
    <Row label={t("deliverTo")}>
      {address.name}, {addressLine(address, locale)}
    </Row>
  );
}

function DeliveryRows({ checkout, now }: { readonly checkout: Checkout; readonly now: number }) {
  const t = useTranslations("checkout");
  const locale = useLocale();
  const option = chosenDelivery(checkout);
  if (option === null) return null;
  const days = arrivalDays(now, option);
  const [earliest, latest] = [days.earliest, days.latest].map((day) => formatWeekday(day, locale));
  const price = option.price.amount === 0 ? t("delivery.free") : formatMoney(option.price, locale);
  return (
    <>
      <Row label={t("summary.method")}>
        {option.name}, {price}
      </Row>
      <Row label={t("summary.arrives")}>
        {earliest === latest
          ? earliest
          : t("summary.arrivesRange", { earliest: earliest ?? "", latest: latest ?? "" })}
      </Row>
    </>
  );
}
