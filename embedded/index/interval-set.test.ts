import fc from "fast-check";
import { expect, test } from "vitest";

import { containsKey, mergeIntervals, pointInterval, someContains } from "./interval-set.ts";
import { keys, intervals } from "./test-intervals.ts";

test("merged intervals hold the same keys as before, are sorted and do not touch", () => {
  fc.assert(
    fc.property(fc.array(intervals, { maxLength: 8 }), fc.array(keys), (all, probes) => {
      const merged = mergeIntervals(all);
      for (const probe of probes) {
        const expected = all.some((interval) => containsKey(interval, probe));
        expect(someContains(merged, probe)).toBe(expected);
      }
      for (const [position, { lower }] of merged.entries()) {
        const previous = merged[position - 1];
        if (previous !== undefined) {
          expect(previous.upper !== null && previous.upper < lower).toBe(true);
        }
      }
    }),
  );
});

test("a point holds its key and nothing else", () => {
  const point = pointInterval("a");
  expect(containsKey(point, "a")).toBe(true);
  expect(containsKey(point, "a\0")).toBe(false);
  expect(containsKey(point, "")).toBe(false);
});

test("empty intervals vanish", () => {
  expect(
    mergeIntervals([
      { lower: "b", upper: "a" },
      { lower: "a", upper: "a" },
    ]),
  ).toEqual([]);
});
