import { convexToJson, type Value } from "convex/values";
import { expect, test } from "vitest";

import { cleanJson } from "./clean-json.ts";

const clean = (value: Value) =>
  JSON.parse(cleanJson(JSON.stringify(convexToJson(value)))) as unknown;

test("values that JSON lacks become strings, wherever they are", () => {
  const bytes = new Uint8Array([1, 2, 3]).buffer;
  expect(clean({ a: [1n, -(2n ** 63n)], b: { c: bytes }, d: [NaN, Infinity, -Infinity] })).toEqual({
    a: ["1", "-9223372036854775808"],
    b: { c: "AQID" },
    d: ["NaN", "Infinity", "-Infinity"],
  });
});

test("everything else stays as it is", () => {
  const value = { text: '"$integer"', list: [null, true, 1.5, ""], nested: { deep: [{}] } };
  expect(clean(value)).toEqual(value);
});
