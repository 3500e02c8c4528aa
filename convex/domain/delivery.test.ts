import { expect, test } from "vitest";

import type { DeliveryMethod } from "./delivery.ts";
import { deliveryOptionsFor, findDeliveryOption } from "./delivery.ts";
import { money } from "./money.ts";

const METHODS: DeliveryMethod[] = [
  method("standard", 490, { freeFrom: money(8000), maxWeightGrams: 12_000 }),
  method("express", 1290, { maxWeightGrams: 12_000 }),
  method("large-item", 4900, { minWeightGrams: 12_001 }),
];

function method(
  id: DeliveryMethod["id"],
  price: number,
  over: Partial<DeliveryMethod>,
): DeliveryMethod {
  const days = { minDays: 1, maxDays: 4, minWeightGrams: 0, maxWeightGrams: null };
  return { id, name: id, price: money(price), freeFrom: null, ...days, ...over };
}

function priceOf(goodsValue: number, weightGrams: number, id: DeliveryMethod["id"]) {
  const parcel = { goodsValue: money(goodsValue), weightGrams };
  return findDeliveryOption(METHODS, parcel, id)?.price.amount ?? null;
}

test("ORD-1 a light parcel goes standard or express", () => {
  const parcel = { goodsValue: money(5000), weightGrams: 12_000 };
  const options = deliveryOptionsFor(METHODS, parcel);
  expect(options.map(({ method: { id }, price }) => [id, price.amount])).toEqual([
    ["standard", 490],
    ["express", 1290],
  ]);
});

test("ORD-1 standard delivery is free from 80 euro, one cent less is not", () => {
  expect(priceOf(7999, 1, "standard")).toBe(490);
  expect(priceOf(8000, 1, "standard")).toBe(0);
});

test("ORD-1 express is never free", () => {
  expect(priceOf(100_000, 1, "express")).toBe(1290);
});

test("ORD-1 above twelve kilograms only the large-item method carries the parcel", () => {
  const parcel = { goodsValue: money(100_000), weightGrams: 12_001 };
  const options = deliveryOptionsFor(METHODS, parcel);
  expect(options.map(({ method: { id }, price }) => [id, price.amount])).toEqual([
    ["large-item", 4900],
  ]);
  expect(priceOf(100_000, 12_000, "large-item")).toBeNull();
});
