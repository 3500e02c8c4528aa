import { expect, test } from "vitest";

import type { OrderAxes, OrderState } from "#convex/domain/order.ts";

import { expectOrder } from "./expected-order.ts";
import { type AdminOrder, orderSteps } from "./order-steps.ts";
import { paymentTruth } from "./payment-truth.ts";

type Kind = AdminOrder["timeline"][number]["kind"];
type Payment = AdminOrder["payments"][number];
type Claim = Payment["facts"][number]["fact"]["claim"];

const eur = (amount: number) => ({ amount, currency: "EUR" }) as const;

function orderWith(state: OrderState, axes: OrderAxes, kinds: readonly Kind[]): AdminOrder {
  const timeline = kinds.map((kind, at) => ({
    ...{ kind, at, by: "system" as const, byName: null, note: null, amount: null },
  }));
  return { state, axes, timeline } as unknown as AdminOrder;
}

const paid = () =>
  orderWith("paid", { payment: "paid", fulfilment: "unfulfilled" }, ["placed", "paid"]);

function told(order: Parameters<typeof orderSteps>[0]): string[] {
  return orderSteps(order).map((step) =>
    step.kind === "toCome" ? `(${step.name})` : `${step.event.kind} ${step.state}`,
  );
}

test("the last thing that happened is now, and the rest is to come", () => {
  expect(told(paid())).toEqual([
    "placed done",
    "paid now",
    "(processing)",
    "(shipped)",
    "(delivered)",
  ]);
});

test("an order that ended has nothing to come, and a cancellation is no success", () => {
  const axes = { payment: "void", fulfilment: "cancelled" } as const;
  expect(told(orderWith("cancelled", axes, ["placed", "cancelled"]))).toEqual([
    "placed done",
    "cancelled failed",
  ]);
});

test("a step that was just sent shows at once, marked as not agreed to yet", () => {
  const sent = new FormData();
  sent.set("intent", "startProcessing");
  const expected = expectOrder(paid(), sent, 9);

  expect(expected).toMatchObject({ state: "processing", isExpected: true });
  expect(orderSteps(expected).map((step) => step.kind === "happened" && step.isExpected)).toEqual([
    ...[false, false, true],
    ...[false, false],
  ]);
});

test("an order without a step under way, or that made it already, is as it is", () => {
  const sent = new FormData();
  sent.set("intent", "cancel");
  const gone = orderWith("cancelled", { payment: "void", fulfilment: "cancelled" }, ["cancelled"]);

  expect(expectOrder(paid(), undefined, 9).isExpected).toBe(false);
  expect(expectOrder(gone, sent, 9).timeline).toHaveLength(1);
});

function paymentWith(claims: readonly Claim[], over: Partial<Payment> = {}): Payment {
  const facts = claims.map((claim, at) => ({ at, outcome: "applied", fact: { claim } }));
  const record = { status: "captured", amount: eur(23_500), captureId: "C1", refunds: [] };
  return { ...record, providerOrderId: "O1", changedAt: 5, facts, ...over } as unknown as Payment;
}

const capture = (over: object = {}): Claim => ({
  ...{ kind: "capture", captureId: "C1", status: "COMPLETED", reason: null },
  ...{ amount: eur(23_500), payeeId: "M", customId: "P" },
  ...over,
});

const refund = (refundId: string, status: "PENDING" | "COMPLETED"): Claim => ({
  ...{ kind: "refund", refundId, captureId: "C1", status, amount: eur(1_000), customId: null },
});

test("a record that the provider agrees with has no row that differs", () => {
  expect(paymentTruth(paymentWith([capture({ status: "PENDING" }), capture()]))).toMatchObject({
    state: { ours: "captured", theirs: "COMPLETED" },
    differing: [],
  });
});

test("another amount and another capture stand out", () => {
  const truth = paymentTruth(paymentWith([capture({ amount: eur(24_500), captureId: "C2" })]));

  expect(truth.differing).toEqual(["amount", "reference"]);
});

test("a refund counts once however often it is told, and only when it is complete", () => {
  const claims = [
    capture(),
    refund("R1", "PENDING"),
    refund("R1", "COMPLETED"),
    refund("R2", "PENDING"),
  ];
  const { refunded, differing } = paymentTruth(paymentWith(claims));

  expect(refunded).toEqual({ ours: eur(0), theirs: eur(1_000) });
  expect(differing).toEqual(["refunded"]);
});

test("a provider that has said nothing is not guessed at", () => {
  expect(paymentTruth(paymentWith([], { status: "open", captureId: null }))).toMatchObject({
    state: { theirs: null },
    amount: { theirs: null },
    reference: { ours: "O1", theirs: null },
    differing: [],
  });
});
