import type { FunctionReturnType } from "convex/server";

import type { api } from "#convex/_generated/api.js";

export type AdminOrder = FunctionReturnType<typeof api.admin.orders.get>;
type Event = AdminOrder["timeline"][number];
type NextStep = "paid" | "processing" | "shipped" | "delivered";

export type OrderStep =
  | {
      readonly kind: "happened";
      readonly state: "done" | "now" | "failed";
      readonly event: Event;
      /** Shown before the shop has agreed. */
      readonly isExpected: boolean;
    }
  | { readonly kind: "toCome"; readonly name: NextStep };

const FAILED: readonly Event["kind"][] = [
  "paymentDeclined",
  "cancelled",
  "refundFailed",
  "paymentReversed",
  "disputed",
];

/** What happened, then what is still to come; the last thing that happened is now. */
export function orderSteps(order: AdminOrder & { readonly isExpected?: boolean }): OrderStep[] {
  const toCome = stepsToCome(order);
  const last = order.timeline.length - 1;
  const happened = order.timeline.map((event, index): OrderStep => {
    const isNow = index === last && toCome.length > 0;
    return {
      kind: "happened",
      state: FAILED.includes(event.kind) ? "failed" : isNow ? "now" : "done",
      event,
      isExpected: order.isExpected === true && index === last,
    };
  });
  return [...happened, ...toCome.map((name): OrderStep => ({ kind: "toCome", name }))];
}

function stepsToCome({ state, axes }: AdminOrder): NextStep[] {
  if (state === "cancelled" || state === "refunded") return [];
  switch (axes.fulfilment) {
    case "unfulfilled":
      return state === "paid"
        ? ["processing", "shipped", "delivered"]
        : ["paid", "processing", "shipped", "delivered"];
    case "processing":
      return ["shipped", "delivered"];
    case "shipped":
      return ["delivered"];
    case "delivered":
    case "cancelled":
      return [];
    default:
      return axes.fulfilment satisfies never;
  }
}
