import type { Infer } from "convex/values";
import { v } from "convex/values";

import { internal } from "../_generated/api";
import { appError } from "../lib/errors.ts";
import { guestAction, guestMutation } from "../lib/functions.ts";
import * as Orders from "../model/orders.ts";
import * as PaymentStart from "../model/paymentStart.ts";
import { vPaymentResult } from "../tables/paymentTasks.ts";
import { vPaymentMethodId } from "../tables/settings.ts";

/**
 * Pays an unpaid order, by the same method again or by the other one.
 * Throws NOT_FOUND, ORDER_NOT_PAYABLE, PAYMENT_PENDING, OUT_OF_STOCK, LINE_UNAVAILABLE.
 */
export const start = guestMutation({
  args: { orderId: v.id("orders"), paymentMethod: vPaymentMethodId },
  returns: v.object({
    orderId: v.id("orders"),
    orderNumber: v.string(),
    paymentId: v.id("payments"),
    holdExpiresAt: v.number(),
  }),
  handler: async (ctx, { orderId, paymentMethod: method }) => {
    const order = await Orders.getOwnById(ctx, { orderId, userId: ctx.viewer.userId });
    return await PaymentStart.start(ctx, { order, method });
  },
});

/**
 * The PayPal order for the buyer's button; the same one each time while it can be used.
 * Throws NOT_FOUND, ORDER_NOT_PAYABLE, PAYMENT_PENDING, HOLD_LAPSED, PAYMENT_UNAVAILABLE,
 * RATE_LIMITED.
 */
export const createPayPalOrder = guestAction({
  args: { paymentId: v.id("payments") },
  returns: v.object({ payPalOrderId: v.string() }),
  handler: async (ctx, { paymentId }): Promise<{ payPalOrderId: string }> => {
    const { userId } = ctx.viewer;
    const providerOrderId = await ctx.runAction(internal.jobs.payments.open, { paymentId, userId });
    if (providerOrderId === null) throw appError({ code: "PAYMENT_UNAVAILABLE" });
    return { payPalOrderId: providerOrderId };
  },
});

/**
 * Takes the money for an order that the buyer has approved. Safe to repeat. `unknown` means that
 * PayPal gave no answer; the order page will show what it says.
 * Throws NOT_FOUND, ORDER_NOT_PAYABLE, and, with the order ended and nothing charged,
 * PRICE_CHANGED, QUOTE_STALE, OUT_OF_STOCK, LINE_UNAVAILABLE.
 */
export const capture = guestAction({
  args: { paymentId: v.id("payments"), payPalOrderId: v.string() },
  returns: vPaymentResult,
  handler: async (ctx, { paymentId, payPalOrderId }): Promise<Infer<typeof vPaymentResult>> => {
    const { userId } = ctx.viewer;
    const providerOrderId = payPalOrderId;
    const own = { paymentId, userId, providerOrderId };
    const answer = await ctx.runAction(internal.jobs.payments.capture, own);
    if (answer.kind === "refused") throw appError(answer.error);
    return answer.result;
  },
});

/** The buyer closed PayPal's window. The stock stays set aside until the hold lapses. */
export const cancel = guestMutation({
  args: { paymentId: v.id("payments") },
  returns: v.null(),
  handler: async (ctx, { paymentId }) => {
    await PaymentStart.cancelAtProvider(ctx, { paymentId, userId: ctx.viewer.userId });
    return null;
  },
});
