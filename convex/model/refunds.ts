import { internal } from "../_generated/api";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { REFUND_RETRIES, retryDelay } from "../domain/backoff.ts";
import type { Money } from "../domain/money.ts";
import { compare, isZero, subtract, sum } from "../domain/money.ts";
import type { PaymentFact } from "../domain/payment.ts";
import { isLaterRefund } from "../domain/payment.ts";
import { invalidInput } from "../lib/errors.ts";
import type { Actor } from "./orderEvents.ts";
import * as OrderEvents from "./orderEvents.ts";
import { SYSTEM } from "./orderEvents.ts";
import * as Orders from "./orders.ts";
import * as Outbox from "./outbox.ts";
import * as PaymentRecords from "./paymentRecords.ts";

type RefundClaim = Extract<PaymentFact["claim"], { kind: "refund" }>;

type FactOutcome = Doc<"paymentFacts">["outcome"];

export type RefundTask = {
  requestId: string;
  captureId: string;
  amount: Money;
  method: Doc<"payments">["method"];
};

const MAX_REFUNDS = 50;
const SWEEP_SIZE = 50;
// A try that has not reported back by then is taken for lost and made again with the same id.
const SENDING_LEASE_MS = 2 * 60_000;

/**
 * Decides to give money back and has it sent. Throws INVALID_INPUT when the refunds that are not
 * known to have failed would exceed what was captured: the rows are summed in this transaction, so
 * two clicks cannot both pass.
 */
export async function request(
  ctx: MutationCtx,
  options: { payment: Doc<"payments">; amount: Money; reason: string; actor: Actor },
): Promise<Id<"refunds">> {
  const { payment, amount, reason, actor } = options;
  const left = await refundable(ctx, payment);
  if (!Number.isSafeInteger(amount.amount) || amount.amount <= 0) {
    throw invalidInput("amount", "format");
  }
  if (compare(amount, left) > 0) throw invalidInput("amount", "tooLarge");
  const refundId = await ctx.db.insert("refunds", {
    orderId: payment.orderId,
    paymentId: payment._id,
    amount,
    reason,
    state: "requested",
    providerRefundId: null,
    providerStatus: null,
    failures: 0,
    requestedAt: Date.now(),
    nextAttemptAt: isMadeByHand(payment) ? null : Date.now(),
  });
  const { orderId } = payment;
  await OrderEvents.add(ctx, { orderId, kind: "refundRequested", actor, amount, note: reason });
  if (!isMadeByHand(payment)) {
    await ctx.scheduler.runAfter(0, internal.jobs.payments.refund, { refundId });
  }
  return refundId;
}

/** Everything that was captured for the order and not yet given back. */
export async function requestAll(
  ctx: MutationCtx,
  { orderId, reason, actor }: { orderId: Id<"orders">; reason: string; actor: Actor },
): Promise<void> {
  for (const payment of await PaymentRecords.listOfOrder(ctx, orderId)) {
    if (!PaymentRecords.hasMoney(payment)) continue;
    const amount = await refundable(ctx, payment);
    if (!isZero(amount)) await request(ctx, { payment, amount, reason, actor });
  }
}

/** Takes the refund for one try; null when it is not due or another try is under way. */
export async function claim(ctx: MutationCtx, refundId: Id<"refunds">): Promise<RefundTask | null> {
  const refund = await ctx.db.get("refunds", refundId);
  const now = Date.now();
  if (refund?.state !== "requested") return null;
  if (refund.nextAttemptAt === null || refund.nextAttemptAt > now) return null;
  const payment = await ctx.db.get("payments", refund.paymentId);
  if (payment === null || payment.captureId === null) return null;
  await ctx.db.patch("refunds", refundId, { nextAttemptAt: now + SENDING_LEASE_MS });
  const { captureId, method } = payment;
  return { requestId: `refund-${refundId}`, captureId, amount: refund.amount, method };
}

/** Refunds whose scheduled try was lost. */
export async function rescheduleOverdue(ctx: MutationCtx): Promise<void> {
  const overdue = await ctx.db
    .query("refunds")
    .withIndex("by_state_and_nextAttemptAt", (q) =>
      q.eq("state", "requested").gt("nextAttemptAt", 0).lt("nextAttemptAt", Date.now()),
    )
    .take(SWEEP_SIZE);
  for (const { _id: refundId } of overdue) {
    await ctx.scheduler.runAfter(0, internal.jobs.payments.refund, { refundId });
  }
}

/** Whether a person sends the money back, by transfer, and then confirms it. */
export function isMadeByHand({ method, captureId }: Doc<"payments">): boolean {
  return method === "bankTransfer" || captureId === null;
}

/** No answer, or an answer that decides nothing: the same request again, later. */
export async function postpone(ctx: MutationCtx, refundId: Id<"refunds">): Promise<void> {
  const refund = await ctx.db.get("refunds", refundId);
  if (refund?.state !== "requested") return;
  const failures = refund.failures + 1;
  const delay = retryDelay(REFUND_RETRIES, failures);
  if (delay === null) {
    await fail(ctx, refund, "noAnswer");
    return;
  }
  await ctx.db.patch("refunds", refundId, { failures, nextAttemptAt: Date.now() + delay });
  await ctx.scheduler.runAfter(delay, internal.jobs.payments.refund, { refundId });
}

/** A definite no: a person has to settle it. */
export async function refuse(
  ctx: MutationCtx,
  refundId: Id<"refunds">,
  reason: string,
): Promise<void> {
  const refund = await ctx.db.get("refunds", refundId);
  if (refund?.state === "requested") await fail(ctx, refund, reason);
}

/** What the provider says about a refund, ours or one that was made on its own pages. */
export async function applyClaim(
  ctx: MutationCtx,
  payment: Doc<"payments">,
  claim: RefundClaim,
): Promise<FactOutcome> {
  if (!PaymentRecords.hasMoney(payment)) return "unproven";
  const refund = await findOrAdopt(ctx, payment, claim);
  if (refund === null) return "review";
  if (!isLaterRefund(refund.providerStatus, claim.status)) {
    return refund.providerStatus === claim.status ? "duplicate" : "outOfOrder";
  }
  const { refundId: providerRefundId, status: providerStatus } = claim;
  await ctx.db.patch("refunds", refund._id, { providerRefundId, providerStatus });
  if (claim.status === "PENDING") await ctx.db.patch("refunds", refund._id, { state: "pending" });
  else if (claim.status === "COMPLETED") await complete(ctx, refund);
  else await fail(ctx, refund, claim.status);
  return "applied";
}

/** A refund that is settled outside of a provider, by a transfer of the shop. */
export async function completeManually(ctx: MutationCtx, refundId: Id<"refunds">): Promise<void> {
  const refund = await ctx.db.get("refunds", refundId);
  if (refund?.state === "requested") await complete(ctx, refund);
}

export async function listOfPayment(
  ctx: Pick<QueryCtx, "db">,
  paymentId: Id<"payments">,
): Promise<Doc<"refunds">[]> {
  return await ctx.db
    .query("refunds")
    .withIndex("by_paymentId", (q) => q.eq("paymentId", paymentId))
    .take(MAX_REFUNDS);
}

async function refundable(ctx: Pick<QueryCtx, "db">, payment: Doc<"payments">): Promise<Money> {
  const refunds = await listOfPayment(ctx, payment._id);
  const live = refunds.filter(({ state }) => state !== "failed").map(({ amount }) => amount);
  return subtract(payment.amount, sum(live, payment.amount.currency));
}

// A refund that we did not ask for has no custom id of ours and becomes a row by this.
async function findOrAdopt(
  ctx: MutationCtx,
  payment: Doc<"payments">,
  claim: RefundClaim,
): Promise<Doc<"refunds"> | null> {
  const known = await ctx.db
    .query("refunds")
    .withIndex("by_providerRefundId", (q) => q.eq("providerRefundId", claim.refundId))
    .unique();
  if (known !== null) return known;
  const ownId = claim.customId === null ? null : ctx.db.normalizeId("refunds", claim.customId);
  const own = ownId === null ? null : await ctx.db.get("refunds", ownId);
  if (own !== null && own.paymentId === payment._id) return own;
  const { currency } = payment.amount;
  if (claim.amount.currency !== currency) return null;
  const refundId = await ctx.db.insert("refunds", {
    orderId: payment.orderId,
    paymentId: payment._id,
    amount: { amount: claim.amount.amount, currency },
    reason: "provider",
    state: "pending",
    providerRefundId: claim.refundId,
    providerStatus: null,
    failures: 0,
    requestedAt: Date.now(),
    nextAttemptAt: null,
  });
  return await ctx.db.get("refunds", refundId);
}

async function complete(ctx: MutationCtx, refund: Doc<"refunds">): Promise<void> {
  await ctx.db.patch("refunds", refund._id, { state: "completed", nextAttemptAt: null });
  const order = await ctx.db.get("orders", refund.orderId);
  if (order === null) return;
  const isFull = await isFullyRefunded(ctx, order._id);
  const payment = isFull ? "refunded" : "partiallyRefunded";
  await Orders.setPayment(ctx, order._id, payment);
  const { amount } = refund;
  await OrderEvents.add(ctx, { orderId: order._id, kind: payment, actor: SYSTEM, amount });
  await Outbox.enqueue(ctx, { kind: "refunded", order, refundId: refund._id });
}

async function fail(ctx: MutationCtx, refund: Doc<"refunds">, reason: string): Promise<void> {
  const { orderId, amount } = refund;
  await ctx.db.patch("refunds", refund._id, { state: "failed", nextAttemptAt: null });
  await Orders.flag(ctx, orderId, "refundFailed");
  const event = { orderId, kind: "refundFailed", actor: SYSTEM, amount, note: reason } as const;
  await OrderEvents.add(ctx, event);
}

async function isFullyRefunded(ctx: MutationCtx, orderId: Id<"orders">): Promise<boolean> {
  for (const payment of await PaymentRecords.listOfOrder(ctx, orderId)) {
    if (!PaymentRecords.hasMoney(payment)) continue;
    const refunds = await listOfPayment(ctx, payment._id);
    const returned = sum(
      refunds.filter(({ state }) => state === "completed").map(({ amount }) => amount),
      payment.amount.currency,
    );
    if (compare(returned, payment.amount) < 0) return false;
  }
  return true;
}
