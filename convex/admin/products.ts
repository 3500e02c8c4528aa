import { v } from "convex/values";

import { invalidInput } from "../lib/errors.ts";
import { staffMutation, staffQuery } from "../lib/functions.ts";
import { listForStaff } from "../model/adminProductList.ts";
import * as Products from "../model/adminProducts.ts";
import type { StockChange } from "../domain/stock.ts";
import { adjustStock as adjust } from "../model/stock.ts";
import { vAdminProduct, vAdminProductRow } from "../tables/adminViews.ts";

const MAX_REASON_LENGTH = 200;

const vBeside = v.object({
  side: v.union(v.literal("after"), v.literal("before")),
  productId: v.string(),
});

/**
 * Without a search all by status and name, `beside` a product that was on another page; a search has
 * numbered pages of its best 200 matches. `isTotalExact` is false where there are more than `total`.
 */
export const list = staffQuery({
  permission: "product:read:any",
  args: {
    search: v.string(),
    page: v.number(),
    pageSize: v.number(),
    beside: v.union(vBeside, v.null()),
  },
  returns: v.object({
    rows: v.array(vAdminProductRow),
    total: v.number(),
    isTotalExact: v.boolean(),
    page: v.number(),
    hasPrevious: v.boolean(),
    hasNext: v.boolean(),
  }),
  handler: (ctx, args) => listForStaff(ctx, args),
});

/** Takes whatever the address says as an id. Throws NOT_FOUND. */
export const get = staffQuery({
  permission: "product:read:any",
  args: { productId: v.string() },
  returns: vAdminProduct,
  handler: (ctx, { productId }) => Products.getForStaff(ctx, productId),
});

/**
 * Amounts are minor units; `expected` is the price that was on the page. Throws INVALID_INPUT, CONFLICT_STALE, NOT_FOUND.
 */
export const setPrice = staffMutation({
  permission: "product:write",
  action: "products.setPrice",
  args: {
    variantId: v.id("variants"),
    price: v.number(),
    compareAtPrice: v.union(v.number(), v.null()),
    expected: v.number(),
  },
  returns: v.null(),
  handler: async (ctx, change) => {
    const { product, variant } = await Products.setPrice(ctx, change);
    const before = variant.compareAtPrice?.amount ?? null;
    const after = change.compareAtPrice;
    ctx.audit.record({
      subject: { table: "variants", id: variant._id, label: `${product.name} ${variant.sku}` },
      changes: [
        { field: "price", before: variant.price.amount, after: change.price },
        ...(before === after ? [] : [{ field: "compareAtPrice", before, after }]),
      ],
    });
    return null;
  },
});

/**
 * Corrects a count by `delta` or to `setTo`, of which exactly one is given, and returns the new
 * one; with `expected`, only if that is still the count. Throws INVALID_INPUT, CONFLICT_STALE or
 * NOT_FOUND.
 */
export const adjustStock = staffMutation({
  permission: "stock:write",
  action: "products.adjustStock",
  args: {
    variantId: v.id("variants"),
    delta: v.optional(v.number()),
    setTo: v.optional(v.number()),
    expected: v.optional(v.number()),
    reason: v.string(),
  },
  returns: v.number(),
  handler: async (ctx, { variantId, reason, expected, ...counts }) => {
    const { variant, product } = await Products.getVariant(ctx, variantId);
    const change = readChange(counts);
    if (reason.trim() === "") throw invalidInput("reason", "required");
    if (reason.length > MAX_REASON_LENGTH) throw invalidInput("reason", "tooLong");
    const correction = { variantId, change, reason, expected, actorId: ctx.viewer.userId };
    const { before, after } = await adjust(ctx, correction);
    ctx.audit.record({
      subject: { table: "variants", id: variantId, label: `${product.name} ${variant.sku}` },
      changes: [{ field: "onHand", before, after }],
    });
    return after;
  },
});

function readChange({ delta, setTo }: { delta?: number; setTo?: number }): StockChange {
  if (delta !== undefined && setTo === undefined) return { kind: "delta", value: delta };
  if (setTo !== undefined && delta === undefined) return { kind: "setTo", value: setTo };
  throw invalidInput(setTo === undefined ? "delta" : "setTo", "required");
}
