import { v } from "convex/values";

import { vTint } from "./catalog.ts";
import { vPicture } from "./catalogViews.ts";
import { vMoney } from "./money.ts";

export const vCartLineView = v.object({
  id: v.id("cartLines"),
  variantId: v.id("variants"),
  productSlug: v.string(),
  sku: v.string(),
  name: v.string(),
  optionLabel: v.string(),
  picture: v.union(vPicture, v.null()),
  tint: vTint,
  /** As asked for; `lineTotal` counts no more than are available. */
  quantity: v.number(),
  unitPrice: vMoney,
  priceWas: v.union(vMoney, v.null()),
  lineTotal: vMoney,
  available: v.number(),
  state: v.union(v.literal("ok"), v.literal("reduced"), v.literal("unavailable")),
});

export const vCartView = v.object({
  lines: v.array(vCartLineView),
  count: v.number(),
  subtotal: vMoney,
  /** Of the cheapest method that can carry the cart; null for an empty cart. */
  deliveryEstimate: v.union(vMoney, v.null()),
  total: vMoney,
  taxIncluded: vMoney,
  freeDeliveryFrom: v.union(vMoney, v.null()),
  version: v.number(),
});
