import { useLocale, useTranslations } from "use-intl";

import { Panel } from "#app/components/ui/panel.tsx";
import { Timeline, type TimelineStep } from "#app/components/ui/timeline.tsx";
import { formatMoment, formatMoney } from "#app/lib/format.ts";

import { type AdminOrder, orderSteps, type OrderStep } from "./order-steps.ts";

/** What happened to the order, who did it, and what is still to come. */
export function OrderTimeline({
  order,
}: {
  readonly order: AdminOrder & { readonly isExpected: boolean };
}) {
  const t = useTranslations("admin.order");
  const show = useStep();
  return (
    <Panel title={t("timeline")}>
      <Timeline small steps={orderSteps(order).map(show)} />
    </Panel>
  );
}

function useStep(): (step: OrderStep, index: number) => TimelineStep {
  const t = useTranslations("admin.order");
  const words = useTranslations("orders");
  const locale = useLocale();

  function note(event: Extract<OrderStep, { kind: "happened" }>["event"]): string | null {
    if (event.kind !== "cancelled" || event.note === null) return event.note;
    const known = CANCEL_REASONS.find((reason) => reason === event.note);
    return known === undefined ? event.note : t(`cancelReasons.${known}`);
  }

  return (step, index) => {
    if (step.kind === "toCome") {
      return { key: step.name, state: "todo", title: words(`todo.${step.name}`) };
    }
    const { event, isExpected } = step;
    const details = [
      event.amount === null ? null : formatMoney(event.amount, locale),
      note(event),
      event.byName,
      isExpected ? t("saving") : null,
    ].filter((detail) => detail !== null);
    return {
      key: `${event.kind} ${String(index)}`,
      state: step.state,
      title: words(`events.${event.kind}`),
      time: formatMoment(event.at, locale),
      ...(details.length === 0 ? {} : { detail: details.join(", ") }),
    };
  };
}

const CANCEL_REASONS = [
  "byCustomer",
  "unpaid",
  "replaced",
  "abandoned",
  "outOfStock",
  "priceChanged",
] as const;
