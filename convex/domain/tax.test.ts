import { expect, test } from "vitest";

import { money } from "./money.ts";
import { taxIncluded } from "./tax.ts";

test("ORD-2 contained tax is rounded to the nearest cent", () => {
  const taxes = [5490, 11_650, 3090, 4690, 0, 3].map((a) => taxIncluded(money(a), 1900).amount);
  expect(taxes).toEqual([877, 1860, 493, 749, 0, 0]);
});

test("ORD-2 a refund contains as much tax as the payment did", () => {
  expect(taxIncluded(money(-5490), 1900)).toEqual(money(-877));
});
