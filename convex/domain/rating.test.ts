import { expect, test } from "vitest";

import { addRating, averageRating, isRating, ratingScore } from "./rating.ts";

test("SHP-5: the summary is what the reviews say", () => {
  const summary = [5, 4, 4].reduce<ReturnType<typeof addRating> | null>(addRating, null);
  expect(summary).toEqual({ count: 3, sum: 13, distribution: [0, 0, 0, 2, 1] });
  expect(averageRating(summary!)).toBe(4.3);
});

test("SHP-5: a rating is one to five whole stars", () => {
  expect([1, 2, 3, 4, 5].every(isRating)).toBe(true);
  expect([0, 6, 4.5, Number.NaN].some(isRating)).toBe(false);
});

test("SHP-2: one perfect review does not outrank many very good ones", () => {
  const many = { count: 40, sum: 192, distribution: [0, 0, 0, 8, 32] };
  const one = { count: 1, sum: 5, distribution: [0, 0, 0, 0, 1] };
  expect(ratingScore(many)).toBeGreaterThan(ratingScore(one));
  expect(ratingScore(one)).toBeGreaterThan(ratingScore(null));
});
