import { Form, useNavigation } from "@remix-run/react";
import { useMutation } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { useEffect, useState } from "react";
import { useLocale, useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { formatMoment, formatMoney } from "#app/lib/format.ts";
import { api } from "#convex/_generated/api.js";
import { isInFlight } from "#convex/domain/payment.ts";

import { PayPalCheckout, type PayPalConfig } from "./paypal-checkout.tsx";
import { PaymentProblemNotice } from "./payment-problem.tsx";
import { usePayPalFlow } from "./use-paypal-flow.ts";

type Order = FunctionReturnType<typeof api.account.orders.get>;

/** Pays an order that was left unpaid. The page it stands on is live and shows what comes of it. */
export function PayOrder({
  order,
  paypal,
}: {
  readonly order: Order;
  readonly paypal: PayPalConfig | null;
}) {
  const t = useTranslations("checkout.payOrder");
  const locale = useLocale();
  const start = useMutation(api.shop.payments.start);
  const flow = usePayPalFlow({
    start: () => start({ orderId: order.id, paymentMethod: "paypal" }),
    onSettled: () => undefined,
  });
  const [hydrated, setHydrated] = useState(false);
  useEffect(() => setHydrated(true), []);
  const isSending = useNavigation().state !== "idle";
  const { status } = order.payment;
  if (status !== null && isInFlight(status) && !flow.isBusy) {
    return <Notice role="status">{t("asking")}</Notice>;
  }
  return (
    <Panel title={t("title")}>
      <p className="mb-5 text-ui text-ink-2">
        {t("body", { until: formatMoment(order.payableUntil, locale) })}
      </p>
      <div className="grid gap-4">
        {flow.problem !== null && (
          <PaymentProblemNotice problem={flow.problem} orderNumber={order.number} />
        )}
        {hydrated && paypal !== null && (
          <PayPalCheckout
            config={paypal}
            flow={flow}
            label={t("paypal", { amount: formatMoney(order.total, locale) })}
          />
        )}
        <Form method="post">
          <input type="hidden" name="intent" value="transfer" />
          <Button type="submit" wide busy={isSending} disabled={flow.isBusy}>
            {t("transfer")}
          </Button>
        </Form>
      </div>
    </Panel>
  );
}
