import type { Infer } from "convex/values";

import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import type { PaymentStatus } from "../domain/payment.ts";
import { notFound } from "../lib/errors.ts";
import type { vPaymentResult } from "../tables/paymentTasks.ts";
import * as PaymentRecords from "./paymentRecords.ts";

type Db = Pick<QueryCtx, "db">;

const MINUTE_MS = 60_000;
const BATCH = 25;

/** How long a payment may be silent before the provider is asked. */
const PATIENCE_MS = {
  capturing: MINUTE_MS,
  unknown: MINUTE_MS,
  approved: 5 * MINUTE_MS,
  pending: 60 * MINUTE_MS,
} as const satisfies Partial<Record<PaymentStatus, number>>;

/** How the payment stands, for the page that waits for it. Throws NOT_FOUND. */
export async function summarize(
  ctx: Db,
  paymentId: Id<"payments">,
): Promise<Infer<typeof vPaymentResult>> {
  const payment = await ctx.db.get("payments", paymentId);
  const order = payment === null ? null : await ctx.db.get("orders", payment.orderId);
  if (payment === null || order === null) throw notFound("payment");
  const { reason } = payment;
  return { status: resultOf(payment.status), orderNumber: order.number, reason };
}

/** The provider's order to ask about; the payment's turn comes again after its patience. */
export async function start(ctx: MutationCtx, paymentId: Id<"payments">): Promise<string | null> {
  const payment = await ctx.db.get("payments", paymentId);
  if (payment === null || payment.providerOrderId === null) return null;
  await PaymentRecords.change(ctx, payment, {});
  return payment.providerOrderId;
}

/** Payments about which the provider has been silent for too long. */
export async function listOverdue(ctx: Db): Promise<Id<"payments">[]> {
  const now = Date.now();
  const statuses = ["capturing", "unknown", "approved", "pending"] as const;
  const overdue = await Promise.all(
    statuses.map((status) => listSilent(ctx, status, now - PATIENCE_MS[status])),
  );
  return overdue.flat().map(({ _id }) => _id);
}

async function listSilent(
  ctx: Db,
  status: PaymentStatus,
  since: number,
): Promise<Doc<"payments">[]> {
  return await ctx.db
    .query("payments")
    .withIndex("by_status_and_changedAt", (q) => q.eq("status", status).lt("changedAt", since))
    .take(BATCH);
}

function resultOf(status: PaymentStatus): Infer<typeof vPaymentResult>["status"] {
  switch (status) {
    case "captured":
      return "paid";
    case "pending":
    case "needsReview":
      return status;
    case "created":
    case "open":
    case "approved":
    case "declined":
      return "declined";
    case "capturing":
    case "unknown":
      return "unknown";
    default:
      return status satisfies never;
  }
}
