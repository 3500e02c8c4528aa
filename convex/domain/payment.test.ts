import { expect, test } from "vitest";

import type { CaptureClaim, CaptureStatus, PaymentSnapshot } from "./payment.ts";
import { decideCapture, isInFlight, isLaterRefund } from "./payment.ts";

const PAYEE = "MERCHANT1";

function payment(over: Partial<PaymentSnapshot> = {}): PaymentSnapshot {
  return {
    id: "pay1",
    status: "capturing",
    amount: { amount: 5490, currency: "EUR" },
    captureId: null,
    captureStatus: null,
    ...over,
  };
}

function claim(over: Partial<CaptureClaim> = {}): CaptureClaim {
  return {
    captureId: "cap1",
    status: "COMPLETED",
    reason: null,
    amount: { amount: 5490, currency: "EUR" },
    payeeId: PAYEE,
    customId: "pay1",
    ...over,
  };
}

test("ORD-4 a completed capture of the right amount, payee and payment is believed", () => {
  expect(decideCapture(payment(), claim(), PAYEE)).toEqual({ kind: "captured" });
});

test("ORD-4 a wrong amount, currency, payee or custom id is put up for review", () => {
  const wrong: Partial<CaptureClaim>[] = [
    { amount: { amount: 5489, currency: "EUR" } },
    { amount: { amount: 5490, currency: "USD" } },
    { payeeId: "SOMEBODY" },
    { customId: "pay2" },
  ];
  for (const over of wrong) {
    const expected = { kind: "review", problem: "amountMismatch" };
    expect(decideCapture(payment(), claim(over), PAYEE)).toEqual(expected);
    expect(decideCapture(payment(), claim({ ...over, status: "PENDING" }), PAYEE)).toEqual(
      expected,
    );
  }
});

test("ORD-4 a claim that leaves out amount, payee or custom id is not believed yet", () => {
  for (const over of [{ amount: null }, { payeeId: null }, { customId: null }]) {
    expect(decideCapture(payment(), claim(over), PAYEE)).toEqual({ kind: "unproven" });
  }
});

test("ORD-4 out-of-order PENDING after COMPLETED: the later word stands", () => {
  const statuses: CaptureStatus[] = [
    "PENDING",
    "DECLINED",
    "FAILED",
    "COMPLETED",
    "PARTIALLY_REFUNDED",
    "REFUNDED",
    "REVERSED",
  ];
  const known = payment({ captureId: "cap1", captureStatus: "COMPLETED" });
  const kinds = statuses.map((status) => {
    const decision = decideCapture(known, claim({ status }), PAYEE);
    return decision.kind === "ignored" ? decision.why : decision.kind;
  });
  expect(kinds).toEqual([
    "outOfOrder",
    "outOfOrder",
    "outOfOrder",
    "duplicate",
    "captured",
    "captured",
    "reversed",
  ]);
});

test("ORD-4 a pending capture keeps its reason and may still be denied or completed", () => {
  const pending = claim({ status: "PENDING", reason: "ECHECK" });
  expect(decideCapture(payment(), pending, PAYEE)).toEqual({ kind: "pending", reason: "ECHECK" });
  const known = payment({ captureId: "cap1", captureStatus: "PENDING" });
  expect(decideCapture(known, claim({ status: "DECLINED" }), PAYEE)).toEqual({
    kind: "declined",
    reason: "DECLINED",
  });
  expect(decideCapture(known, claim(), PAYEE)).toEqual({ kind: "captured" });
});

test("ORD-4 a second capture for a payment that has its money is put up for review", () => {
  const known = payment({ captureId: "cap1", captureStatus: "COMPLETED" });
  expect(decideCapture(known, claim({ captureId: "cap2" }), PAYEE)).toEqual({
    kind: "review",
    problem: "duplicatePayment",
  });
});

test("ORD-4 after a decline, the buyer's next capture counts", () => {
  const known = payment({ captureId: "cap1", captureStatus: "DECLINED" });
  expect(decideCapture(known, claim({ captureId: "cap2" }), PAYEE)).toEqual({ kind: "captured" });
});

test("a payment whose answer is due is in flight", () => {
  expect((["capturing", "unknown", "pending"] as const).every(isInFlight)).toBe(true);
  expect((["created", "open", "approved", "captured", "declined"] as const).some(isInFlight)).toBe(
    false,
  );
});

test("a refund's later word has the higher rank", () => {
  expect(isLaterRefund(null, "PENDING")).toBe(true);
  expect(isLaterRefund("PENDING", "COMPLETED")).toBe(true);
  expect(isLaterRefund("COMPLETED", "PENDING")).toBe(false);
  expect(isLaterRefund("COMPLETED", "COMPLETED")).toBe(false);
});
