import { expect, test } from "vitest";

import { type OrderEvent, type OrderState, orderSteps } from "./order-steps.ts";
import { outcomeOf } from "./thanks-page.tsx";

test("the latest event is where the order is, and the rest of the way is to come", () => {
  expect(steps("paid", ["placed", "paid"])).toEqual([
    "placed done",
    "paid now",
    "processing todo",
    "shipped todo",
    "delivered todo",
  ]);
});

test("a payment that is looked at keeps the payment to come", () => {
  expect(steps("paymentPending", ["placed", "paymentPending"])).toEqual([
    "placed done",
    "paymentPending now",
    "paid todo",
    "processing todo",
    "shipped todo",
    "delivered todo",
  ]);
});

test("a delivered order has nothing to come", () => {
  const kinds = ["placed", "paid", "processing", "shipped", "delivered"] as const;

  expect(steps("delivered", kinds)).toEqual(kinds.map((kind) => `${kind} done`));
});

test("a cancelled order ends there, with its refund behind it", () => {
  expect(steps("cancelled", ["placed", "paid", "cancelled", "refunded"])).toEqual([
    "placed done",
    "paid done",
    "cancelled failed",
    "refunded done",
  ]);
});

test("a declined payment is a failure on the way, not the end of it", () => {
  expect(steps("awaitingPayment", ["placed", "paymentDeclined"]).slice(0, 3)).toEqual([
    "placed done",
    "paymentDeclined failed",
    "paid todo",
  ]);
});

test("the thanks page says how the payment stands", () => {
  expect(outcome("paid", "captured")).toBe("paid");
  expect(outcome("shipped", "captured")).toBe("paid");
  expect(outcome("paymentPending", "pending")).toBe("pending");
  expect(outcome("needsReview", "needsReview")).toBe("review");
  expect(outcome("awaitingPayment", "unknown")).toBe("asking");
  expect(outcome("awaitingPayment", "declined")).toBe("unpaid");
  expect(outcome("cancelled", "open")).toBe("ended");
});

function steps(state: OrderState, kinds: readonly OrderEvent["kind"][]): string[] {
  const timeline = kinds.map((kind, index): OrderEvent => ({
    kind,
    at: index,
    by: "system",
    byName: null,
    note: null,
    amount: null,
  }));
  return orderSteps({ timeline, state }).map((step) =>
    step.state === "todo" ? `${step.milestone} todo` : `${step.event.kind} ${step.state}`,
  );
}

type Payment = Parameters<typeof outcomeOf>[0]["payment"];

function outcome(state: OrderState, status: Payment["status"]) {
  return outcomeOf({
    state,
    payment: { id: null, method: "paypal", status, reason: null, transfer: null },
  });
}
