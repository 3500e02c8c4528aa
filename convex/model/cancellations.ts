import type { Infer } from "convex/values";

import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { canMovePayment, hasTakenMoney } from "../domain/order.ts";
import { invalidInput } from "../lib/errors.ts";
import type { vCancelReason } from "../tables/orders.ts";
import * as Holds from "./holds.ts";
import type { Actor } from "./orderEvents.ts";
import * as OrderEvents from "./orderEvents.ts";
import * as Orders from "./orders.ts";
import * as Outbox from "./outbox.ts";
import * as Refunds from "./refunds.ts";

export type CancelReason = Infer<typeof vCancelReason>;

const MAX_REASON_LENGTH = 500;

/** Throws INVALID_INPUT for words that are missing or too long. */
export function reasonOfPerson(typed: string): CancelReason {
  const text = typed.trim();
  if (text === "") throw invalidInput("reason", "required");
  if (text.length > MAX_REASON_LENGTH) throw invalidInput("reason", "tooLong");
  return { kind: "person", text };
}

/**
 * Ends the order in one transaction: stock goes back once, money that was taken goes back, and
 * money that arrives later will, because payments refund what they find on a cancelled order.
 * Throws ORDER_TRANSITION when it is too late, for example because packing has begun.
 */
export async function cancel(
  ctx: MutationCtx,
  { order, actor, reason }: { order: Doc<"orders">; actor: Actor; reason: CancelReason },
): Promise<void> {
  await Orders.moveFulfilment(ctx, { order, to: "cancelled", actor });
  await ctx.db.patch("orders", order._id, { cancelReason: reason });
  await Holds.release(ctx, order._id);
  await Holds.returnSold(ctx, order);
  const note = reason.kind === "person" ? reason.text : reason.kind;
  await OrderEvents.add(ctx, { orderId: order._id, kind: "cancelled", actor, note });
  if (hasTakenMoney(order)) {
    await Refunds.requestAll(ctx, { orderId: order._id, reason: "orderCancelled", actor });
  } else if (canMovePayment(order.payment, "void")) {
    await Orders.setPayment(ctx, order._id, "void");
  }
  await Orders.leaveCheckout(ctx, order);
  if (await Outbox.hasConfirmed(ctx, order._id)) {
    await Outbox.enqueue(ctx, { kind: "cancelled", order });
  }
}
