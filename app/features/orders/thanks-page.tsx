import type { ReactNode } from "react";
import { useLocale, useTranslations } from "use-intl";

import { ButtonLink } from "#app/components/ui/button.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";
import { Tile } from "#app/components/ui/tile.tsx";
import { formatMoney } from "#app/lib/format.ts";

import type { Order } from "./order-steps.ts";
import { OrderTimeline, useCancelReason } from "./order-timeline.tsx";
import { TransferPanel } from "./transfer-panel.tsx";

const PICTURES = 3;

/** What became of the payment, in words that follow it, and what happens next. */
export function ThanksPage({
  order,
  isGuest,
}: {
  readonly order: Order;
  readonly isGuest: boolean;
}) {
  const t = useTranslations("orders.thanks");
  const register = `/register?${new URLSearchParams({
    redirectTo: `/account/orders/${order.number}`,
  }).toString()}`;
  return (
    <div className="mt-6 grid items-start gap-10 lg:mt-8 lg:grid-cols-[minmax(0,1fr)_392px] lg:gap-18">
      <div className="min-w-0">
        <div role="status">
          <Words order={order} />
        </div>
        <div className="mt-8 flex flex-wrap gap-3">
          <ButtonLink to={`/account/orders/${order.number}`} variant="primary" size="large">
            {t(outcomeOf(order) === "unpaid" ? "pay" : "follow")}
          </ButtonLink>
          <ButtonLink to="/" size="large">
            {t("toShop")}
          </ButtonLink>
        </div>
        {isGuest && (
          <p className="mt-6 text-sm text-ink-2">
            {t.rich("account", {
              link: (chunks) => <TextLink to={register}>{chunks}</TextLink>,
            })}
          </p>
        )}
        {order.payment.transfer !== null && (
          <div className="mt-10">
            <TransferPanel transfer={order.payment.transfer} />
          </div>
        )}
        <ul className="mt-10 grid grid-cols-3 gap-3 md:mt-12">
          {order.lines.slice(0, PICTURES).map(({ sku, tint, picture }) => (
            <li key={sku}>
              <Tile
                tint={tint}
                picture={picture}
                sizes="(min-width: 1024px) 140px, 20vw"
                className="aspect-square rounded-lg"
              />
            </li>
          ))}
        </ul>
      </div>
      <Panel title={t("next")}>
        <OrderTimeline order={order} />
      </Panel>
    </div>
  );
}

function Words({ order }: { readonly order: Order }) {
  const t = useTranslations("orders.thanks");
  const locale = useLocale();
  const reason = useCancelReason(order);
  const outcome = outcomeOf(order);
  const name = order.contact.name.split(" ")[0] ?? order.contact.name;
  const title =
    outcome === "ended"
      ? t("endedTitle")
      : t(outcome === "asking" || outcome === "unpaid" ? "waitingTitle" : "title", { name });
  return (
    <>
      <h1 id="step-title" tabIndex={-1} className="font-display text-display outline-none">
        {title}
      </h1>
      <p className="mt-4 max-w-measure text-lg text-pretty text-ink-2">
        {t.rich(outcome, {
          total: formatMoney(order.total, locale),
          number: order.number,
          email: order.contact.email,
          reason: reason ?? "",
          strong: (chunks: ReactNode) => (
            <strong className="font-semibold text-ink">{chunks}</strong>
          ),
        })}
      </p>
    </>
  );
}

type Outcome = "paid" | "pending" | "review" | "transfer" | "asking" | "unpaid" | "ended";

/** The sentence for how the payment stands. */
export function outcomeOf(order: Pick<Order, "state" | "payment">): Outcome {
  switch (order.state) {
    case "cancelled":
    case "refunded":
      return "ended";
    case "needsReview":
      return "review";
    case "paymentPending":
      return "pending";
    case "awaitingPayment":
      return order.payment.transfer !== null ? "transfer" : unpaidOutcome(order.payment.status);
    default:
      return "paid";
  }
}

/** A capture without an answer is being looked up; everything else has not been paid. */
function unpaidOutcome(status: Order["payment"]["status"]): Outcome {
  return status === "capturing" || status === "unknown" || status === "approved"
    ? "asking"
    : "unpaid";
}
