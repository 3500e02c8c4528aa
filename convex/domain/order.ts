/** Where the money stands. Fulfilment has its own axis. */
export type OrderPayment =
  "awaiting" | "pending" | "paid" | "needsReview" | "partiallyRefunded" | "refunded" | "void";

export type OrderFulfilment = "unfulfilled" | "processing" | "shipped" | "delivered" | "cancelled";

export type OrderAxes = { readonly payment: OrderPayment; readonly fulfilment: OrderFulfilment };

/** The one word that titles an order, derived from both axes. */
export type OrderState =
  | "awaitingPayment"
  | "paymentPending"
  | "needsReview"
  | "paid"
  | "processing"
  | "shipped"
  | "delivered"
  | "cancelled"
  | "refunded";

/** Why a person has to look at an order; set beside the axes, because it may come at any stage. */
export type OrderAttention =
  | "amountMismatch"
  | "duplicatePayment"
  | "paidWithoutStock"
  | "paymentReversed"
  | "disputed"
  | "refundFailed";

export type OrderActor = "customer" | "staff" | "system";

const FULFILMENT_NEXT: Readonly<Record<OrderFulfilment, readonly OrderFulfilment[]>> = {
  unfulfilled: ["processing", "cancelled"],
  processing: ["shipped", "cancelled"],
  shipped: ["delivered"],
  delivered: [],
  cancelled: [],
};

const PAYMENT_NEXT: Readonly<Record<OrderPayment, readonly OrderPayment[]>> = {
  awaiting: ["pending", "paid", "needsReview", "void"],
  pending: ["awaiting", "paid", "needsReview", "void"],
  needsReview: ["paid", "partiallyRefunded", "refunded", "void"],
  paid: ["partiallyRefunded", "refunded", "needsReview"],
  partiallyRefunded: ["refunded", "needsReview"],
  refunded: [],
  // Money can still arrive for a cancelled order; it is recorded, then refunded.
  void: ["pending", "paid", "needsReview"],
};

/** The state that titles the order. Cancelled wins over money, money trouble wins over progress. */
export function orderState(axes: OrderAxes): OrderState {
  if (axes.fulfilment === "cancelled") return "cancelled";
  if (axes.payment === "refunded") return "refunded";
  if (axes.payment === "needsReview") return "needsReview";
  if (axes.fulfilment !== "unfulfilled") return axes.fulfilment;
  switch (axes.payment) {
    case "awaiting":
    case "void":
      return "awaitingPayment";
    case "pending":
      return "paymentPending";
    case "paid":
    case "partiallyRefunded":
      return "paid";
    default:
      return axes.payment satisfies never;
  }
}

export function canMovePayment(from: OrderPayment, to: OrderPayment): boolean {
  return PAYMENT_NEXT[from].includes(to);
}

/** Goods move only for money that has arrived; cancelling has its own rule per actor. */
export function canMoveFulfilment(axes: OrderAxes, to: OrderFulfilment, actor: OrderActor) {
  if (!FULFILMENT_NEXT[axes.fulfilment].includes(to)) return false;
  return to === "cancelled" ? mayCancel(axes, actor) : isPaid(axes);
}

/** An order still waiting for its money. */
export function canPay(axes: OrderAxes): boolean {
  return axes.fulfilment === "unfulfilled" && axes.payment === "awaiting";
}

export function isPaid(axes: OrderAxes): boolean {
  return axes.payment === "paid" || axes.payment === "partiallyRefunded";
}

/** Whether the shop holds, or may hold, money for the order. */
export function hasTakenMoney(axes: OrderAxes): boolean {
  return isPaid(axes) || axes.payment === "needsReview";
}

// Packing ends the customer's say; payments under review are settled by the shop first.
function mayCancel(axes: OrderAxes, actor: OrderActor): boolean {
  return actor === "staff" || (axes.fulfilment === "unfulfilled" && axes.payment !== "needsReview");
}
