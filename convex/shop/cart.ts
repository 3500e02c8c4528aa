import { v } from "convex/values";

import { guestMutation, visitorQuery } from "../lib/functions.ts";
import * as Cart from "../model/cart.ts";
import { viewCart } from "../model/cartView.ts";
import { vCartView } from "../tables/cartViews.ts";

/** The viewer's cart; empty for a stranger. */
export const get = visitorQuery({
  args: {},
  returns: vCartView,
  handler: (ctx) => viewCart(ctx, ctx.viewer?.userId ?? null),
});

/** How many things are in it, for the badge. */
export const count = visitorQuery({
  args: {},
  returns: v.number(),
  handler: async (ctx) => {
    const cart = ctx.viewer === null ? null : await Cart.findCart(ctx, ctx.viewer.userId);
    return cart?.itemCount ?? 0;
  },
});

/** Returns the new count. Throws INVALID_INPUT, NOT_FOUND, OUT_OF_STOCK or QUANTITY_LIMIT. */
export const add = guestMutation({
  args: { variantId: v.id("variants"), quantity: v.number() },
  returns: v.number(),
  handler: (ctx, { variantId, quantity }) =>
    Cart.addToCart(ctx, { userId: ctx.viewer.userId, variantId, quantity }),
});

/** Zero removes the line. Throws like `add`. */
export const setQuantity = guestMutation({
  args: { lineId: v.id("cartLines"), quantity: v.number() },
  returns: v.number(),
  handler: (ctx, { lineId, quantity }) =>
    Cart.setCartQuantity(ctx, { userId: ctx.viewer.userId, lineId, quantity }),
});

export const remove = guestMutation({
  args: { lineId: v.id("cartLines") },
  returns: v.number(),
  handler: (ctx, { lineId }) => Cart.removeFromCart(ctx, { userId: ctx.viewer.userId, lineId }),
});

/** Undoes a removal, as far as the stock still allows. */
export const restore = guestMutation({
  args: { variantId: v.id("variants"), quantity: v.number() },
  returns: v.number(),
  handler: (ctx, { variantId, quantity }) =>
    Cart.restoreToCart(ctx, { userId: ctx.viewer.userId, variantId, quantity }),
});

/** Takes note of changed prices and reduced quantities. */
export const acknowledgeChanges = guestMutation({
  args: {},
  returns: v.number(),
  handler: (ctx) => Cart.acknowledgeChanges(ctx, ctx.viewer.userId),
});
