import fc from "fast-check";
import { expect, test } from "vitest";

import { normalizeValue } from "./normalize.ts";
import { isOrdinaryJson } from "./ordinary-json.ts";
import { VALUE_LIMITS } from "../lib/limits.ts";

test.for<[string, (extent: number) => unknown, number]>([
  ["an array", (length) => ["]", new Array(length).fill(0)], VALUE_LIMITS.arrayLength.max],
  [
    "an object",
    (fields) => ({ a: Object.fromEntries(Array.from({ length: fields }, (_, n) => [`${n}`, 0])) }),
    VALUE_LIMITS.objectFields.max,
  ],
  [
    "arrays in arrays",
    (levels) => nested(levels, (inner) => [inner]),
    VALUE_LIMITS.valueNesting.max,
  ],
  [
    "objects in objects",
    (levels) => nested(levels, (inner) => ({ '"\\': "{", inner })),
    VALUE_LIMITS.valueNesting.max,
  ],
])("%s is ordinary up to the limit", ([, make, max]) => {
  expect(isOrdinaryJson(JSON.stringify(make(max)))).toBe(true);
  expect(isOrdinaryJson(JSON.stringify(make(max + 1)))).toBe(false);
});

test("many small containers side by side, with brackets and commas in their texts, are ordinary", () => {
  const rows = Array.from({ length: 5_000 }, (_, n) => ({ n, text: `,"[{\\${n}`, list: [n, n] }));
  expect(isOrdinaryJson(JSON.stringify(rows))).toBe(true);
});

test("a lone surrogate is not ordinary", () => {
  expect(isOrdinaryJson(JSON.stringify("\ud800"))).toBe(false);
  expect(isOrdinaryJson(JSON.stringify("😀"))).toBe(true);
});

test("what is ordinary is a value, whatever its texts and fields", () => {
  const texts = fc.string({ unit: fc.constantFrom('"', "\\", "[", "{", ",", "a") });
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      texts,
      fc.array(tie("tree")),
      fc.dictionary(texts, tie("tree")),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      expect(isOrdinaryJson(JSON.stringify(value))).toBe(true);
      expect(() => normalizeValue(value)).not.toThrow(/too/);
    }),
  );
});

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 0;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}
