import { v } from "convex/values";

import { internal } from "../_generated/api";
import { internalMutation, internalQuery } from "../lib/functions.ts";
import * as PaymentChecks from "../model/paymentChecks.ts";
import * as PaymentStart from "../model/paymentStart.ts";
import * as Refunds from "../model/refunds.ts";
import { vMoney } from "../tables/money.ts";
import { vCaptureTask, vOpenTask, vPaymentResult } from "../tables/paymentTasks.ts";
import { vPaymentMethodId } from "../tables/settings.ts";

const vOwnPayment = { paymentId: v.id("payments"), userId: v.id("users") };

/** The transactions of the actions in `payments`. */
export const prepareOpen = internalMutation({
  args: vOwnPayment,
  returns: vOpenTask,
  handler: (ctx, own) => PaymentStart.prepareOpen(ctx, own),
});

export const recordOpened = internalMutation({
  args: { paymentId: v.id("payments"), providerOrderId: v.string() },
  returns: v.string(),
  handler: (ctx, opened) => PaymentStart.recordOpened(ctx, opened),
});

export const prepareCapture = internalMutation({
  args: { ...vOwnPayment, providerOrderId: v.string() },
  returns: vCaptureTask,
  handler: (ctx, own) => PaymentStart.prepareCapture(ctx, own),
});

export const recordUnknown = internalMutation({
  args: { paymentId: v.id("payments") },
  returns: v.null(),
  handler: async (ctx, { paymentId }) => {
    await PaymentStart.recordUnknown(ctx, paymentId);
    return null;
  },
});

export const result = internalQuery({
  args: { paymentId: v.id("payments") },
  returns: vPaymentResult,
  handler: (ctx, { paymentId }) => PaymentChecks.summarize(ctx, paymentId),
});

/** The provider's order to ask about, or null when there is nothing to ask. */
export const startCheck = internalMutation({
  args: { paymentId: v.id("payments") },
  returns: v.union(v.string(), v.null()),
  handler: (ctx, { paymentId }) => PaymentChecks.start(ctx, paymentId),
});

/** Takes a refund for one try. */
export const claimRefund = internalMutation({
  args: { refundId: v.id("refunds") },
  returns: v.union(
    v.object({
      requestId: v.string(),
      captureId: v.string(),
      amount: vMoney,
      method: vPaymentMethodId,
    }),
    v.null(),
  ),
  handler: (ctx, { refundId }) => Refunds.claim(ctx, refundId),
});

export const refundNotMade = internalMutation({
  args: {
    refundId: v.id("refunds"),
    kind: v.union(v.literal("refused"), v.literal("unknown")),
    reason: v.string(),
  },
  returns: v.null(),
  handler: async (ctx, { refundId, kind, reason }) => {
    if (kind === "refused") await Refunds.refuse(ctx, refundId, reason);
    else await Refunds.postpone(ctx, refundId);
    return null;
  },
});

/** Asks about every payment that has waited too long, and sends refunds whose try was lost. */
export const checkOverdue = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    for (const paymentId of await PaymentChecks.listOverdue(ctx)) {
      await ctx.scheduler.runAfter(0, internal.jobs.payments.reconcile, { paymentId });
    }
    await Refunds.rescheduleOverdue(ctx);
    return null;
  },
});
