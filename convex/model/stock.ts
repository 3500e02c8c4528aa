import type { Infer } from "convex/values";

import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import type { StockChange } from "../domain/stock.ts";
import { adjustedOnHand, availableOf, stockState } from "../domain/stock.ts";
import { appError, invalidInput, notFound } from "../lib/errors.ts";
import type { vStockView } from "../tables/catalogViews.ts";

export type StockView = Infer<typeof vStockView>;

/** No product has more variants. */
export const MAX_VARIANTS = 100;

export async function getStock(
  ctx: Pick<QueryCtx, "db">,
  variantId: Id<"variants">,
): Promise<Doc<"stock">> {
  const row = await ctx.db
    .query("stock")
    .withIndex("by_variantId", (q) => q.eq("variantId", variantId))
    .unique();
  if (row === null) throw notFound("variant");
  return row;
}

export async function listProductStock(
  ctx: Pick<QueryCtx, "db">,
  productId: Id<"products">,
): Promise<Doc<"stock">[]> {
  return await ctx.db
    .query("stock")
    .withIndex("by_productId", (q) => q.eq("productId", productId))
    .take(MAX_VARIANTS);
}

export function viewStock(available: number, lowStockThreshold: number): StockView {
  return { state: stockState(available, lowStockThreshold), available };
}

export function viewTotalStock(
  rows: readonly Doc<"stock">[],
  lowStockThreshold: number,
): StockView {
  const available = rows.reduce((total, row) => total + availableOf(row), 0);
  return viewStock(available, lowStockThreshold);
}

export type StockAdjustment = {
  variantId: Id<"variants">;
  change: StockChange;
  reason: string;
  actorId: Id<"users">;
  /** The count that the manager saw, when the change is meant for that one only. */
  expected?: number | undefined;
};

/**
 * Corrects a count by hand and keeps the movement. Throws INVALID_INPUT for an impossible count, or
 * CONFLICT_STALE when the count is not the expected one any more.
 */
export async function adjustStock(
  ctx: MutationCtx,
  { variantId, change, reason, actorId, expected }: StockAdjustment,
): Promise<{ before: number; after: number }> {
  const row = await getStock(ctx, variantId);
  if (expected !== undefined && expected !== row.onHand) {
    const actual = String(row.onHand);
    throw appError({ code: "CONFLICT_STALE", expected: String(expected), actual });
  }
  const onHand = adjustedOnHand(row, change);
  if (onHand === null) throw invalidInput(change.kind === "delta" ? "delta" : "setTo", "count");
  await ctx.db.patch("stock", row._id, { onHand });
  await ctx.db.insert("stockMovements", {
    variantId,
    productId: row.productId,
    kind: "adjust",
    delta: onHand - row.onHand,
    onHandAfter: onHand,
    reason,
    actorId,
    reference: null,
    at: Date.now(),
  });
  return { before: row.onHand, after: onHand };
}
