import { v } from "convex/values";

import { vProductOption, vProductStatus, vTint } from "./catalog.ts";
import { vPicture, vStockView } from "./catalogViews.ts";
import { vMoney } from "./money.ts";

const productRowFields = {
  id: v.id("products"),
  slug: v.string(),
  sku: v.string(),
  name: v.string(),
  brand: v.string(),
  status: vProductStatus,
  categoryName: v.string(),
  tint: vTint,
  picture: v.union(vPicture, v.null()),
  price: vMoney,
  priceVaries: v.boolean(),
  compareAtPrice: v.union(vMoney, v.null()),
  stock: vStockView,
  onHand: v.number(),
  held: v.number(),
  /** The variant of a product that has no other: its count can be set right in the list. */
  onlyVariantId: v.union(v.id("variants"), v.null()),
};

export const vAdminProductRow = v.object(productRowFields);

export const vAdminProduct = v.object({
  ...productRowFields,
  description: v.string(),
  options: v.array(vProductOption),
  variants: v.array(
    v.object({
      id: v.id("variants"),
      sku: v.string(),
      options: v.record(v.string(), v.string()),
      price: vMoney,
      compareAtPrice: v.union(vMoney, v.null()),
      onHand: v.number(),
      held: v.number(),
      available: v.number(),
    }),
  ),
});
