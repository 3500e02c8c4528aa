import { Form, useNavigation } from "@remix-run/react";
import { useEffect, useRef, useState } from "react";
import { useLocale, useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { RadioCard } from "#app/components/ui/choice.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { formatMoney, type Money } from "#app/lib/format.ts";

import { CartProblems, type Acknowledge } from "./cart-problems.tsx";
import { type Checkout, stepPath } from "./checkout-steps.ts";
import { PayPalCheckout, type PayPalConfig } from "./paypal-checkout.tsx";
import { PaymentProblemNotice } from "./payment-problem.tsx";
import type { PaymentProblem, PayPalFlow } from "./use-paypal-flow.ts";

type Method = Checkout["paymentMethods"][number];

/** What the action says to a form that was sent without scripts, or for a bank transfer. */
export type PaymentRefusal = { readonly problem: PaymentProblem | "needsScripts" | "unavailable" };

/**
 * The last look and the payment. A transfer is a plain form; PayPal opens from the same button once
 * scripts run, and says why not when they do not.
 */
export function PaymentStep({
  checkout,
  paypal,
  flow,
  refusal,
  acknowledge,
}: {
  readonly checkout: Checkout;
  readonly paypal: PayPalConfig | null;
  readonly flow: PayPalFlow;
  readonly refusal: PaymentRefusal | null;
  readonly acknowledge: Acknowledge;
}) {
  const t = useTranslations("checkout.payment");
  const methods = checkout.paymentMethods.filter((id) => id !== "paypal" || paypal !== null);
  const [method, setMethod] = useState<Method | null>(methods[0] ?? null);
  const { quote } = checkout;
  const isBlocked = checkout.problems.length > 0 || quote === null;
  const orderNumber = checkout.openOrder?.orderNumber ?? null;
  if (method === null) return <Notice tone="warning">{t("none")}</Notice>;
  return (
    <Form method="post" className="grid gap-6">
      <input type="hidden" name="quoteVersion" value={quote?.version ?? ""} />
      <input type="hidden" name="redirectTo" value={stepPath("payment")} />
      <fieldset>
        <legend className="mb-3.5 text-h3">{t("legend")}</legend>
        <div className="grid gap-2.5">
          {methods.map((id) => (
            <RadioCard
              key={id}
              name="paymentMethod"
              value={id}
              checked={id === method}
              onChange={() => {
                // The window of a payment under way belongs to its method.
                if (!flow.isBusy) setMethod(id);
              }}
              label={t(`methods.${id}.name`)}
              description={t(`methods.${id}.description`)}
            />
          ))}
        </div>
      </fieldset>
      {quote !== null && <TotalChange total={quote.total} />}
      <CartProblems problems={checkout.problems} acknowledge={acknowledge} />
      {flow.problem !== null && (
        <PaymentProblemNotice
          problem={flow.problem}
          orderNumber={orderNumber}
          isCartNamed={checkout.problems.length > 0}
        />
      )}
      {refusal !== null && flow.problem === null && (
        <RefusalNotice refusal={refusal} orderNumber={orderNumber} />
      )}
      {quote !== null && <PayButton {...{ method, total: quote.total, paypal, flow, isBlocked }} />}
    </Form>
  );
}

function PayButton({
  method,
  total,
  paypal,
  flow,
  isBlocked,
}: {
  readonly method: Method;
  readonly total: Money;
  readonly paypal: PayPalConfig | null;
  readonly flow: PayPalFlow;
  readonly isBlocked: boolean;
}) {
  const t = useTranslations("checkout.payment");
  const locale = useLocale();
  const isBusy = useNavigation().state !== "idle";
  const [hydrated, setHydrated] = useState(false);
  useEffect(() => setHydrated(true), []);
  const amount = formatMoney(total, locale);
  if (method === "paypal" && hydrated && paypal !== null) {
    return (
      <PayPalCheckout
        config={paypal}
        flow={flow}
        label={t("pay", { amount })}
        disabled={isBlocked}
      />
    );
  }
  return (
    <div>
      <Button type="submit" variant="primary" size="large" wide busy={isBusy} disabled={isBlocked}>
        {t(method === "paypal" ? "pay" : "placeTransfer", { amount })}
      </Button>
      <p className="mt-3 text-center text-xs text-ink-3">
        {t(method === "paypal" ? "safe" : "safeTransfer")}
      </p>
    </div>
  );
}

function RefusalNotice({
  refusal: { problem },
  orderNumber,
}: {
  readonly refusal: PaymentRefusal;
  readonly orderNumber: string | null;
}) {
  const t = useTranslations();
  if (problem === "needsScripts" || problem === "unavailable") {
    return (
      <Notice tone="warning" role="alert">
        {t(problem === "unavailable" ? "errors.unavailable" : "checkout.payment.needsScripts")}
      </Notice>
    );
  }
  return <PaymentProblemNotice problem={problem} orderNumber={orderNumber} />;
}

/** A total that moved while it was being looked at is named before it is paid. */
function TotalChange({ total }: { readonly total: Money }) {
  const t = useTranslations("checkout.payment");
  const locale = useLocale();
  const { current: first } = useRef(total);
  return (
    <div role="status" className="empty:hidden">
      {first.amount !== total.amount && (
        <Notice>
          {t("totalChanged", {
            now: formatMoney(total, locale),
            was: formatMoney(first, locale),
          })}
        </Notice>
      )}
    </div>
  );
}
