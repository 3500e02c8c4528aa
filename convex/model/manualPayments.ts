import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import type { Money } from "../domain/money.ts";
import { canPay } from "../domain/order.ts";
import { appError, invalidInput, notFound } from "../lib/errors.ts";
import type { Actor } from "./orderEvents.ts";
import * as Orders from "./orders.ts";
import * as PaymentRecords from "./paymentRecords.ts";
import * as Payments from "./payments.ts";
import * as Refunds from "./refunds.ts";

const OWN_BANK_ACCOUNT = "bank-account";
const MAX_REASON_LENGTH = 255;

/** A manager has seen the transfer on the account: a fact like any other. */
export async function confirmTransfer(ctx: MutationCtx, order: Doc<"orders">): Promise<void> {
  const payments = await PaymentRecords.listOfOrder(ctx, order._id);
  const payment = payments.find(({ method }) => method === "bankTransfer");
  if (payment === undefined || !canPay(order)) throw appError({ code: "ORDER_NOT_PAYABLE" });
  const claim = {
    kind: "capture",
    captureId: `transfer-${payment._id}`,
    status: "COMPLETED",
    reason: null,
    amount: payment.amount,
    payeeId: OWN_BANK_ACCOUNT,
    customId: payment._id,
  } as const;
  const fact = { source: "manual", eventId: null, providerOrderId: null, claim } as const;
  await Payments.applyFact(ctx, fact, OWN_BANK_ACCOUNT);
}

/** Gives back `amount` minor units. Throws INVALID_INPUT, or ORDER_TRANSITION without a payment. */
export async function refund(
  ctx: MutationCtx,
  options: { order: Doc<"orders">; actor: Actor; amount: number; reason: string },
): Promise<void> {
  const { order, actor, amount } = options;
  const reason = options.reason.trim();
  if (reason === "") throw invalidInput("reason", "required");
  if (reason.length > MAX_REASON_LENGTH) throw invalidInput("reason", "tooLong");
  const payment = await PaymentRecords.findCurrent(ctx, order._id);
  if (payment === null || !PaymentRecords.hasMoney(payment)) {
    throw appError({ code: "ORDER_TRANSITION", from: order.payment, to: "refunded" });
  }
  const money = { amount, currency: payment.amount.currency };
  await Refunds.request(ctx, { payment, amount: money, reason, actor });
}

/** Throws NOT_FOUND for a refund that its provider settles. */
export async function confirmRefund(
  ctx: MutationCtx,
  refundId: Id<"refunds">,
): Promise<{ order: Doc<"orders">; amount: Money }> {
  const refund = await ctx.db.get("refunds", refundId);
  const payment = refund === null ? null : await ctx.db.get("payments", refund.paymentId);
  if (refund === null || payment === null || !Refunds.isMadeByHand(payment))
    throw notFound("payment");
  const order = await Orders.getById(ctx, refund.orderId);
  await Refunds.completeManually(ctx, refundId);
  return { order, amount: refund.amount };
}
