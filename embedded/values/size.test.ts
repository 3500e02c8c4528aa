import { getConvexSize, jsonToConvex, type JSONValue } from "convex/values";
import fc from "fast-check";
import { expect, test } from "vitest";

import { valueNesting, valueSize } from "./size.ts";
import { values } from "./test-values.ts";

test("sizes are those of the official package", () => {
  fc.assert(
    fc.property(values, (value) => {
      fc.pre(!JSON.stringify(value).includes("__proto__"));
      expect(valueSize(value)).toBe(getConvexSize(jsonToConvex(value as JSONValue)));
    }),
  );
});

test("nesting counts arrays and objects, not encoded scalars", () => {
  expect(valueNesting(1)).toBe(0);
  expect(valueNesting({ $integer: "AAAAAAAAAAA=" })).toBe(0);
  expect(valueNesting([])).toBe(1);
  expect(valueNesting({ a: [{ b: null }], c: 1 })).toBe(3);
});
