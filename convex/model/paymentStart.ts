import type { Infer } from "convex/values";

import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import type { AppError } from "../domain/errors.ts";
import { CAPTURE_HOLD_MS, HOLD_TTL_MS, LONG_HOLD_TTL_MS } from "../domain/hold.ts";
import { canPay } from "../domain/order.ts";
import type { PaymentMethod } from "../domain/payment.ts";
import { isInFlight } from "../domain/payment.ts";
import { appError, notFound } from "../lib/errors.ts";
import { takeToken } from "../lib/rateLimit.ts";
import type { vCaptureTask, vOpenTask } from "../tables/paymentTasks.ts";
import * as Cancellations from "./cancellations.ts";
import * as Holds from "./holds.ts";
import { SYSTEM } from "./orderEvents.ts";
import * as Orders from "./orders.ts";
import * as Outbox from "./outbox.ts";
import * as PaymentRecords from "./paymentRecords.ts";
import * as Purchases from "./purchases.ts";
import * as Quotes from "./quotes.ts";
import { getSettings } from "./settings.ts";

export type StartedPayment = {
  orderId: Id<"orders">;
  orderNumber: string;
  paymentId: Id<"payments">;
  holdExpiresAt: number;
};

type OwnPayment = { paymentId: Id<"payments">; userId: Id<"users"> };

/**
 * Begins, or goes on with, paying an unpaid order by this method; its stock is set aside.
 * A transfer takes days, so its order counts as placed at once.
 * Throws ORDER_NOT_PAYABLE, PAYMENT_PENDING, OUT_OF_STOCK, LINE_UNAVAILABLE.
 */
export async function start(
  ctx: MutationCtx,
  { order, method }: { order: Doc<"orders">; method: PaymentMethod },
): Promise<StartedPayment> {
  if (!canPay(order)) throw appError({ code: "ORDER_NOT_PAYABLE" });
  const payment = await usePayment(ctx, order, method);
  const ttl = method === "bankTransfer" ? LONG_HOLD_TTL_MS : HOLD_TTL_MS;
  const until = Date.now() + ttl;
  const orderId = order._id;
  const lines = await Orders.listLines(ctx, orderId);
  // Going on with a payment must not prolong its hold without end.
  const held = await Holds.findExpiry(ctx, orderId);
  const isLonger = held === null || method === "bankTransfer";
  const missing = await Holds.ensure(ctx, { orderId, lines, until: isLonger ? until : held });
  if (missing !== null) throw appError(missing);
  if (order.paymentMethod !== method) {
    await ctx.db.patch("orders", orderId, { paymentMethod: method });
  }
  if (method === "bankTransfer") {
    await ctx.db.patch("orders", orderId, { payableUntil: until });
    await Purchases.settle(ctx, order);
    await Outbox.enqueue(ctx, { kind: "orderConfirmation", order });
  }
  const holdExpiresAt = isLonger ? until : held;
  return { orderId, orderNumber: order.number, paymentId: payment, holdExpiresAt };
}

/**
 * What to ask the provider for, or the provider's order if there is one already: a payment never
 * has two. Throws NOT_FOUND, ORDER_NOT_PAYABLE, PAYMENT_PENDING, HOLD_LAPSED, RATE_LIMITED.
 */
export async function prepareOpen(
  ctx: MutationCtx,
  own: OwnPayment,
): Promise<Infer<typeof vOpenTask>> {
  const { payment, order } = await getOwn(ctx, own);
  await takeToken(ctx, "openPayment", own.userId);
  if (payment.method !== "paypal" || !canPay(order)) throw appError({ code: "ORDER_NOT_PAYABLE" });
  if (isInFlight(payment.status)) {
    throw appError({ code: "PAYMENT_PENDING", reason: payment.status });
  }
  if ((await Holds.findExpiry(ctx, order._id)) === null) throw appError({ code: "HOLD_LAPSED" });
  const { providerOrderId } = payment;
  if (providerOrderId !== null) return { kind: "open", providerOrderId };
  const [lines, settings] = await Promise.all([Orders.listLines(ctx, order._id), getSettings(ctx)]);
  return {
    kind: "request",
    request: {
      requestId: `create-${payment._id}-${payment.attempt}`,
      paymentId: payment._id,
      invoiceId: `${order.number}-${payment.attempt}`,
      shopName: settings.shopName,
      items: lines.map(itemOfLine),
      ...{ subtotal: order.subtotal, discount: order.discount, delivery: order.deliveryPrice },
      total: order.total,
      address: order.address,
    },
  };
}

/** Keeps the provider's id. The first one stays: a payment never has two open orders. */
export async function recordOpened(
  ctx: MutationCtx,
  { paymentId, providerOrderId }: { paymentId: Id<"payments">; providerOrderId: string },
): Promise<string> {
  const payment = await ctx.db.get("payments", paymentId);
  if (payment === null) throw notFound("payment");
  if (payment.providerOrderId !== null) return payment.providerOrderId;
  await PaymentRecords.change(ctx, payment, { providerOrderId, status: "open" });
  return providerOrderId;
}

/**
 * The last look before money moves: the order is still wanted, costs what its buyer agreed to, and
 * its stock is there, now held until the provider answers. A refusal is returned, not thrown,
 * because what it changes (the order ends) has to stay.
 */
export async function prepareCapture(
  ctx: MutationCtx,
  own: OwnPayment & { providerOrderId: string },
): Promise<Infer<typeof vCaptureTask>> {
  const { payment, order } = await getOwn(ctx, own);
  if (payment.status === "pending" || PaymentRecords.hasMoney(payment)) return { kind: "settled" };
  if (payment.providerOrderId !== own.providerOrderId) throw notFound("payment");
  if (!canPay(order)) return refused({ code: "ORDER_NOT_PAYABLE" });
  const orderId = order._id;
  const [lines, settings] = await Promise.all([Orders.listLines(ctx, orderId), getSettings(ctx)]);
  const change = await Quotes.findChange(ctx, { order, lines, settings });
  if (change !== null) return await endOrder(ctx, order, change);
  const until = Date.now() + CAPTURE_HOLD_MS;
  const missing = await Holds.ensure(ctx, { orderId, lines, until });
  if (missing !== null) return await endOrder(ctx, order, missing);
  await PaymentRecords.change(ctx, payment, { status: "capturing", reason: null });
  const requestId = `capture-${payment._id}-${payment.attempt}`;
  return { kind: "capture", providerOrderId: own.providerOrderId, requestId };
}

/** The provider gave no answer: what happened is found out by asking. */
export async function recordUnknown(ctx: MutationCtx, paymentId: Id<"payments">): Promise<void> {
  const payment = await ctx.db.get("payments", paymentId);
  if (payment?.status === "capturing") {
    await PaymentRecords.change(ctx, payment, { status: "unknown" });
  }
}

/** The buyer closed the provider's window. The same payment can be gone on with. */
export async function cancelAtProvider(ctx: MutationCtx, own: OwnPayment): Promise<void> {
  const { payment } = await getOwn(ctx, own);
  if (payment.status === "approved" || payment.status === "declined") {
    await PaymentRecords.change(ctx, payment, { status: "open", reason: null });
  }
}

/** Throws NOT_FOUND for a payment of somebody else. */
export async function getOwn(
  ctx: Pick<MutationCtx, "db">,
  { paymentId, userId }: OwnPayment,
): Promise<{ payment: Doc<"payments">; order: Doc<"orders"> }> {
  const payment = await ctx.db.get("payments", paymentId);
  const order = payment === null ? null : await ctx.db.get("orders", payment.orderId);
  if (payment === null || order?.userId !== userId) throw notFound("payment");
  return { payment, order };
}

async function usePayment(
  ctx: MutationCtx,
  order: Doc<"orders">,
  method: PaymentMethod,
): Promise<Id<"payments">> {
  const payments = await PaymentRecords.listOfOrder(ctx, order._id);
  const busy = payments.find(({ status }) => isInFlight(status));
  if (busy !== undefined) throw appError({ code: "PAYMENT_PENDING", reason: busy.status });
  const usable = payments.find((payment) => payment.method === method);
  return usable?._id ?? (await PaymentRecords.insert(ctx, { order, method }));
}

async function endOrder(
  ctx: MutationCtx,
  order: Doc<"orders">,
  error: AppError,
): Promise<Infer<typeof vCaptureTask>> {
  const isStock = error.code === "OUT_OF_STOCK" || error.code === "LINE_UNAVAILABLE";
  const reason = { kind: isStock ? "outOfStock" : "priceChanged" } as const;
  await Cancellations.cancel(ctx, { order, actor: SYSTEM, reason });
  return refused(error);
}

function refused(error: AppError): Infer<typeof vCaptureTask> {
  return { kind: "refused", error };
}

function itemOfLine({ name, optionLabel, sku, quantity, unitPrice }: Doc<"orderLines">) {
  return { name: optionLabel === "" ? name : `${name}, ${optionLabel}`, sku, quantity, unitPrice };
}
