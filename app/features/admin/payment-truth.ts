import type { Money } from "#convex/domain/money.ts";
import type { CaptureStatus, ClaimedMoney, PaymentStatus } from "#convex/domain/payment.ts";

import type { AdminOrder } from "./order-steps.ts";

export type Payment = AdminOrder["payments"][number];
type Claim = Payment["facts"][number]["fact"]["claim"];
type CaptureClaim = Extract<Claim, { kind: "capture" }>;

/** Our record of a payment beside the provider's last word on it. Null: it has said nothing of it. */
export type PaymentTruth = {
  readonly state: { readonly ours: PaymentStatus; readonly theirs: string | null };
  readonly amount: { readonly ours: Money; readonly theirs: ClaimedMoney | null };
  readonly refunded: { readonly ours: Money; readonly theirs: ClaimedMoney | null };
  readonly reference: { readonly ours: string | null; readonly theirs: string | null };
  readonly changed: { readonly ours: number; readonly theirs: number | null };
  /** Rows in which the two say different things. */
  readonly differing: readonly ("state" | "amount" | "refunded" | "reference")[];
};

const OURS_FOR: Readonly<Record<CaptureStatus, readonly PaymentStatus[]>> = {
  PENDING: ["pending"],
  DECLINED: ["declined", "created", "open"],
  FAILED: ["declined", "created", "open"],
  COMPLETED: ["captured"],
  PARTIALLY_REFUNDED: ["captured"],
  REFUNDED: ["captured"],
  REVERSED: ["needsReview"],
};

export function paymentTruth(payment: Payment): PaymentTruth {
  const captures = claims(payment, "capture");
  const capture = captures.at(-1) ?? null;
  const amount = captures.findLast((claim) => claim.amount !== null)?.amount ?? null;
  const refunded = refundedByProvider(payment);
  const ours = refundedByUs(payment);
  const differing = [
    capture !== null && !OURS_FOR[capture.status].includes(payment.status) && ("state" as const),
    amount !== null && !isSame(payment.amount, amount) && ("amount" as const),
    refunded !== null && !isSame(ours, refunded) && ("refunded" as const),
    capture !== null && payment.captureId !== capture.captureId && ("reference" as const),
  ].filter((row) => row !== false);
  return {
    state: { ours: payment.status, theirs: capture?.status ?? null },
    amount: { ours: payment.amount, theirs: amount },
    refunded: { ours, theirs: refunded },
    reference: {
      ours: payment.captureId ?? payment.providerOrderId,
      theirs: capture?.captureId ?? null,
    },
    changed: { ours: payment.changedAt, theirs: payment.facts.at(-1)?.at ?? null },
    differing,
  };
}

function claims(payment: Payment, kind: "capture"): readonly CaptureClaim[] {
  return payment.facts.flatMap(({ fact: { claim } }) => (claim.kind === kind ? [claim] : []));
}

function refundedByUs({ refunds, amount }: Payment): Money {
  const completed = refunds.filter(({ state }) => state === "completed");
  return { ...amount, amount: completed.reduce((sum, refund) => sum + refund.amount.amount, 0) };
}

/** Each refund counts once, however often it was told, as its last word says. */
function refundedByProvider({ facts }: Payment): ClaimedMoney | null {
  const last = new Map<string, Extract<Claim, { kind: "refund" }>>();
  for (const { fact } of facts) {
    if (fact.claim.kind === "refund") last.set(fact.claim.refundId, fact.claim);
  }
  const refunds = [...last.values()];
  const [first] = refunds;
  if (first === undefined) return null;
  const completed = refunds.filter(({ status }) => status === "COMPLETED");
  return {
    currency: first.amount.currency,
    amount: completed.reduce((sum, { amount }) => sum + amount.amount, 0),
  };
}

function isSame(ours: ClaimedMoney, theirs: ClaimedMoney): boolean {
  return ours.amount === theirs.amount && ours.currency === theirs.currency;
}
