import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { canPay } from "../domain/order.ts";
import { isInFlight } from "../domain/payment.ts";
import * as Cancellations from "./cancellations.ts";
import * as Holds from "./holds.ts";
import { SYSTEM } from "./orderEvents.ts";
import * as PaymentRecords from "./paymentRecords.ts";

const BATCH = 50;

/**
 * Puts an order's stock back on the shelf when its time is over. While a payment is being decided
 * the stock stays, because the money may be on its way; the order can still be paid afterwards if
 * the stock can be had again.
 */
export async function releaseIfLapsed(ctx: MutationCtx, orderId: Id<"orders">): Promise<void> {
  const expiresAt = await Holds.findExpiry(ctx, orderId);
  if (expiresAt === null || expiresAt > Date.now()) return;
  const order = await ctx.db.get("orders", orderId);
  if (order !== null && canPay(order) && !(await isBeingDecided(ctx, order))) {
    await Holds.release(ctx, orderId);
  }
}

export async function releaseLapsed(ctx: MutationCtx): Promise<void> {
  const holds = await ctx.db
    .query("holds")
    .withIndex("by_status_and_expiresAt", (q) =>
      q.eq("status", "active").lte("expiresAt", Date.now()),
    )
    .take(BATCH);
  for (const orderId of new Set(holds.map((hold) => hold.orderId))) {
    await releaseIfLapsed(ctx, orderId);
  }
}

export async function cancelUnpaid(ctx: MutationCtx): Promise<void> {
  const orders = await ctx.db
    .query("orders")
    .withIndex("by_state_and_payableUntil", (q) =>
      q.eq("state", "awaitingPayment").lte("payableUntil", Date.now()),
    )
    .take(BATCH);
  for (const order of orders) {
    if (await isBeingDecided(ctx, order)) continue;
    await Cancellations.cancel(ctx, { order, actor: SYSTEM, reason: { kind: "unpaid" } });
  }
}

async function isBeingDecided(ctx: MutationCtx, order: Doc<"orders">): Promise<boolean> {
  const payments = await PaymentRecords.listOfOrder(ctx, order._id);
  return payments.some(({ status }) => isInFlight(status));
}
