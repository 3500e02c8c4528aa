import { Box, CreditCard, House, Package, Truck } from "lucide-react";
import { useLocale, useTranslations } from "use-intl";

import { Timeline, type TimelineStep } from "#app/components/ui/timeline.tsx";
import { formatMoment, formatMoney } from "#app/lib/format.ts";

import {
  cancelReason,
  type Order,
  type OrderEvent,
  type OrderStep,
  orderSteps,
} from "./order-steps.ts";

const ICONS: Partial<Record<OrderEvent["kind"], typeof Box>> = {
  placed: Package,
  paid: CreditCard,
  processing: Box,
  shipped: Truck,
  delivered: House,
};

/** The way of an order; a new step appears in place. */
export function OrderTimeline({ order }: { readonly order: Order }) {
  const describe = useDescribeEvent(order);
  const t = useTranslations("orders");
  const locale = useLocale();
  const toStep = (step: OrderStep, index: number): TimelineStep => {
    if (step.state === "todo") {
      const { milestone } = step;
      const icon = ICONS[milestone];
      return {
        key: milestone,
        state: "todo",
        title: t(`todo.${milestone}`),
        ...(icon === undefined ? {} : { icon }),
      };
    }
    const { event, state } = step;
    const icon = ICONS[event.kind];
    const detail = describe(event);
    return {
      key: `${index} ${event.kind}`,
      state,
      title: t(`events.${event.kind}`),
      time: formatMoment(event.at, locale),
      ...(detail === null ? {} : { detail }),
      ...(icon === undefined ? {} : { icon }),
    };
  };
  return <Timeline steps={orderSteps(order).map(toStep)} />;
}

function useDescribeEvent(order: Order): (event: OrderEvent) => string | null {
  const t = useTranslations("orders");
  const locale = useLocale();
  const reason = useCancelReason(order);
  return ({ kind, byName, note, amount }) => {
    switch (kind) {
      case "placed":
        return t("details.placed", {
          count: order.itemCount,
          total: formatMoney(order.total, locale),
        });
      case "paid":
        return t(`details.${order.payment.method}`);
      case "paymentPending":
        return t("details.pending");
      case "paymentDeclined":
        return t("details.declined");
      case "paymentCheck":
        return t("details.check");
      case "shipped":
        return note;
      case "cancelled":
        return reason;
      default:
        if (amount !== null) return formatMoney(amount, locale);
        return byName === null ? null : t("details.by", { name: byName });
    }
  };
}

/** Why it ended, in words; null for an order that goes on. */
export function useCancelReason(order: Order): string | null {
  const t = useTranslations("orders.cancelReasons");
  const reason = cancelReason(order);
  if (reason === null) return null;
  return "text" in reason ? reason.text : t(reason.key);
}
