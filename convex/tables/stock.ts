import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vStockMovementKind = v.union(
  v.literal("import"),
  v.literal("adjust"),
  v.literal("sale"),
  v.literal("return"),
);

export const stockTables = {
  /**
   * One small, hot row for each variant. For sale are `onHand − held`: payment starting raises
   * `held`, a lapse lowers it, and a sale lowers both.
   */
  stock: defineTable({
    variantId: v.id("variants"),
    productId: v.id("products"),
    onHand: v.number(),
    held: v.number(),
  })
    .index("by_variantId", ["variantId"])
    .index("by_productId", ["productId"]),

  stockMovements: defineTable({
    variantId: v.id("variants"),
    productId: v.id("products"),
    kind: vStockMovementKind,
    delta: v.number(),
    onHandAfter: v.number(),
    reason: v.string(),
    actorId: v.union(v.id("users"), v.null()),
    /** The order's number for sales and returns. */
    reference: v.union(v.string(), v.null()),
    at: v.number(),
  }).index("by_variantId_and_at", ["variantId", "at"]),
};
