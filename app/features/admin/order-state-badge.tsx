import { useTranslations } from "use-intl";

import { Badge, type BadgeTone } from "#app/components/ui/badge.tsx";
import { useChanged } from "#app/components/ui/live-value.tsx";
import type { OrderState } from "#convex/domain/order.ts";

/** The one word that titles an order; tinted for a moment when it changes. */
export function OrderStateBadge({
  order: { state },
}: {
  readonly order: { readonly state: OrderState };
}) {
  const t = useTranslations("orders.state");
  const changed = useChanged(state);
  return (
    <Badge tone={tones[state]} className={changed ? "animate-highlight" : undefined}>
      {t(state)}
    </Badge>
  );
}

const tones: Record<OrderState, BadgeTone> = {
  awaitingPayment: "neutral",
  paymentPending: "warning",
  needsReview: "warning",
  paid: "accent",
  processing: "accent",
  shipped: "accent",
  delivered: "success",
  cancelled: "neutral",
  refunded: "neutral",
};
