import type { ReactNode } from "react";
import { ShoppingBag } from "lucide-react";
import { useTranslations } from "use-intl";

import { ButtonLink } from "#app/components/ui/button.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Icon } from "#app/components/ui/icon.tsx";
import { ProgressSteps } from "#app/components/ui/progress-steps.tsx";

import {
  firstOpenStep,
  mayVisit,
  type Checkout,
  type Step,
  stepPath,
  STEPS,
} from "./checkout-steps.ts";
import { FinishedSteps } from "./finished-steps.tsx";

/** One step of the checkout: where one is, what is settled, the step itself and the order beside it. */
export function CheckoutFrame({
  step,
  checkout,
  now,
  summary,
  children,
}: {
  readonly step: Step;
  readonly checkout: Checkout;
  readonly now: number;
  readonly summary: ReactNode;
  readonly children: ReactNode;
}) {
  const t = useTranslations("checkout");
  return (
    <div className="shell pt-6 pb-section-m md:pt-8 md:pb-section">
      <CheckoutProgress current={step} firstOpen={firstOpenStep(checkout)} />
      <div className="mt-6 grid items-start gap-10 lg:mt-8 lg:grid-cols-[minmax(0,1fr)_392px] lg:gap-18">
        <div className="min-w-0">
          <h1 id="step-title" tabIndex={-1} className="mb-6 font-display text-display outline-none">
            {t(`steps.${step}`)}
          </h1>
          <FinishedSteps checkout={checkout} current={step} now={now} />
          {children}
        </div>
        {summary}
      </div>
    </div>
  );
}

/** With `current` null all is done. */
export function CheckoutProgress({
  current,
  firstOpen,
}: {
  readonly current: Step | null;
  readonly firstOpen: Step | null;
}) {
  const t = useTranslations("checkout");
  return (
    <ProgressSteps
      label={t("stepsLabel")}
      steps={STEPS.map((step) => {
        const isDone = firstOpen === null || STEPS.indexOf(step) < STEPS.indexOf(firstOpen);
        const isCurrent = step === current;
        return {
          key: step,
          label: t(`steps.${step}`),
          state: isCurrent ? "now" : isDone ? "done" : "todo",
          ...(firstOpen !== null && !isCurrent && mayVisit(step, firstOpen)
            ? { to: stepPath(step) }
            : {}),
        };
      })}
    />
  );
}

/** Also what a second tab shows once the order was paid in the first. */
export function NothingToCheckOut() {
  const t = useTranslations("checkout.empty");
  return (
    <div className="shell py-section-m md:py-section">
      <EmptyState
        headingLevel="h1"
        title={t("title")}
        body={t("body")}
        icon={<Icon as={ShoppingBag} size={24} />}
        action={
          <div className="flex flex-wrap justify-center gap-3">
            <ButtonLink to="/account/orders">{t("toOrders")}</ButtonLink>
            <ButtonLink to="/c">{t("toShop")}</ButtonLink>
          </div>
        }
      />
    </div>
  );
}
