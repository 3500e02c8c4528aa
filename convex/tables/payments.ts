import { defineTable } from "convex/server";
import type { Validator } from "convex/values";
import { v } from "convex/values";

import type {
  CaptureStatus,
  FactSource,
  PaymentFact,
  PaymentStatus,
  RefundStatus,
} from "../domain/payment.ts";
import { vMoney } from "./money.ts";
import { vPaymentMethodId } from "./settings.ts";

export const vPaymentStatus = v.union(
  v.literal("created"),
  v.literal("open"),
  v.literal("approved"),
  v.literal("capturing"),
  v.literal("unknown"),
  v.literal("pending"),
  v.literal("captured"),
  v.literal("declined"),
  v.literal("needsReview"),
) satisfies Validator<PaymentStatus>;

export const vCaptureStatus = v.union(
  v.literal("PENDING"),
  v.literal("DECLINED"),
  v.literal("FAILED"),
  v.literal("COMPLETED"),
  v.literal("PARTIALLY_REFUNDED"),
  v.literal("REFUNDED"),
  v.literal("REVERSED"),
) satisfies Validator<CaptureStatus>;

export const vProviderRefundStatus = v.union(
  v.literal("PENDING"),
  v.literal("COMPLETED"),
  v.literal("FAILED"),
  v.literal("CANCELLED"),
) satisfies Validator<RefundStatus>;

export const vFactSource = v.union(
  v.literal("capture"),
  v.literal("webhook"),
  v.literal("reconcile"),
  v.literal("refund"),
  v.literal("manual"),
) satisfies Validator<FactSource>;

const vClaimedMoney = v.object({ amount: v.number(), currency: v.string() });
const vNullableString = v.union(v.string(), v.null());

export const vPaymentClaim = v.union(
  v.object({
    kind: v.literal("order"),
    status: v.union(v.literal("open"), v.literal("approved"), v.literal("voided")),
    customId: vNullableString,
  }),
  v.object({
    kind: v.literal("attempt"),
    status: v.literal("declined"),
    reason: v.string(),
  }),
  v.object({
    kind: v.literal("capture"),
    captureId: v.string(),
    status: vCaptureStatus,
    reason: vNullableString,
    amount: v.union(vClaimedMoney, v.null()),
    payeeId: vNullableString,
    customId: vNullableString,
  }),
  v.object({
    kind: v.literal("refund"),
    refundId: v.string(),
    captureId: v.string(),
    status: vProviderRefundStatus,
    amount: vClaimedMoney,
    customId: vNullableString,
  }),
  v.object({
    kind: v.literal("dispute"),
    disputeId: v.string(),
    captureId: v.string(),
    status: v.string(),
  }),
) satisfies Validator<PaymentFact["claim"], "required", string>;

export const vPaymentFact = v.object({
  source: vFactSource,
  eventId: vNullableString,
  providerOrderId: vNullableString,
  claim: vPaymentClaim,
}) satisfies Validator<PaymentFact, "required", string>;

/** What became of a fact. */
export const vFactOutcome = v.union(
  v.literal("applied"),
  v.literal("duplicate"),
  v.literal("outOfOrder"),
  v.literal("unproven"),
  v.literal("review"),
);

export const vRefundState = v.union(
  v.literal("requested"),
  v.literal("pending"),
  v.literal("completed"),
  v.literal("failed"),
);

export const paymentTables = {
  payments: defineTable({
    orderId: v.id("orders"),
    method: vPaymentMethodId,
    amount: vMoney,
    quoteVersion: v.string(),
    status: vPaymentStatus,
    /**
     * Counts the tries of the whole order and is part of the request ids and the invoice id. It is
     * raised only after a definite no, never to repeat a question.
     */
    attempt: v.number(),
    providerOrderId: v.union(v.string(), v.null()),
    /** The provider's last order that came to nothing: late words about its approval are ignored. */
    voidedOrderId: v.union(v.string(), v.null()),
    captureId: v.union(v.string(), v.null()),
    captureStatus: v.union(vCaptureStatus, v.null()),
    /** The provider's reason for pending or declined. */
    reason: v.union(v.string(), v.null()),
    changedAt: v.number(),
  })
    .index("by_orderId", ["orderId"])
    .index("by_providerOrderId", ["providerOrderId"])
    .index("by_captureId", ["captureId"])
    .index("by_status_and_changedAt", ["status", "changedAt"]),

  /** Every word of the provider, believed or not. Rows are only ever added. */
  paymentFacts: defineTable({
    paymentId: v.id("payments"),
    fact: vPaymentFact,
    outcome: vFactOutcome,
    at: v.number(),
  }).index("by_paymentId_and_at", ["paymentId", "at"]),

  refunds: defineTable({
    orderId: v.id("orders"),
    paymentId: v.id("payments"),
    amount: vMoney,
    reason: v.string(),
    state: vRefundState,
    providerRefundId: v.union(v.string(), v.null()),
    providerStatus: v.union(vProviderRefundStatus, v.null()),
    failures: v.number(),
    requestedAt: v.number(),
    /** When to try; null when a person makes the refund, or nothing is left to try. */
    nextAttemptAt: v.union(v.number(), v.null()),
  })
    .index("by_paymentId", ["paymentId"])
    .index("by_providerRefundId", ["providerRefundId"])
    .index("by_state_and_nextAttemptAt", ["state", "nextAttemptAt"]),
};
