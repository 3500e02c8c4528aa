import type { FunctionReturnType } from "convex/server";

import type { api } from "#convex/_generated/api.js";

export type Order = FunctionReturnType<typeof api.account.orders.get>;
export type OrderEvent = Order["timeline"][number];
export type OrderState = Order["state"];

const WAY = ["placed", "paid", "processing", "shipped", "delivered"] as const;
type Milestone = (typeof WAY)[number];

export type OrderStep =
  | { readonly state: "done" | "now" | "failed"; readonly event: OrderEvent }
  | { readonly state: "todo"; readonly milestone: Exclude<Milestone, "placed"> };

const ENDED: readonly OrderState[] = ["delivered", "cancelled", "refunded"];
const FAILURES: readonly OrderEvent["kind"][] = [
  "cancelled",
  "paymentDeclined",
  "refundFailed",
  "paymentReversed",
];

/** What happened, with the latest as where the order is now, and then what is still to come. */
export function orderSteps({ timeline, state }: Pick<Order, "timeline" | "state">): OrderStep[] {
  const hasEnded = ENDED.includes(state);
  const happened = timeline.map((event, index): OrderStep => {
    const isLatest = index === timeline.length - 1;
    if (FAILURES.includes(event.kind)) return { state: "failed", event };
    return { state: isLatest && !hasEnded ? "now" : "done", event };
  });
  return hasEnded ? happened : [...happened, ...milestonesAhead(timeline)];
}

function milestonesAhead(timeline: readonly OrderEvent[]): OrderStep[] {
  const kinds = timeline.map(({ kind }) => kind as string);
  const reached = WAY.findLastIndex((milestone) => kinds.includes(milestone));
  return WAY.slice(reached + 1).flatMap((milestone) =>
    milestone === "placed" ? [] : [{ state: "todo" as const, milestone }],
  );
}

/** Why an order ended, as a key of the texts, or the words of a person. */
export function cancelReason({
  cancelReason: reason,
}: Pick<Order, "cancelReason">): { readonly text: string } | { readonly key: ReasonKey } | null {
  if (reason === null) return null;
  return reason.kind === "person" ? { text: reason.text } : { key: reason.kind };
}

type ReasonKey = Exclude<NonNullable<Order["cancelReason"]>["kind"], "person">;
