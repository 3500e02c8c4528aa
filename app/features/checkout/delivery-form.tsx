import { Form, useNavigation } from "@remix-run/react";
import { useLocale, useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { RadioCard } from "#app/components/ui/choice.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { arrivalDays } from "#app/lib/arrival.ts";
import { formatMoney, formatWeekday } from "#app/lib/format.ts";
import { type FormRefusal, useFormRefusal } from "#app/lib/forms.ts";

import { chosenDelivery, type Checkout } from "./checkout-steps.ts";
import { FormProblems } from "./form-problems.tsx";

type Option = Checkout["deliveryOptions"][number];

/** When it arrives rather than how fast it travels; the cheapest way is chosen at first. */
export function DeliveryForm({
  checkout,
  now,
  refusal,
}: {
  readonly checkout: Checkout;
  readonly now: number;
  readonly refusal: FormRefusal | null;
}) {
  const t = useTranslations("checkout");
  const isBusy = useNavigation().state === "submitting";
  const { formRef, problemOf, formMessage } = useFormRefusal<"deliveryMethod" | "methodId">(
    refusal,
  );
  const { deliveryOptions } = checkout;
  const first = chosenDelivery(checkout) ?? cheapest(deliveryOptions);
  if (first === null) return <Notice tone="warning">{t("delivery.none")}</Notice>;
  const isRefused = problemOf("deliveryMethod") !== null || problemOf("methodId") !== null;
  return (
    <Form ref={formRef} method="post" className="grid gap-6">
      <FormProblems problems={[]} message={isRefused ? t("delivery.unavailable") : formMessage} />
      <fieldset>
        <legend className="mb-3.5 text-h3">{t("delivery.legend")}</legend>
        <div className="grid gap-2.5">
          {deliveryOptions.map((option) => (
            <DeliveryChoice
              key={option.id}
              option={option}
              isFirst={option.id === first.id}
              now={now}
            />
          ))}
        </div>
      </fieldset>
      <Button type="submit" variant="primary" size="large" busy={isBusy}>
        {t("goOnTo.payment")}
      </Button>
    </Form>
  );
}

function DeliveryChoice({
  option,
  isFirst,
  now,
}: {
  readonly option: Option;
  readonly isFirst: boolean;
  readonly now: number;
}) {
  const t = useTranslations("checkout.delivery");
  const locale = useLocale();
  const { earliest, latest } = arrivalDays(now, option);
  const days = {
    earliest: formatWeekday(earliest, locale),
    latest: formatWeekday(latest, locale),
  };
  return (
    <RadioCard
      name="methodId"
      value={option.id}
      defaultChecked={isFirst}
      label={option.name}
      description={earliest === latest ? t("arrivesOn", days) : t("arrives", days)}
      aside={option.price.amount === 0 ? t("free") : formatMoney(option.price, locale)}
    />
  );
}

function cheapest(options: readonly Option[]): Option | null {
  return options.reduce<Option | null>(
    (best, option) => (best === null || option.price.amount < best.price.amount ? option : best),
    null,
  );
}
