import { defineTable } from "convex/server";
import { v } from "convex/values";

import { vMoney } from "./money.ts";

export const cartTables = {
  carts: defineTable({
    userId: v.id("users"),
    /** Raised by every write to the cart or its lines. */
    version: v.number(),
    /** The sum of the quantities, for the badge. */
    itemCount: v.number(),
    updatedAt: v.number(),
  })
    .index("by_userId", ["userId"])
    .index("by_updatedAt", ["updatedAt"]),

  cartLines: defineTable({
    cartId: v.id("carts"),
    variantId: v.id("variants"),
    quantity: v.number(),
    /** The price that the customer last saw; a different price now is named on the line. */
    seenPrice: vMoney,
  })
    // eslint-disable-next-line @convex-dev/no-duplicate-indexes -- lines show in the order of adding
    .index("by_cartId", ["cartId"])
    .index("by_cartId_and_variantId", ["cartId", "variantId"])
    .index("by_variantId", ["variantId"]),
};
