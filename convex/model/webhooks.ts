import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { ORPHAN_WEBHOOK_RETRIES, retryDelay } from "../domain/backoff.ts";

const MINUTE_MS = 60_000;
const KEPT_FOR_MS = 90 * 24 * 60 * MINUTE_MS;
const LOST_AFTER_MS = 5 * MINUTE_MS;
const BATCH = 50;

/** Stores a verified event and has it processed; an event that is here already is left alone. */
export async function receive(
  ctx: MutationCtx,
  event: { eventId: string; eventType: string; body: string },
): Promise<void> {
  const { eventId } = event;
  const existing = await ctx.db
    .query("webhookEvents")
    .withIndex("by_provider_and_eventId", (q) => q.eq("provider", "paypal").eq("eventId", eventId))
    .unique();
  if (existing !== null) return;
  const webhookId = await ctx.db.insert("webhookEvents", {
    provider: "paypal",
    ...event,
    status: "received",
    failures: 0,
    receivedAt: Date.now(),
  });
  await ctx.scheduler.runAfter(0, internal.jobs.webhooks.interpret, { webhookId });
}

/** The body of an event that still has to be processed, or null. */
export async function findOpen(
  ctx: Pick<QueryCtx, "db">,
  webhookId: Id<"webhookEvents">,
): Promise<string | null> {
  const event = await ctx.db.get("webhookEvents", webhookId);
  return event?.status === "received" || event?.status === "orphan" ? event.body : null;
}

/** An event that is partly about unknown payments comes again: facts applied twice do nothing. */
export async function finish(
  ctx: MutationCtx,
  webhookId: Id<"webhookEvents">,
  { facts, known }: { facts: number; known: number },
): Promise<void> {
  const event = await ctx.db.get("webhookEvents", webhookId);
  if (event === null) return;
  if (known === facts) {
    const status = facts === 0 ? "ignored" : "processed";
    await ctx.db.patch("webhookEvents", webhookId, { status });
    return;
  }
  const failures = event.failures + 1;
  const delay = retryDelay(ORPHAN_WEBHOOK_RETRIES, failures);
  await ctx.db.patch("webhookEvents", webhookId, { status: "orphan", failures });
  if (delay !== null) {
    await ctx.scheduler.runAfter(delay, internal.jobs.webhooks.interpret, { webhookId });
  }
}

export async function sweep(ctx: MutationCtx): Promise<void> {
  const now = Date.now();
  const lost = await ctx.db
    .query("webhookEvents")
    .withIndex("by_status_and_receivedAt", (q) =>
      q.eq("status", "received").lt("receivedAt", now - LOST_AFTER_MS),
    )
    .take(BATCH);
  for (const { _id: webhookId } of lost) {
    await ctx.scheduler.runAfter(0, internal.jobs.webhooks.interpret, { webhookId });
  }
  const old = await ctx.db
    .query("webhookEvents")
    .withIndex("by_receivedAt", (q) => q.lt("receivedAt", now - KEPT_FOR_MS))
    .take(BATCH);
  for (const { _id } of old) await ctx.db.delete("webhookEvents", _id);
}
