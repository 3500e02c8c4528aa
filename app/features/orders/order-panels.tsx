import { useLocale, useTranslations } from "use-intl";

import { Panel } from "#app/components/ui/panel.tsx";
import { SummaryList, SummaryRow } from "#app/components/ui/summary-list.tsx";
import { formatCountry, formatMoney } from "#app/lib/format.ts";

import type { Order } from "./order-steps.ts";

/** What it came to, and whether that has been paid. */
export function PaymentPanel({ order }: { readonly order: Order }) {
  const t = useTranslations("orders.payment");
  const locale = useLocale();
  const isPaid = ["paid", "partiallyRefunded", "refunded"].includes(order.axes.payment);
  return (
    <Panel
      title={t("title")}
      aside={<span className="text-sm text-ink-2">{t(order.payment.method)}</span>}
    >
      <SummaryList>
        <SummaryRow label={t("items")}>{formatMoney(order.subtotal, locale)}</SummaryRow>
        {order.discount.amount > 0 && (
          <SummaryRow label={t("discount")}>−{formatMoney(order.discount, locale)}</SummaryRow>
        )}
        <SummaryRow label={t("delivery")}>
          {order.deliveryPrice.amount === 0 ? t("free") : formatMoney(order.deliveryPrice, locale)}
        </SummaryRow>
        <SummaryRow label={isPaid ? t("paid") : t("total")} total>
          {formatMoney(order.total, locale)}
        </SummaryRow>
        {order.refunded.amount > 0 && (
          <SummaryRow label={t("refunded")}>{formatMoney(order.refunded, locale)}</SummaryRow>
        )}
      </SummaryList>
      <p className="mt-1.5 text-xs text-ink-3">
        {t("tax", { tax: formatMoney(order.taxIncluded, locale) })}
      </p>
    </Panel>
  );
}

export function DeliveryPanel({ order }: { readonly order: Order }) {
  const t = useTranslations("orders.delivery");
  const locale = useLocale();
  const { address, shipment, delivery } = order;
  const lines = [
    address.name,
    address.line1,
    address.line2,
    `${address.postalCode} ${address.city}`,
    [address.region, formatCountry(address.country, locale)]
      .filter((part) => part !== null)
      .join(", "),
  ];
  return (
    <Panel title={t("title")} aside={<span className="text-sm text-ink-2">{delivery.name}</span>}>
      <address className="text-ui text-ink-2 not-italic">
        {lines.map((line, index) => (
          // Two lines of an address may be the same.
          <span key={`${index} ${line ?? ""}`} className="block">
            {line}
          </span>
        ))}
      </address>
      {shipment !== null && (
        <p className="mt-3 text-sm text-ink-2">
          {t("tracking", { carrier: shipment.carrier, number: shipment.trackingNumber })}
        </p>
      )}
    </Panel>
  );
}
