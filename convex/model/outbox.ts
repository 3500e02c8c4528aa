import type { Infer } from "convex/values";

import { internal } from "../_generated/api";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { EMAIL_RETRIES, retryDelay } from "../domain/backoff.ts";
import type { vOrderEmailKind } from "../tables/outbox.ts";

export type OrderEmailKind = Infer<typeof vOrderEmailKind>;

export type SendResult =
  | { kind: "sent"; providerId: string | null }
  | { kind: "postponed"; reason: string }
  | { kind: "refused"; reason: string };

// A try that has not reported back by then is taken for lost and made again with the same key.
const SENDING_LEASE_MS = 2 * 60_000;
const SWEEP_SIZE = 50;

/**
 * Queues a mail in the caller's transaction: it goes out if, and only if, the fact it tells of is
 * stored. A mail of a kind is queued once for an order, one about refunds once for each refund.
 */
export async function enqueue(
  ctx: MutationCtx,
  mail: { kind: OrderEmailKind; order: Doc<"orders">; refundId?: Id<"refunds"> },
): Promise<void> {
  const { kind, order, refundId = null } = mail;
  const idempotencyKey = `${kind}/${refundId ?? order._id}`;
  if ((await findByKey(ctx, idempotencyKey)) !== null) return;
  const emailId = await ctx.db.insert("emails", {
    idempotencyKey,
    to: order.contact.email,
    template: { kind, orderId: order._id, refundId },
    status: "queued",
    failures: 0,
    nextAttemptAt: Date.now(),
    lastError: null,
    providerId: null,
    queuedAt: Date.now(),
    sentAt: null,
  });
  await ctx.scheduler.runAfter(0, internal.jobs.outbox.send, { emailId });
}

/** Whether the customer was told about the order, and so must hear how it goes on. */
export async function hasConfirmed(
  ctx: Pick<QueryCtx, "db">,
  orderId: Id<"orders">,
): Promise<boolean> {
  return (await findByKey(ctx, `orderConfirmation/${orderId}`)) !== null;
}

/**
 * Takes the mail for one try; null when it is not due or another try is under way. A try that never
 * reported back counts as failed, so that a mail that cannot be made is given up in the end.
 */
export async function claim(
  ctx: MutationCtx,
  emailId: Id<"emails">,
): Promise<Doc<"emails"> | null> {
  const email = await ctx.db.get("emails", emailId);
  const now = Date.now();
  if (email === null || email.nextAttemptAt > now) return null;
  if (email.status !== "queued" && email.status !== "sending") return null;
  const failures = email.status === "sending" ? email.failures + 1 : email.failures;
  if (failures > EMAIL_RETRIES.length) {
    await ctx.db.patch("emails", emailId, { status: "failed", failures, lastError: "no report" });
    return null;
  }
  const nextAttemptAt = now + SENDING_LEASE_MS;
  await ctx.db.patch("emails", emailId, { status: "sending", failures, nextAttemptAt });
  return email;
}

/** Notes how a try ended, and schedules the next one if there is to be one. */
export async function finish(
  ctx: MutationCtx,
  emailId: Id<"emails">,
  result: SendResult,
): Promise<void> {
  const email = await ctx.db.get("emails", emailId);
  if (email?.status !== "sending") return;
  if (result.kind === "sent") {
    const { providerId } = result;
    await ctx.db.patch("emails", emailId, { status: "sent", providerId, sentAt: Date.now() });
    return;
  }
  const failures = email.failures + 1;
  const delay = result.kind === "refused" ? null : retryDelay(EMAIL_RETRIES, failures);
  await ctx.db.patch("emails", emailId, {
    status: delay === null ? "failed" : "queued",
    failures,
    lastError: result.reason,
    nextAttemptAt: Date.now() + (delay ?? 0),
  });
  if (delay !== null) {
    await ctx.scheduler.runAfter(delay, internal.jobs.outbox.send, { emailId });
  }
}

/** Mails whose scheduled try was lost. */
export async function rescheduleOverdue(ctx: MutationCtx): Promise<void> {
  for (const status of ["queued", "sending"] as const) {
    const overdue = await ctx.db
      .query("emails")
      .withIndex("by_status_and_nextAttemptAt", (q) =>
        q.eq("status", status).lt("nextAttemptAt", Date.now()),
      )
      .take(SWEEP_SIZE);
    for (const { _id: emailId } of overdue) {
      await ctx.scheduler.runAfter(0, internal.jobs.outbox.send, { emailId });
    }
  }
}

async function findByKey(
  ctx: Pick<QueryCtx, "db">,
  idempotencyKey: string,
): Promise<Doc<"emails"> | null> {
  return await ctx.db
    .query("emails")
    .withIndex("by_idempotencyKey", (q) => q.eq("idempotencyKey", idempotencyKey))
    .unique();
}
