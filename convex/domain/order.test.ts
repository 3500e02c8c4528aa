import { expect, test } from "vitest";

import type { OrderActor, OrderFulfilment, OrderPayment } from "./order.ts";
import { canMoveFulfilment, canMovePayment, canPay, orderState } from "./order.ts";

const PAYMENTS: OrderPayment[] = [
  "awaiting",
  "pending",
  "paid",
  "needsReview",
  "partiallyRefunded",
  "refunded",
  "void",
];
const FULFILMENTS: OrderFulfilment[] = [
  "unfulfilled",
  "processing",
  "shipped",
  "delivered",
  "cancelled",
];

function fulfilmentMoves(payment: OrderPayment, actor: OrderActor): string[] {
  return FULFILMENTS.flatMap((fulfilment) =>
    FULFILMENTS.filter((to) => canMoveFulfilment({ payment, fulfilment }, to, actor)).map(
      (to) => `${fulfilment}>${to}`,
    ),
  );
}

test("ORD-6 a paid order goes through packing and shipping to delivery, in that order only", () => {
  expect(fulfilmentMoves("paid", "staff")).toEqual([
    "unfulfilled>processing",
    "unfulfilled>cancelled",
    "processing>shipped",
    "processing>cancelled",
    "shipped>delivered",
  ]);
});

test("ORD-6 goods do not move before the money has arrived", () => {
  for (const payment of ["awaiting", "pending", "needsReview", "void", "refunded"] as const) {
    expect(fulfilmentMoves(payment, "staff")).toEqual([
      "unfulfilled>cancelled",
      "processing>cancelled",
    ]);
  }
});

test("ORD-6 a customer cancels until packing starts", () => {
  for (const payment of ["awaiting", "pending", "paid"] as const) {
    expect(canMoveFulfilment({ payment, fulfilment: "unfulfilled" }, "cancelled", "customer")).toBe(
      true,
    );
    expect(canMoveFulfilment({ payment, fulfilment: "processing" }, "cancelled", "customer")).toBe(
      false,
    );
  }
  const underReview = { payment: "needsReview", fulfilment: "unfulfilled" } as const;
  expect(canMoveFulfilment(underReview, "cancelled", "customer")).toBe(false);
});

test("ORD-6 the payment axis moves by its own table", () => {
  const moves = PAYMENTS.flatMap((from) =>
    PAYMENTS.filter((to) => canMovePayment(from, to)).map((to) => `${from}>${to}`),
  );
  expect(moves).toEqual([
    "awaiting>pending",
    "awaiting>paid",
    "awaiting>needsReview",
    "awaiting>void",
    "pending>awaiting",
    "pending>paid",
    "pending>needsReview",
    "pending>void",
    "paid>needsReview",
    "paid>partiallyRefunded",
    "paid>refunded",
    "needsReview>paid",
    "needsReview>partiallyRefunded",
    "needsReview>refunded",
    "needsReview>void",
    "partiallyRefunded>needsReview",
    "partiallyRefunded>refunded",
    "void>pending",
    "void>paid",
    "void>needsReview",
  ]);
});

test("ORD-6 every pair of axes has one title", () => {
  expect(orderState({ payment: "awaiting", fulfilment: "unfulfilled" })).toBe("awaitingPayment");
  expect(orderState({ payment: "pending", fulfilment: "unfulfilled" })).toBe("paymentPending");
  expect(orderState({ payment: "paid", fulfilment: "unfulfilled" })).toBe("paid");
  expect(orderState({ payment: "partiallyRefunded", fulfilment: "delivered" })).toBe("delivered");
  expect(orderState({ payment: "refunded", fulfilment: "delivered" })).toBe("refunded");
  expect(orderState({ payment: "refunded", fulfilment: "cancelled" })).toBe("cancelled");
  expect(orderState({ payment: "needsReview", fulfilment: "processing" })).toBe("needsReview");
});

test("ORD-5 only an order that waits for its money can be paid", () => {
  const payable = PAYMENTS.flatMap((payment) =>
    FULFILMENTS.filter((fulfilment) => canPay({ payment, fulfilment })).map(
      (fulfilment) => `${payment}/${fulfilment}`,
    ),
  );
  expect(payable).toEqual(["awaiting/unfulfilled"]);
});
