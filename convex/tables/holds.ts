import { defineTable } from "convex/server";
import type { Validator } from "convex/values";
import { v } from "convex/values";

import type { HoldStatus } from "../domain/hold.ts";

export const vHoldStatus = v.union(
  v.literal("active"),
  v.literal("released"),
  v.literal("consumed"),
  v.literal("returned"),
) satisfies Validator<HoldStatus>;

export const holdTables = {
  /** Units set aside for an order. While active they are counted in `stock.held`. */
  holds: defineTable({
    orderId: v.id("orders"),
    variantId: v.id("variants"),
    quantity: v.number(),
    status: vHoldStatus,
    expiresAt: v.number(),
  })
    .index("by_orderId_and_status", ["orderId", "status"])
    .index("by_status_and_expiresAt", ["status", "expiresAt"]),
};
