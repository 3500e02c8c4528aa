import { useFetchers } from "@remix-run/react";
import { useState } from "react";
import { useLocale, useTranslations } from "use-intl";

import { Breadcrumbs } from "#app/components/ui/breadcrumbs.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { SummaryList, SummaryRow } from "#app/components/ui/summary-list.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";
import { Thumb } from "#app/components/ui/tile.tsx";
import { formatCountry, formatMoment, formatMoney } from "#app/lib/format.ts";

import { AlsoHere } from "./also-here.tsx";
import { expectOrder } from "./expected-order.ts";
import { OrderActions } from "./order-actions.tsx";
import { OrderStateBadge } from "./order-state-badge.tsx";
import type { AdminOrder } from "./order-steps.ts";
import { OrderTimeline } from "./order-timeline.tsx";
import { PageHead } from "./page-head.tsx";
import { PaymentPanel } from "./payment-panel.tsx";

/** One order, moving as it moves; what was just sent shows at once. */
export function OrderDetail({ order }: { readonly order: AdminOrder }) {
  const t = useTranslations("admin.order");
  const locale = useLocale();
  const shown = useExpected(order);
  return (
    <>
      <Breadcrumbs
        crumbs={[{ to: "/admin/orders", label: t("breadcrumb") }, { label: order.number }]}
        className="mb-2"
      />
      <PageHead title={order.number}>
        <AlsoHere room={`orders/${order.number}`} />
        <OrderStateBadge order={shown} />
      </PageHead>
      <p className="mt-1 text-sm text-ink-2">
        {t("placed", { date: formatMoment(order.placedAt, locale), name: order.contact.name })}
      </p>
      {order.attention !== null && (
        <Notice tone="warning" role="status" className="mt-4">
          {t(`attention.${order.attention}`)}
        </Notice>
      )}
      <div className="mt-6 grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_340px]">
        <div className="grid min-w-0 gap-5 max-lg:order-2">
          <Lines order={order} />
          <PaymentPanel order={order} />
        </div>
        <div className="grid min-w-0 gap-5 max-lg:contents">
          <div className="min-w-0 max-lg:order-1">
            <OrderActions order={order} />
          </div>
          <div className="grid min-w-0 gap-5 max-lg:order-3">
            <OrderTimeline order={shown} />
            <Person order={order} />
          </div>
        </div>
      </div>
    </>
  );
}

function useExpected(order: AdminOrder) {
  const sent = useFetchers().find(({ formData }) => formData?.has("intent"))?.formData;
  const [sentAt, setSentAt] = useState<{ readonly form: FormData; readonly at: number } | null>(
    null,
  );
  if (sent !== undefined && sentAt?.form !== sent) setSentAt({ form: sent, at: Date.now() });
  return expectOrder(order, sent, sentAt?.at ?? order.placedAt);
}

function Lines({ order }: { readonly order: AdminOrder }) {
  const t = useTranslations("admin.order");
  const labels = useTranslations("orders.payment");
  const locale = useLocale();
  const { subtotal, discount, deliveryPrice, taxIncluded, total, refunded } = order;
  const money = (value: AdminOrder["total"]) => formatMoney(value, locale);
  return (
    <Panel title={t("lines")}>
      <ul className="mb-4 divide-y divide-line">
        {order.lines.map((line) => (
          <li key={line.sku} className="flex items-center gap-3.5 py-3 first:pt-0">
            <Thumb tint={line.tint} picture={line.picture} size={44} />
            <div className="min-w-0 flex-1">
              <TextLink to={`/p/${line.productSlug}`} className="font-semibold no-underline">
                {line.name}
              </TextLink>
              <p className="text-sm text-ink-2">
                {line.optionLabel !== "" && `${line.optionLabel}, `}
                {t("quantity", { count: line.quantity, price: money(line.unitPrice) })}
              </p>
              <p className="text-xs text-ink-3">{line.sku}</p>
            </div>
            <span className="font-semibold tabular-nums">{money(line.lineTotal)}</span>
          </li>
        ))}
      </ul>
      <SummaryList>
        <SummaryRow label={labels("items")}>{money(subtotal)}</SummaryRow>
        {discount.amount > 0 && (
          <SummaryRow label={labels("discount")}>−{money(discount)}</SummaryRow>
        )}
        <SummaryRow label={labels("delivery")}>
          {deliveryPrice.amount === 0 ? labels("free") : money(deliveryPrice)}
        </SummaryRow>
        <SummaryRow label={labels("total")} total>
          {money(total)}
        </SummaryRow>
        {refunded.amount > 0 && (
          <SummaryRow label={labels("refunded")}>{money(refunded)}</SummaryRow>
        )}
      </SummaryList>
      <p className="mt-1.5 text-sm text-ink-2">{labels("tax", { tax: money(taxIncluded) })}</p>
    </Panel>
  );
}

function Person({ order }: { readonly order: AdminOrder }) {
  const t = useTranslations("admin.order");
  const locale = useLocale();
  const { contact, address, delivery, shipment } = order;
  const place = [
    address.name,
    address.line1,
    address.line2,
    `${address.postalCode} ${address.city}`,
    address.region,
    formatCountry(address.country, locale),
  ];
  return (
    <Panel title={t("customer")}>
      <p className="font-semibold">{contact.name}</p>
      {order.customer?.isGuest === true && <p className="text-sm text-ink-2">{t("guest")}</p>}
      <dl className="mt-3 grid gap-3 text-sm">
        <Fact label={t("email")}>
          <a href={`mailto:${contact.email}`} className="break-words underline underline-offset-4">
            {contact.email}
          </a>
        </Fact>
        {contact.phone !== null && contact.phone !== "" && (
          <Fact label={t("phone")}>
            <a href={`tel:${contact.phone}`} className="underline underline-offset-4">
              {contact.phone}
            </a>
          </Fact>
        )}
        <Fact label={t("address")}>
          {place
            .filter((line) => line !== null && line !== "")
            .map((line) => (
              <span key={line} className="block">
                {line}
              </span>
            ))}
        </Fact>
        <Fact label={t("delivery")}>{delivery.name}</Fact>
        {shipment !== null && (
          <Fact label={t("parcel")}>
            {t("tracking", { carrier: shipment.carrier, number: shipment.trackingNumber })}
          </Fact>
        )}
      </dl>
    </Panel>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-ink-3">{label}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}
