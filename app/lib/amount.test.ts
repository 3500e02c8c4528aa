import { expect, test } from "vitest";

import { amountText, parseAmount } from "./amount.ts";

test.each([
  ["79", 7900],
  ["79.9", 7990],
  [" 79,90 ", 7990],
  ["0.01", 1],
  ["19.99", 1999],
  ["999999999.99", 99_999_999_999],
])("%j is an amount", (typed, amount) => {
  expect(parseAmount(typed)).toBe(amount);
});

test.each(["", "free", "-1", "1.999", "1,000.00", "1e3", ".5", "0x10", "Infinity"])(
  "%j is no amount",
  (typed) => {
    expect(parseAmount(typed)).toBeNull();
  },
);

test("an amount in a field is read back as it was", () => {
  for (const amount of [1, 10, 999, 1999, 7900, 100_000_000]) {
    expect(parseAmount(amountText(amount))).toBe(amount);
  }
});
