import type { Money } from "./money.ts";

export type PaymentMethod = "paypal" | "bankTransfer";

export type PaymentStatus =
  | "created"
  | "open"
  | "approved"
  | "capturing"
  | "unknown"
  | "pending"
  | "captured"
  | "declined"
  | "needsReview";

export type FactSource = "capture" | "webhook" | "reconcile" | "refund" | "manual";

export type CaptureStatus =
  "PENDING" | "DECLINED" | "FAILED" | "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED" | "REVERSED";

export type RefundStatus = "PENDING" | "COMPLETED" | "FAILED" | "CANCELLED";

/** An amount as somebody else states it: minor units of any currency. */
export type ClaimedMoney = { readonly amount: number; readonly currency: string };

/** What the provider says about a captured payment. Null means that it did not say. */
export type CaptureClaim = {
  readonly captureId: string;
  readonly status: CaptureStatus;
  readonly reason: string | null;
  readonly amount: ClaimedMoney | null;
  readonly payeeId: string | null;
  readonly customId: string | null;
};

/**
 * One thing that the provider told us, in our words. `apply` takes these and nothing else, so that a
 * capture response, a webhook and a reconciliation read cannot disagree about what they cause.
 */
export type PaymentFact = {
  readonly source: FactSource;
  readonly eventId: string | null;
  readonly providerOrderId: string | null;
  readonly claim:
    | {
        readonly kind: "order";
        readonly status: "open" | "approved" | "voided";
        readonly customId: string | null;
      }
    | { readonly kind: "attempt"; readonly status: "declined"; readonly reason: string }
    | ({ readonly kind: "capture" } & CaptureClaim)
    | {
        readonly kind: "refund";
        readonly refundId: string;
        readonly captureId: string;
        readonly status: RefundStatus;
        readonly amount: ClaimedMoney;
        readonly customId: string | null;
      }
    | {
        readonly kind: "dispute";
        readonly disputeId: string;
        readonly captureId: string;
        readonly status: string;
      };
};

export type PaymentSnapshot = {
  readonly id: string;
  readonly status: PaymentStatus;
  readonly amount: Money;
  readonly captureId: string | null;
  readonly captureStatus: CaptureStatus | null;
};

export type CaptureProblem = "amountMismatch" | "duplicatePayment";

export type CaptureDecision =
  | { readonly kind: "ignored"; readonly why: "duplicate" | "outOfOrder" }
  /** Not enough said to be believed: the caller asks the provider and comes back. */
  | { readonly kind: "unproven" }
  | { readonly kind: "pending"; readonly reason: string }
  | { readonly kind: "declined"; readonly reason: string }
  | { readonly kind: "captured" }
  | { readonly kind: "reversed" }
  | { readonly kind: "review"; readonly problem: CaptureProblem };

// A later word about the same capture has a higher rank; what arrives late changes nothing.
const CAPTURE_RANK: Readonly<Record<CaptureStatus, number>> = {
  PENDING: 1,
  DECLINED: 2,
  FAILED: 2,
  COMPLETED: 3,
  PARTIALLY_REFUNDED: 4,
  REFUNDED: 5,
  REVERSED: 6,
};

const REFUND_RANK: Readonly<Record<RefundStatus, number>> = {
  PENDING: 1,
  FAILED: 2,
  CANCELLED: 2,
  COMPLETED: 3,
};

/** What a capture claim means for a payment. Pure: the effects are the caller's. */
export function decideCapture(
  payment: PaymentSnapshot,
  claim: CaptureClaim,
  payeeId: string,
): CaptureDecision {
  const isOther = payment.captureId !== null && payment.captureId !== claim.captureId;
  if (isOther && !hasFailed(payment.captureStatus)) return decideSecondCapture(claim);
  const known = isOther ? null : payment.captureStatus;
  if (known !== null && CAPTURE_RANK[claim.status] <= CAPTURE_RANK[known]) {
    return { kind: "ignored", why: claim.status === known ? "duplicate" : "outOfOrder" };
  }
  if (hasFailed(claim.status)) return { kind: "declined", reason: claim.reason ?? claim.status };
  if (claim.status === "REVERSED") return { kind: "reversed" };
  return decideMoney(payment, claim, payeeId);
}

/** True while an answer of the provider is due: stock stays held and the payment is asked about. */
export function isInFlight(status: PaymentStatus): boolean {
  return status === "capturing" || status === "unknown" || status === "pending";
}

/** Which refund status is the later word. */
export function isLaterRefund(known: RefundStatus | null, claimed: RefundStatus): boolean {
  return known === null || REFUND_RANK[claimed] > REFUND_RANK[known];
}

function hasFailed(status: CaptureStatus | null): boolean {
  return status === "DECLINED" || status === "FAILED";
}

function decideSecondCapture(claim: CaptureClaim): CaptureDecision {
  return hasFailed(claim.status)
    ? { kind: "ignored", why: "outOfOrder" }
    : { kind: "review", problem: "duplicatePayment" };
}

function decideMoney(
  payment: PaymentSnapshot,
  claim: CaptureClaim,
  payeeId: string,
): CaptureDecision {
  const { amount, customId } = claim;
  if (amount === null || claim.payeeId === null || customId === null) return { kind: "unproven" };
  const isOurs =
    amount.amount === payment.amount.amount &&
    amount.currency === payment.amount.currency &&
    claim.payeeId === payeeId &&
    customId === payment.id;
  if (!isOurs) return { kind: "review", problem: "amountMismatch" };
  if (claim.status === "PENDING") return { kind: "pending", reason: claim.reason ?? "OTHER" };
  return { kind: "captured" };
}
