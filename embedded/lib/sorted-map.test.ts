import fc from "fast-check";
import { expect, test } from "vitest";

import { SortedMap } from "./sorted-map.ts";

const keys = fc.string({ maxLength: 3, unit: fc.constantFrom("\0", "a", "b", "\xff") });

test("it answers like a sorted list of entries", () => {
  const commands = fc.array(fc.tuple(keys, fc.option(fc.nat())), { maxLength: 60 });
  fc.assert(
    fc.property(commands, keys, (writes, probe) => {
      const map = new SortedMap<number>();
      const model = new Map<string, number>();
      for (const [key, value] of writes) {
        if (value === null) expect(map.delete(key)).toBe(model.delete(key));
        else {
          map.set(key, value);
          model.set(key, value);
        }
      }
      const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
      const entryOf = (pair: [string, number] | undefined) =>
        pair === undefined ? null : { key: pair[0], value: pair[1] };
      expect(map.size).toBe(sorted.length);
      expect([...map.entries()]).toEqual(sorted.map(entryOf));
      expect(map.get(probe)).toBe(model.get(probe));
      expect(map.has(probe)).toBe(model.has(probe));
      expect(map.ceiling(probe)).toEqual(entryOf(sorted.find(([key]) => key >= probe)));
      expect(map.below(probe)).toEqual(entryOf(sorted.findLast(([key]) => key < probe)));
      expect(map.below(null)).toEqual(entryOf(sorted[sorted.length - 1]));
    }),
  );
});

test("many keys in any order stay in order", () => {
  const map = new SortedMap<number>();
  const count = 5000;
  for (let step = 0; step < count; step += 1) {
    const number = (step * 3571) % count;
    map.set(String(number).padStart(5, "0"), number);
  }
  expect([...map.entries()].map(({ value }) => value)).toEqual(
    Array.from({ length: count }, (_, position) => position),
  );
  for (let number = 0; number < count; number += 2) map.delete(String(number).padStart(5, "0"));
  expect(map.size).toBe(count / 2);
  expect(map.ceiling("02500")?.value).toBe(2501);
  expect(map.below("02500")?.value).toBe(2499);
});

test("a stored undefined is an entry", () => {
  const map = new SortedMap<undefined>();
  map.set("a", undefined);
  expect(map.has("a")).toBe(true);
  expect(map.ceiling("")).toEqual({ key: "a", value: undefined });
});
