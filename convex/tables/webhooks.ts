import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vWebhookStatus = v.union(
  v.literal("received"),
  v.literal("processed"),
  v.literal("orphan"),
  v.literal("ignored"),
);

export const webhookTables = {
  /** Verified events, one row for each event id however often it is delivered. */
  webhookEvents: defineTable({
    provider: v.literal("paypal"),
    eventId: v.string(),
    eventType: v.string(),
    /** The body as it was signed. */
    body: v.string(),
    status: vWebhookStatus,
    failures: v.number(),
    receivedAt: v.number(),
  })
    .index("by_provider_and_eventId", ["provider", "eventId"])
    .index("by_status_and_receivedAt", ["status", "receivedAt"])
    .index("by_receivedAt", ["receivedAt"]),
};
