import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import type { PaymentFact } from "../domain/payment.ts";

type Db = Pick<QueryCtx, "db">;

// A buyer who keeps trying meets the provider's own limit long before this one.
const MAX_PAYMENTS = 50;
const MAX_FACTS = 200;

export async function listOfOrder(ctx: Db, orderId: Id<"orders">): Promise<Doc<"payments">[]> {
  return await ctx.db
    .query("payments")
    .withIndex("by_orderId", (q) => q.eq("orderId", orderId))
    .take(MAX_PAYMENTS);
}

/** The payment that the buyer is, or was last, occupied with. */
export async function findCurrent(ctx: Db, orderId: Id<"orders">): Promise<Doc<"payments"> | null> {
  const payments = await listOfOrder(ctx, orderId);
  return payments.find(hasMoney) ?? payments.at(-1) ?? null;
}

/** Whether the provider says that money has come for it. */
export function hasMoney(payment: Doc<"payments">): boolean {
  return payment.status === "captured" || payment.status === "needsReview";
}

export async function insert(
  ctx: MutationCtx,
  { order, method }: { order: Doc<"orders">; method: Doc<"payments">["method"] },
): Promise<Id<"payments">> {
  return await ctx.db.insert("payments", {
    orderId: order._id,
    method,
    amount: order.total,
    quoteVersion: order.quoteVersion,
    status: "created",
    attempt: await nextAttempt(ctx, order._id),
    providerOrderId: null,
    voidedOrderId: null,
    captureId: null,
    captureStatus: null,
    reason: null,
    changedAt: Date.now(),
  });
}

export async function change(
  ctx: MutationCtx,
  payment: Doc<"payments">,
  values: Partial<
    Pick<
      Doc<"payments">,
      | "status"
      | "providerOrderId"
      | "voidedOrderId"
      | "captureId"
      | "captureStatus"
      | "reason"
      | "attempt"
    >
  >,
): Promise<void> {
  await ctx.db.patch("payments", payment._id, { ...values, changedAt: Date.now() });
}

/** A new try needs new request ids, or the provider would repeat its last answer. */
export async function nextAttempt(ctx: Db, orderId: Id<"orders">): Promise<number> {
  const payments = await listOfOrder(ctx, orderId);
  return Math.max(0, ...payments.map(({ attempt }) => attempt)) + 1;
}

/**
 * The payment that a fact is about: by the provider's own ids, or by ours, which the provider
 * hands back, when its order is not known here yet. Null for a fact about somebody else's payment.
 */
export async function findByFact(
  ctx: Db,
  { providerOrderId, claim }: PaymentFact,
): Promise<Doc<"payments"> | null> {
  const captureId = "captureId" in claim ? claim.captureId : null;
  return (
    (await findByProviderOrder(ctx, providerOrderId)) ??
    (await findByCapture(ctx, captureId)) ??
    (await findByCustomId(ctx, claim))
  );
}

export async function recordFact(
  ctx: MutationCtx,
  record: {
    paymentId: Id<"payments">;
    fact: PaymentFact;
    outcome: Doc<"paymentFacts">["outcome"];
  },
): Promise<void> {
  await ctx.db.insert("paymentFacts", { ...record, at: Date.now() });
}

/** Oldest first. */
export async function listFacts(
  ctx: Db,
  paymentId: Id<"payments">,
): Promise<Doc<"paymentFacts">[]> {
  return await ctx.db
    .query("paymentFacts")
    .withIndex("by_paymentId_and_at", (q) => q.eq("paymentId", paymentId))
    .take(MAX_FACTS);
}

async function findByProviderOrder(
  ctx: Db,
  providerOrderId: string | null,
): Promise<Doc<"payments"> | null> {
  if (providerOrderId === null) return null;
  return await ctx.db
    .query("payments")
    .withIndex("by_providerOrderId", (q) => q.eq("providerOrderId", providerOrderId))
    .unique();
}

async function findByCapture(ctx: Db, captureId: string | null): Promise<Doc<"payments"> | null> {
  if (captureId === null) return null;
  return await ctx.db
    .query("payments")
    .withIndex("by_captureId", (q) => q.eq("captureId", captureId))
    .unique();
}

// A refund carries the id of our refund row, everything else that of the payment.
async function findByCustomId(
  ctx: Db,
  claim: PaymentFact["claim"],
): Promise<Doc<"payments"> | null> {
  if (claim.kind !== "order" && claim.kind !== "capture") return null;
  const paymentId = claim.customId === null ? null : ctx.db.normalizeId("payments", claim.customId);
  return paymentId === null ? null : await ctx.db.get("payments", paymentId);
}
