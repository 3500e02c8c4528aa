import { expect, test } from "vitest";

import { expectedReads, parseOperators } from "./query-stream.ts";

const filter = { filter: { $literal: true } };

test("a limit tells how many documents are going to be read", () => {
  expect(expectedReads(parseOperators([{ limit: 24 }, { limit: 30 }]))).toBe(24);
  expect(expectedReads(parseOperators([]))).toBeUndefined();
});

test("a page reads no more than its size", () => {
  expect(expectedReads(parseOperators([]), 10)).toBe(10);
  expect(expectedReads(parseOperators([{ limit: 3 }]), 10)).toBe(3);
});

test("how many documents a filter drops is not known, how many it gets may be", () => {
  expect(expectedReads(parseOperators([filter, { limit: 24 }]), 10)).toBeUndefined();
  expect(expectedReads(parseOperators([{ limit: 24 }, filter]), 10)).toBe(24);
});
