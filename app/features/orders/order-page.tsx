import type { ReactNode } from "react";
import { useLocale, useTranslations } from "use-intl";

import { Breadcrumbs } from "#app/components/ui/breadcrumbs.tsx";
import { LiveAnnouncement } from "#app/components/ui/live-announcement.tsx";
import { LiveDot } from "#app/components/ui/live-dot.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";
import { arrivalDays } from "#app/lib/arrival.ts";
import { useIsConnected } from "#app/lib/convex-connection.tsx";
import { formatDay, formatWeekday } from "#app/lib/format.ts";

import { OrderLines } from "./order-lines.tsx";
import { DeliveryPanel, PaymentPanel } from "./order-panels.tsx";
import type { Order } from "./order-steps.ts";
import { OrderTimeline } from "./order-timeline.tsx";
import { TransferPanel } from "./transfer-panel.tsx";

/** An order as its buyer sees it: the title is its state, and everything moves by itself. */
export function OrderPage({
  order,
  problem,
  payment,
  cancellation,
}: {
  readonly order: Order;
  /** Why the last request about it was refused, in a sentence. */
  readonly problem: string | null;
  /** How to pay what is not paid yet. */
  readonly payment: ReactNode;
  readonly cancellation: ReactNode;
}) {
  const t = useTranslations("orders");
  const locale = useLocale();
  const state = t(`state.${order.state}`);
  return (
    <>
      <Breadcrumbs
        crumbs={[{ to: "/account/orders", label: t("breadcrumb") }, { label: order.number }]}
      />
      <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-3 pt-3 pb-6">
        <div>
          <h1 className="font-display text-display">{state}</h1>
          <LiveAnnouncement text={state} />
          <p className="mt-2 text-ink-2">
            {t("number", { number: order.number, date: formatDay(order.placedAt, locale) })}
          </p>
          <Expected order={order} />
        </div>
        <LiveMark />
      </div>
      <div className="grid items-start gap-8 xl:grid-cols-[minmax(0,1fr)_360px] xl:gap-12">
        <div className="grid min-w-0 gap-10">
          {problem !== null && (
            <Notice tone="danger" role="alert">
              {problem}
            </Notice>
          )}
          {payment}
          {order.payment.transfer !== null && <TransferPanel transfer={order.payment.transfer} />}
          <Panel>
            <h2>
              <VisuallyHidden>{t("timeline")}</VisuallyHidden>
            </h2>
            <OrderTimeline order={order} />
          </Panel>
          <OrderLines order={order} />
        </div>
        <div className="grid gap-4">
          <PaymentPanel order={order} />
          <DeliveryPanel order={order} />
          {cancellation}
        </div>
      </div>
    </>
  );
}

function LiveMark() {
  const t = useTranslations("orders");
  const connected = useIsConnected();
  return (
    <p className="inline-flex items-center gap-2 text-sm text-ink-2">
      <LiveDot state={connected ? "live" : "off"} /> {connected ? t("live") : t("notLive")}
    </p>
  );
}

/** From the payment on, by what the way of delivery takes. */
function Expected({ order }: { readonly order: Order }) {
  const t = useTranslations("orders");
  const locale = useLocale();
  const paid = order.timeline.findLast(({ kind }) => kind === "shipped" || kind === "paid");
  const isUnderWay = ["paid", "processing", "shipped"].includes(order.state);
  if (paid === undefined || !isUnderWay) return null;
  const days = arrivalDays(paid.at, order.delivery);
  const earliest = formatWeekday(days.earliest, locale);
  const latest = formatWeekday(days.latest, locale);
  const strong = (chunks: ReactNode) => (
    <strong className="font-semibold text-ink">{chunks}</strong>
  );
  return (
    <p className="text-ink-2">
      {earliest === latest
        ? t.rich("expectedOn", { earliest, strong })
        : t.rich("expected", { earliest, latest, strong })}
    </p>
  );
}
