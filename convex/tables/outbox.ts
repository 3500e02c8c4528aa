import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vOrderEmailKind = v.union(
  v.literal("orderConfirmation"),
  v.literal("paymentReceived"),
  v.literal("shipped"),
  v.literal("delivered"),
  v.literal("cancelled"),
  v.literal("refunded"),
);

/** What a mail is about. It is rendered when it is sent, from rows that no longer change. */
export const vEmailTemplate = v.object({
  kind: vOrderEmailKind,
  orderId: v.id("orders"),
  refundId: v.union(v.id("refunds"), v.null()),
});

export const vEmailStatus = v.union(
  v.literal("queued"),
  v.literal("sending"),
  v.literal("sent"),
  v.literal("failed"),
);

export const outboxTables = {
  emails: defineTable({
    /** Unique; also given to the provider, which forgets a repetition. */
    idempotencyKey: v.string(),
    to: v.string(),
    template: vEmailTemplate,
    status: vEmailStatus,
    failures: v.number(),
    /** When to try, or, while sending, when the try counts as lost. */
    nextAttemptAt: v.number(),
    lastError: v.union(v.string(), v.null()),
    providerId: v.union(v.string(), v.null()),
    queuedAt: v.number(),
    sentAt: v.union(v.number(), v.null()),
  })
    .index("by_idempotencyKey", ["idempotencyKey"])
    .index("by_status_and_nextAttemptAt", ["status", "nextAttemptAt"])
    .index("by_template_orderId", ["template.orderId"]),
};
