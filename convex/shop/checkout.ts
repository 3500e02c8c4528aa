import { v } from "convex/values";

import { guestMutation, guestQuery } from "../lib/functions.ts";
import * as Checkout from "../model/checkout.ts";
import { viewCheckout } from "../model/checkoutView.ts";
import * as OrderEvents from "../model/orderEvents.ts";
import { vCheckoutView } from "../tables/checkoutViews.ts";
import { vAddress, vContact } from "../tables/checkouts.ts";
import { vDeliveryMethodId, vPaymentMethodId } from "../tables/settings.ts";

/** What was entered so far, and the quote of the live cart. */
export const get = guestQuery({
  args: {},
  returns: vCheckoutView,
  handler: (ctx) => viewCheckout(ctx, ctx.viewer.userId),
});

/** Throws INVALID_INPUT with the field. */
export const setContact = guestMutation({
  args: vContact.fields,
  returns: v.null(),
  handler: async (ctx, contact) => {
    await Checkout.setContact(ctx, { userId: ctx.viewer.userId, contact });
    return null;
  },
});

/** Throws INVALID_INPUT with the field. */
export const setAddress = guestMutation({
  args: vAddress.fields,
  returns: v.null(),
  handler: async (ctx, address) => {
    await Checkout.setAddress(ctx, { userId: ctx.viewer.userId, address });
    return null;
  },
});

/** Throws INVALID_INPUT when the method cannot carry what is in the cart. */
export const setDelivery = guestMutation({
  args: { methodId: vDeliveryMethodId },
  returns: v.null(),
  handler: async (ctx, { methodId }) => {
    await Checkout.setDelivery(ctx, { userId: ctx.viewer.userId, methodId });
    return null;
  },
});

/**
 * Sets the stock aside and creates the order that waits for its payment. A repetition for the same
 * quote answers with the same order. Throws CART_EMPTY, INVALID_INPUT, LINE_UNAVAILABLE,
 * PRICE_CHANGED, QUOTE_STALE, OUT_OF_STOCK, PAYMENT_PENDING, RATE_LIMITED.
 */
export const begin = guestMutation({
  args: { quoteVersion: v.string(), paymentMethod: vPaymentMethodId },
  returns: v.object({
    orderId: v.id("orders"),
    orderNumber: v.string(),
    paymentId: v.id("payments"),
    holdExpiresAt: v.number(),
  }),
  handler: (ctx, { quoteVersion, paymentMethod: method }) => {
    const { userId } = ctx.viewer;
    const actor = OrderEvents.customer(ctx.viewer);
    return Checkout.begin(ctx, { userId, actor, quoteVersion, method });
  },
});

/** Throws NOT_FOUND, ORDER_NOT_PAYABLE. */
export const abandon = guestMutation({
  args: { orderId: v.id("orders") },
  returns: v.null(),
  handler: async (ctx, { orderId }) => {
    const actor = OrderEvents.customer(ctx.viewer);
    await Checkout.abandon(ctx, { userId: ctx.viewer.userId, actor, orderId });
    return null;
  },
});

/** Throws NOT_FOUND, ORDER_NOT_PAYABLE, OUT_OF_STOCK, LINE_UNAVAILABLE. */
export const extendHold = guestMutation({
  args: { orderId: v.id("orders") },
  returns: v.object({ holdExpiresAt: v.number() }),
  handler: (ctx, { orderId }) => Checkout.extendHold(ctx, { userId: ctx.viewer.userId, orderId }),
});
