import { expect, test } from "vitest";

import {
  add,
  compare,
  isPriceAmount,
  money,
  multiply,
  subtract,
  sum,
  taxIncluded,
} from "./money.ts";

test("ORD-2: amounts are whole minor units and stay so", () => {
  expect(() => money(19.99)).toThrow(RangeError);
  expect(() => multiply(money(999), 1.5)).toThrow(RangeError);
  expect(sum([money(1), money(2), money(3)])).toEqual(money(6));
  expect(subtract(add(money(100), money(50)), money(150))).toEqual(money(0));
  expect(compare(money(1), money(2))).toBeLessThan(0);
});

test("ORD-2: the tax contained in a price is rounded to the nearest minor unit", () => {
  expect(taxIncluded(money(11_900), 1900)).toEqual(money(1900));
  expect(taxIncluded(money(5490), 1900)).toEqual(money(877));
  expect(taxIncluded(money(-11_900), 1900)).toEqual(money(-1900));
  expect(taxIncluded(money(0), 1900)).toEqual(money(0));
});

test("ADM-2: a price is a positive whole number of minor units within range", () => {
  expect([1, 100_000_000].every(isPriceAmount)).toBe(true);
  expect([0, -1, 0.5, Number.NaN, 100_000_001].some(isPriceAmount)).toBe(false);
});
