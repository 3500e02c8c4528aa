import type { Infer } from "convex/values";
import { v } from "convex/values";

import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import type { PaymentFact } from "../domain/payment.ts";
import { internalAction, internalMutation } from "../lib/functions.ts";
import * as Payments from "../model/payments.ts";
import type { Told } from "../providers/payments/port.ts";
import { vAppError } from "../tables/appError.ts";
import { vFactOutcome, vPaymentFact } from "../tables/payments.ts";
import { vPaymentResult } from "../tables/paymentTasks.ts";
import { payPal, providerOf } from "./providers.ts";

const ASK_AGAIN_MS = 30_000;

const vOwnPayment = { paymentId: v.id("payments"), userId: v.id("users") };

const vCaptured = v.union(
  v.object({ kind: v.literal("refused"), error: vAppError }),
  v.object({ kind: v.literal("done"), result: vPaymentResult }),
);

/**
 * The one door for what a payment provider says; see `Payments.applyFact`. Answers for each fact
 * what became of it, null when it is about no payment of this shop.
 */
export const apply = internalMutation({
  args: { facts: v.array(vPaymentFact) },
  returns: v.array(v.union(vFactOutcome, v.null())),
  handler: async (ctx, { facts }) => {
    const outcomes: (Infer<typeof vFactOutcome> | null)[] = [];
    for (const fact of facts) {
      const applied = await Payments.applyFact(ctx, fact, payPal().payeeId);
      outcomes.push(applied?.outcome ?? null);
    }
    return outcomes;
  },
});

/** Opens the provider's order for a payment; its id, or null when the provider is not to be had. */
export const open = internalAction({
  args: vOwnPayment,
  returns: v.union(v.string(), v.null()),
  handler: async (ctx, own): Promise<string | null> => {
    const task = await ctx.runMutation(internal.jobs.paymentSteps.prepareOpen, own);
    if (task.kind === "open") return task.providerOrderId;
    const answer = await payPal().open(task.request);
    if (answer.kind !== "opened") {
      console.error(`Payment ${own.paymentId} could not be opened: ${answer.reason}`);
      return null;
    }
    const { providerOrderId } = answer;
    const opened = { paymentId: own.paymentId, providerOrderId };
    return await ctx.runMutation(internal.jobs.paymentSteps.recordOpened, opened);
  },
});

/** Takes the money of an approved order and says how the payment stands. */
export const capture = internalAction({
  args: { ...vOwnPayment, providerOrderId: v.string() },
  returns: vCaptured,
  handler: async (ctx, own): Promise<Infer<typeof vCaptured>> => {
    const { paymentId } = own;
    const task = await ctx.runMutation(internal.jobs.paymentSteps.prepareCapture, own);
    if (task.kind === "refused") return task;
    if (task.kind === "capture") {
      const { providerOrderId, requestId } = task;
      const answer = await payPal().capture({ providerOrderId, requestId });
      await settleCapture(ctx, { paymentId, providerOrderId }, answer);
    }
    const result = await ctx.runQuery(internal.jobs.paymentSteps.result, { paymentId });
    return { kind: "done", result };
  },
});

/** Asks the provider how a payment stands, and applies the answer. */
export const reconcile = internalAction({
  args: { paymentId: v.id("payments") },
  returns: v.null(),
  handler: async (ctx, { paymentId }): Promise<null> => {
    const providerOrderId = await ctx.runMutation(internal.jobs.paymentSteps.startCheck, {
      paymentId,
    });
    if (providerOrderId === null) return null;
    const answer = await payPal().read({ providerOrderId, source: "reconcile" });
    if (answer.kind === "told") await applyFacts(ctx, answer.facts);
    else console.error(`Payment ${paymentId} could not be read: ${answer.reason}`);
    return null;
  },
});

/** Sends a decided refund. The request id is the refund's own, so a repetition pays once. */
export const refund = internalAction({
  args: { refundId: v.id("refunds") },
  returns: v.null(),
  handler: async (ctx, { refundId }): Promise<null> => {
    const task = await ctx.runMutation(internal.jobs.paymentSteps.claimRefund, { refundId });
    const provider = task === null ? null : providerOf(task.method);
    if (task === null || provider?.settles !== "online") return null;
    const answer = await provider.payments.refund({ ...task, refundId });
    if (answer.kind === "told") {
      await applyFacts(ctx, answer.facts);
      return null;
    }
    console.error(`Refund ${refundId} was not made: ${answer.reason}`);
    const { kind, reason } = answer;
    await ctx.runMutation(internal.jobs.paymentSteps.refundNotMade, { refundId, kind, reason });
    return null;
  },
});

type Capturing = { paymentId: Id<"payments">; providerOrderId: string };

async function settleCapture(ctx: ActionCtx, payment: Capturing, answer: Told): Promise<void> {
  if (answer.kind === "told") {
    await applyFacts(ctx, answer.facts);
    return;
  }
  const { paymentId } = payment;
  console.error(`Capture of payment ${paymentId} is unknown: ${answer.reason}`);
  await ctx.runMutation(internal.jobs.paymentSteps.recordUnknown, { paymentId });
  await applyFacts(ctx, await readCapture(payment));
  await ctx.scheduler.runAfter(ASK_AGAIN_MS, internal.jobs.payments.reconcile, { paymentId });
}

// Without an answer, asking is the only way to know. A capture that shows already is applied; one
// that does not show yet may still be under way, so nothing is concluded from its absence now.
async function readCapture({ providerOrderId }: Capturing): Promise<readonly PaymentFact[]> {
  const read = await payPal().read({ providerOrderId, source: "reconcile" });
  return read.kind === "told" ? read.facts.filter(({ claim }) => claim.kind === "capture") : [];
}

async function applyFacts(ctx: ActionCtx, facts: readonly PaymentFact[]): Promise<void> {
  if (facts.length > 0) await ctx.runMutation(internal.jobs.payments.apply, { facts: [...facts] });
}
