import fc from "fast-check";
import { expect, test } from "vitest";

import { IntervalIndex, type IntervalHandle } from "./interval-index.ts";
import { containsKey, type Interval } from "./interval-set.ts";
import { CountedKey, intervals, keys } from "./test-intervals.ts";

test("it finds the owners that a scan of all intervals finds", () => {
  const commands = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: intervals.map((interval) => ({ add: interval })) },
      { weight: 1, arbitrary: fc.nat(20).map((position) => ({ remove: position })) },
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(commands, fc.array(keys, { minLength: 1 }), (steps, probes) => {
      const index = new IntervalIndex<number>();
      const model: { owner: number; interval: Interval; handle: IntervalHandle }[] = [];
      for (const [owner, step] of steps.entries()) {
        if ("add" in step) {
          const handle = index.add(step.add, owner);
          model.push({ owner, interval: step.add, handle });
        } else {
          const [removed] = model.splice(step.remove, 1);
          if (removed !== undefined) {
            index.remove(removed.handle);
            index.remove(removed.handle);
          }
        }
      }
      expect(index.size).toBe(model.length);
      for (const probe of probes) {
        const found: number[] = [];
        index.forEachContaining(probe, (owner) => found.push(owner));
        const expected = model
          .filter(({ interval }) => containsKey(interval, probe))
          .map(({ owner }) => owner);
        expect(found.sort(numerically)).toEqual(expected.sort(numerically));
      }
      const all: number[] = [];
      index.forEach((owner) => all.push(owner));
      expect(all.sort(numerically)).toEqual(model.map(({ owner }) => owner).sort(numerically));
    }),
    { numRuns: 300 },
  );
});

test("equal intervals of several owners are separate", () => {
  const index = new IntervalIndex<string>();
  const interval = { lower: "a", upper: null };
  const first = index.add(interval, "first");
  index.add(interval, "second");
  index.remove(first);
  const found: string[] = [];
  index.forEachContaining("b", (owner) => found.push(owner));
  expect(found).toEqual(["second"]);
});

function numerically(left: number, right: number): number {
  return left - right;
}

test("a key is compared with few of ten thousand intervals that do not hold it", () => {
  const index = new IntervalIndex<number>();
  const keyOf = (n: number) => CountedKey.of(String(n).padStart(6, "0"));
  for (let n = 0; n < 10_000; n += 1)
    index.add({ lower: keyOf(n * 4), upper: keyOf(n * 4 + 3) }, n);
  const found: number[] = [];
  CountedKey.looks = 0;
  index.forEachContaining("020002", (owner) => found.push(owner));
  expect(found).toEqual([5_000]);
  expect(CountedKey.looks).toBeGreaterThan(0);
  expect(CountedKey.looks).toBeLessThan(500);
});
