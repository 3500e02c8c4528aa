import { internal } from "../_generated/api";
import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { HOLD_TTL_MS, LONG_HOLD_TTL_MS } from "../domain/hold.ts";
import { isPaid } from "../domain/order.ts";
import type { CaptureDecision, PaymentFact, PaymentStatus } from "../domain/payment.ts";
import { decideCapture } from "../domain/payment.ts";
import * as Holds from "./holds.ts";
import * as OrderEvents from "./orderEvents.ts";
import { SYSTEM } from "./orderEvents.ts";
import * as Orders from "./orders.ts";
import * as Outbox from "./outbox.ts";
import * as PaymentRecords from "./paymentRecords.ts";
import * as Purchases from "./purchases.ts";
import * as Refunds from "./refunds.ts";

type FactOutcome = Doc<"paymentFacts">["outcome"];
type ClaimOf<Kind extends PaymentFact["claim"]["kind"]> = Extract<
  PaymentFact["claim"],
  { kind: Kind }
>;
type Subject = { payment: Doc<"payments">; order: Doc<"orders">; fact: PaymentFact };

const BEFORE_CAPTURE: readonly PaymentStatus[] = ["created", "open", "approved", "declined"];
const UNDECIDED: readonly PaymentStatus[] = [...BEFORE_CAPTURE, "capturing", "unknown"];

/**
 * The only door for what a provider says: capture answers, webhooks and reconciliation reads pass
 * through here, and nothing else moves an order by money, sells stock or tells the customer. The
 * same fact a second time, or late, changes nothing.
 * `payeeId` is our own account with the provider. Null when no payment of ours is meant.
 */
export async function applyFact(
  ctx: MutationCtx,
  fact: PaymentFact,
  payeeId: string,
): Promise<{ paymentId: Doc<"payments">["_id"]; outcome: FactOutcome } | null> {
  const payment = await PaymentRecords.findByFact(ctx, fact);
  const order = payment === null ? null : await ctx.db.get("orders", payment.orderId);
  if (payment === null || order === null) return null;
  const outcome = await applyClaim(ctx, { payment, order, fact }, payeeId);
  await keepFact(ctx, { payment, fact, outcome });
  if (outcome === "unproven") await askProvider(ctx, payment);
  return { paymentId: payment._id, outcome };
}

async function applyClaim(
  ctx: MutationCtx,
  subject: Subject,
  payeeId: string,
): Promise<FactOutcome> {
  const { payment, fact } = subject;
  const { claim } = fact;
  switch (claim.kind) {
    case "order":
      return await applyOrderClaim(ctx, subject, claim);
    case "attempt":
      return await applyDecline(ctx, subject, claim.reason);
    case "capture":
      return await applyCapture(ctx, subject, { claim, payeeId });
    case "refund":
      return await Refunds.applyClaim(ctx, payment, claim);
    case "dispute":
      await Orders.flag(ctx, payment.orderId, "disputed");
      await addEvent(ctx, subject, "disputed", claim.status);
      return "applied";
    default:
      return claim satisfies never;
  }
}

/** What the buyer's provider order has come to, as long as no capture has decided more. */
async function applyOrderClaim(
  ctx: MutationCtx,
  { payment, fact }: Subject,
  { status }: ClaimOf<"order">,
): Promise<FactOutcome> {
  // Only an answer to our own question may take back that a capture is under way: an event about
  // the approval can be older than the capture.
  const movable = fact.source === "webhook" && status === "approved" ? BEFORE_CAPTURE : UNDECIDED;
  if (!movable.includes(payment.status)) return "outOfOrder";
  const isKnown = payment.providerOrderId !== null;
  if (isKnown && payment.providerOrderId !== fact.providerOrderId) return "outOfOrder";
  if (payment.voidedOrderId === fact.providerOrderId) return "outOfOrder";
  if (status === "voided") {
    await PaymentRecords.change(ctx, payment, {
      ...(await withoutProviderOrder(ctx, payment)),
      status: "created",
    });
  } else {
    const { providerOrderId } = fact;
    await PaymentRecords.change(ctx, payment, { status, providerOrderId });
  }
  return payment.status === status && isKnown ? "duplicate" : "applied";
}

/** The provider's order is used up; the next try opens another one. */
async function withoutProviderOrder(ctx: MutationCtx, payment: Doc<"payments">) {
  const attempt = await PaymentRecords.nextAttempt(ctx, payment.orderId);
  return { providerOrderId: null, voidedOrderId: payment.providerOrderId, attempt };
}

/** A definite no before any capture existed; the buyer may try again. */
async function applyDecline(
  ctx: MutationCtx,
  subject: Subject,
  reason: string,
): Promise<FactOutcome> {
  const { payment } = subject;
  if (!UNDECIDED.includes(payment.status)) return "outOfOrder";
  const attempt = await PaymentRecords.nextAttempt(ctx, payment.orderId);
  await PaymentRecords.change(ctx, payment, { status: "declined", reason, attempt });
  await addEvent(ctx, subject, "paymentDeclined", reason);
  return "applied";
}

async function applyCapture(
  ctx: MutationCtx,
  subject: Subject,
  { claim, payeeId }: { claim: ClaimOf<"capture">; payeeId: string },
): Promise<FactOutcome> {
  const { payment, fact } = subject;
  const snapshot = { ...payment, id: payment._id };
  const decision = decideCapture(snapshot, claim, payeeId);
  if (decision.kind === "ignored") return decision.why;
  if (decision.kind === "unproven") {
    // The provider was asked already and still left something out: a person decides.
    if (fact.source !== "reconcile") return "unproven";
    return await act(ctx, subject, claim, { kind: "review", problem: "amountMismatch" });
  }
  return await act(ctx, subject, claim, decision);
}

async function act(
  ctx: MutationCtx,
  subject: Subject,
  claim: ClaimOf<"capture">,
  decision: Exclude<CaptureDecision, { kind: "ignored" | "unproven" }>,
): Promise<FactOutcome> {
  const { payment, order } = subject;
  const isSecond = decision.kind === "review" && decision.problem === "duplicatePayment";
  if (!isSecond) {
    const { captureId, status: captureStatus } = claim;
    await PaymentRecords.change(ctx, payment, { captureId, captureStatus });
  }
  switch (decision.kind) {
    case "pending":
      await markPending(ctx, subject, decision.reason);
      return "applied";
    case "declined":
      await markDenied(ctx, subject, decision.reason);
      return "applied";
    case "captured":
      await markCaptured(ctx, subject);
      return "applied";
    case "reversed":
      // Goods may be on their way; what comes back is for a person to count.
      await Orders.flag(ctx, order._id, "paymentReversed");
      await addEvent(ctx, subject, "paymentReversed", claim.reason);
      return "applied";
    case "review":
      await markForReview(ctx, subject, decision.problem);
      return "review";
  }
}

async function markPending(ctx: MutationCtx, subject: Subject, reason: string): Promise<void> {
  const { payment, order } = subject;
  await PaymentRecords.change(ctx, payment, { status: "pending", reason });
  if (order.payment !== "awaiting") return;
  await Orders.setPayment(ctx, order._id, "pending");
  await addEvent(ctx, subject, "paymentPending", reason);
  await Holds.moveExpiry(ctx, order._id, Date.now() + LONG_HOLD_TTL_MS);
  await Purchases.settle(ctx, order);
  await Outbox.enqueue(ctx, { kind: "orderConfirmation", order });
}

async function markDenied(ctx: MutationCtx, subject: Subject, reason: string): Promise<void> {
  const { payment, order } = subject;
  await PaymentRecords.change(ctx, payment, {
    ...(await withoutProviderOrder(ctx, payment)),
    status: "declined",
    reason,
  });
  await addEvent(ctx, subject, "paymentDeclined", reason);
  if (order.payment !== "pending") return;
  await Orders.setPayment(ctx, order._id, "awaiting");
  await Holds.limitExpiry(ctx, order._id, Date.now() + HOLD_TTL_MS);
}

async function markCaptured(ctx: MutationCtx, subject: Subject): Promise<void> {
  const { payment, order } = subject;
  if (isPaid(order) && payment.status !== "captured") {
    await markForReview(ctx, subject, "duplicatePayment");
    return;
  }
  if (payment.status === "captured") return;
  await PaymentRecords.change(ctx, payment, { status: "captured", reason: null });
  await Orders.setPayment(ctx, order._id, "paid");
  await addEvent(ctx, subject, "paid");
  if (order.fulfilment === "cancelled") {
    const why = { orderId: order._id, reason: "orderCancelled", actor: SYSTEM };
    await Refunds.requestAll(ctx, why);
    return;
  }
  await sell(ctx, order);
  await Purchases.settle(ctx, order);
  const kind = (await Outbox.hasConfirmed(ctx, order._id))
    ? "paymentReceived"
    : "orderConfirmation";
  await Outbox.enqueue(ctx, { kind, order });
}

/** Money came, so the goods are sold; if they are gone, a person decides and stock stays true. */
async function sell(ctx: MutationCtx, order: Doc<"orders">): Promise<void> {
  const lines = await Orders.listLines(ctx, order._id);
  const until = Date.now() + HOLD_TTL_MS;
  const missing = await Holds.ensure(ctx, { orderId: order._id, lines, until });
  const isComplete = await Holds.consume(ctx, order);
  if (missing === null && isComplete) return;
  await Orders.flag(ctx, order._id, "paidWithoutStock");
  await OrderEvents.add(ctx, {
    orderId: order._id,
    kind: "paymentCheck",
    actor: SYSTEM,
    note: "paidWithoutStock",
  });
}

async function markForReview(
  ctx: MutationCtx,
  subject: Subject,
  problem: "amountMismatch" | "duplicatePayment",
): Promise<void> {
  const { payment, order } = subject;
  if (payment.status !== "captured") {
    await PaymentRecords.change(ctx, payment, { status: "needsReview", reason: problem });
  }
  await Orders.flag(ctx, order._id, problem);
  await addEvent(ctx, subject, "paymentCheck", problem);
  if (isPaid(order) || order.payment === "refunded") return;
  await Orders.setPayment(ctx, order._id, "needsReview");
  await Holds.moveExpiry(ctx, order._id, Date.now() + LONG_HOLD_TTL_MS);
  await Purchases.settle(ctx, order);
}

async function addEvent(
  ctx: MutationCtx,
  { payment, order }: Subject,
  kind: Doc<"orderEvents">["kind"],
  note?: string | null,
): Promise<void> {
  const { amount } = payment;
  const text = note === undefined || note === null ? {} : { note };
  await OrderEvents.add(ctx, { orderId: order._id, kind, actor: SYSTEM, amount, ...text });
}

// A reconciliation that finds nothing new would add a row every few minutes.
async function keepFact(
  ctx: MutationCtx,
  record: { payment: Doc<"payments">; fact: PaymentFact; outcome: FactOutcome },
): Promise<void> {
  const { payment, fact, outcome } = record;
  const isNews = outcome === "applied" || outcome === "review";
  if (fact.source === "reconcile" && !isNews) return;
  await PaymentRecords.recordFact(ctx, { paymentId: payment._id, fact, outcome });
}

async function askProvider(ctx: MutationCtx, { _id: paymentId }: Doc<"payments">): Promise<void> {
  await ctx.scheduler.runAfter(0, internal.jobs.payments.reconcile, { paymentId });
}
