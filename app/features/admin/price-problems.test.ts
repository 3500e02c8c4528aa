import { expect, test } from "vitest";

import { priceProblems } from "./price-problems.ts";

test.each([
  ["79", "", {}],
  ["79", "99.50", {}],
  ["", "", { price: "required" }],
  ["0", "", { price: "range" }],
  ["1000000.01", "", { price: "range" }],
  ["a lot", "", { price: "format" }],
  ["79", "79", { compareAtPrice: "notHigher" }],
  ["79", "soon", { compareAtPrice: "format" }],
  ["x", "99", { price: "format" }],
])("a price of %j, formerly %j", (price, compareAtPrice, problems) => {
  expect(priceProblems({ price, compareAtPrice })).toEqual(problems);
});
