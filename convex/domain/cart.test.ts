import fc from "fast-check";
import { expect, test } from "vitest";

import { MAX_LINE_QUANTITY, mergedQuantity, payableQuantity } from "./cart.ts";

const quantity = fc.integer({ min: 1, max: MAX_LINE_QUANTITY });

test("ACC-8: merging never exceeds stock or limit, and never loses a thing that is in stock", () => {
  const stock = fc.integer({ min: 1, max: 200 });
  fc.assert(
    fc.property(quantity, quantity, stock, (mine, guests, available) => {
      const merged = mergedQuantity(mine, guests, available);
      expect(merged).toBeLessThanOrEqual(Math.min(available, MAX_LINE_QUANTITY));
      expect(merged).toBe(Math.min(mine + guests, available, MAX_LINE_QUANTITY));
    }),
  );
});

test("ACC-8: what is out of stock stays in the cart", () => {
  expect(mergedQuantity(2, 3, 0)).toBe(3);
});

test("CRT-3: no more than is available is ever charged", () => {
  fc.assert(
    fc.property(quantity, fc.integer({ min: -5, max: 200 }), (wanted, available) => {
      const payable = payableQuantity(wanted, available);
      expect(payable).toBeGreaterThanOrEqual(0);
      expect(payable).toBeLessThanOrEqual(Math.max(0, available));
      expect(payable).toBeLessThanOrEqual(wanted);
    }),
  );
});
