import type { AdminOrder } from "./order-steps.ts";

const MOVES = {
  startProcessing: "processing",
  ship: "shipped",
  deliver: "delivered",
  cancel: "cancelled",
} as const;

/**
 * The order as it will be once the shop has agreed to what was just sent, so that the page moves at
 * once; a refusal puts back what was there. Without anything sent it is the order itself.
 */
export function expectOrder(
  order: AdminOrder,
  sent: FormData | undefined,
  at: number,
): AdminOrder & { readonly isExpected: boolean } {
  const intent = sent?.get("intent");
  const to = moveOf(intent);
  if (to === null || order.axes.fulfilment === to) return { ...order, isExpected: false };
  return {
    ...order,
    isExpected: true,
    state: to,
    axes: { ...order.axes, fulfilment: to },
    timeline: [
      ...order.timeline,
      { kind: to, at, by: "staff", byName: null, note: null, amount: null },
    ],
  };
}

function moveOf(intent: FormDataEntryValue | null | undefined) {
  switch (intent) {
    case "startProcessing":
    case "ship":
    case "deliver":
    case "cancel":
      return MOVES[intent];
    default:
      return null;
  }
}
