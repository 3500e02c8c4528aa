import { money, taxIncluded as containedTax } from "./money.ts";
import type { OrderAxes, OrderFulfilment, OrderPayment } from "./order.ts";
import { parseOrderNumber } from "./orderNumber.ts";

export type DemoOrderEvent =
  | "placed"
  | "paid"
  | "processing"
  | "shipped"
  | "delivered"
  | "cancelled"
  | "return_received"
  | "refunded_partial"
  | "refunded_full";

/** The part of a demo order that its checks and its state depend on. Amounts in minor units. */
export type DemoOrderFacts = {
  readonly number: string;
  readonly status: string;
  readonly items: readonly { quantity: number; unitPrice: number; lineTotal: number }[];
  readonly subtotal: number;
  readonly discount: number;
  readonly shipping: number;
  readonly taxIncluded: number;
  readonly total: number;
  readonly timeline: readonly { event: DemoOrderEvent; at: number }[];
  readonly refunds: readonly { amount: number }[];
};

/** What is wrong with an order that is to be imported, in words for whoever made the file. */
export function demoOrderFault(order: DemoOrderFacts, taxRateBasisPoints: number): string | null {
  if (parseOrderNumber(order.number) === null) return "its number is not an order number";
  return amountsFault(order, taxRateBasisPoints) ?? timelineFault(order);
}

/** Where such an order stands. */
export function demoOrderAxes(order: DemoOrderFacts): OrderAxes {
  return { payment: paymentOf(order), fulfilment: fulfilmentOf(order) };
}

function amountsFault(order: DemoOrderFacts, taxRateBasisPoints: number): string | null {
  const { items, subtotal, discount, shipping, taxIncluded, total, refunds } = order;
  if (items.length === 0) return "it has no items";
  const amounts = [subtotal, discount, shipping, taxIncluded, total];
  if (!amounts.every((amount) => Number.isSafeInteger(amount) && amount >= 0)) {
    return "an amount is not a whole number of cents";
  }
  if (items.some((item) => item.lineTotal !== item.quantity * item.unitPrice)) {
    return "a line does not add up";
  }
  if (sumOf(items.map((item) => item.lineTotal)) !== subtotal) return "its lines do not add up";
  if (subtotal - discount + shipping !== total) return "its total does not add up";
  if (containedTax(money(total), taxRateBasisPoints).amount !== taxIncluded)
    return "its tax is not contained in its total";
  return sumOf(refunds.map((refund) => refund.amount)) > total ? "it refunds too much" : null;
}

function timelineFault({ timeline }: DemoOrderFacts): string | null {
  if (timeline[0]?.event !== "placed") return "its timeline does not begin with placing it";
  const isOrdered = timeline.every(({ at }, index) => at >= (timeline[index - 1]?.at ?? at));
  return isOrdered ? null : "its timeline goes back in time";
}

function paymentOf(order: DemoOrderFacts): OrderPayment {
  if (!order.timeline.some(({ event }) => event === "paid")) {
    return order.status === "cancelled" ? "void" : "awaiting";
  }
  const refunded = sumOf(order.refunds.map((refund) => refund.amount));
  if (refunded === 0) return "paid";
  return refunded === order.total ? "refunded" : "partiallyRefunded";
}

function fulfilmentOf({ timeline }: DemoOrderFacts): OrderFulfilment {
  const happened = (event: DemoOrderEvent) => timeline.some((entry) => entry.event === event);
  if (happened("cancelled")) return "cancelled";
  if (happened("delivered")) return "delivered";
  if (happened("shipped")) return "shipped";
  return happened("processing") ? "processing" : "unfulfilled";
}

function sumOf(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + amount, 0);
}
