import { compareValues as officialCompare, jsonToConvex, type JSONValue } from "convex/values";
import fc from "fast-check";
import { expect, test } from "vitest";

import { afterKey, afterPrefix, compareValues, encodeKey, encodeKeyPart } from "./index-key.ts";
import { encodeFloat64, encodeInt64, type JsonValue } from "./json-value.ts";
import { optionalValues, values } from "./test-values.ts";

const float = (value: number): JsonValue => encodeFloat64(value);
const int = (value: bigint): JsonValue => encodeInt64(value);
const bytes = (...content: number[]): JsonValue => ({
  $bytes: Buffer.from(content).toString("base64"),
});

/** Every step of the total order, lowest first. */
const ORDERED: (JsonValue | undefined)[] = [
  undefined,
  null,
  int(-(2n ** 63n)),
  int(-(2n ** 31n) - 1n),
  int(-(2n ** 31n)),
  int(-32769n),
  int(-32768n),
  int(-129n),
  int(-128n),
  int(-1n),
  int(0n),
  int(1n),
  int(127n),
  int(128n),
  int(32767n),
  int(32768n),
  int(2n ** 31n),
  int(2n ** 63n - 1n),
  { $float: Buffer.from("000000000000f8ff", "hex").toString("base64") },
  float(-Infinity),
  -1.5,
  -5e-324,
  float(-0),
  0,
  5e-324,
  1,
  1.5,
  float(Infinity),
  float(NaN),
  false,
  true,
  "",
  "\0",
  "\0a",
  "a",
  "a\0",
  "aa",
  "é",
  "\uffff",
  "😀",
  bytes(),
  bytes(0),
  bytes(0, 0),
  bytes(1),
  bytes(255),
  [],
  [null],
  [null, null],
  [1],
  [[]],
  {},
  { "": null },
  { "": null, a: null },
  { a: null },
  { a: null, b: null },
  { a: 1 },
  { aa: null },
];

test("keys put values of all types into the total order", () => {
  const keys = ORDERED.map(encodeKeyPart);
  expect(keys).toEqual(keys.toSorted());
  expect(new Set(keys).size).toBe(keys.length);
});

test("strings sort by UTF-8, not by UTF-16 code units", () => {
  expect(["😀", "\uffff"].toSorted()).toEqual(["😀", "\uffff"]);
  expect(compareValues("\uffff", "😀")).toBe(-1);
});

test("bytes of the encoding are Convex's", () => {
  const hex = (value: JsonValue | undefined): string =>
    Buffer.from(encodeKeyPart(value), "latin1").toString("hex");
  expect(hex(undefined)).toBe("01");
  expect(hex(null)).toBe("03");
  expect(hex(int(0n))).toBe("08");
  expect(hex(int(1n))).toBe("0901");
  expect(hex(int(-1n))).toBe("07ff");
  expect(hex(int(128n))).toBe("0a0080");
  expect(hex(int(-129n))).toBe("06ff7f");
  expect(hex(int(2n ** 63n - 1n))).toBe("0c7fffffffffffffff");
  expect(hex(1)).toBe("0dbff0000000000000");
  expect(hex(-1)).toBe("0d400fffffffffffff");
  expect(hex(false)).toBe("0e");
  expect(hex(true)).toBe("0f");
  expect(hex("a\0b")).toBe("106100ff6200");
  expect(hex(bytes(0, 1))).toBe("1100ff0100");
  expect(hex([null, true])).toBe("12030f00");
  expect(hex({ "": null, a: true })).toBe("1500ff0361000f00");
  expect(hex({ $commitTs: null })).toBe("0c7fffffffffffffff");
});

test("comparing keys is comparing values as the official package does", () => {
  fc.assert(
    fc.property(values, values, (left, right) => {
      // The official decoder loses fields of this name.
      fc.pre(!JSON.stringify([left, right]).includes("__proto__"));
      const official = officialCompare(decode(left), decode(right));
      expect(Math.sign(compareValues(left, right))).toBe(Math.sign(official));
    }),
    { numRuns: 2000 },
  );
});

test("keys of tuples compare element by element", () => {
  const tuples = fc.array(optionalValues, { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(tuples, tuples, (left, right) => {
      const first = left.findIndex(
        (value, position) => compareValues(value, right[position]) !== 0,
      );
      if (first < 0 || first >= right.length) return;
      const expected = compareValues(left[first], right[first]);
      const order = encodeKey(left) < encodeKey(right) ? -1 : 1;
      expect(order).toBe(expected);
    }),
  );
});

test("the end of a prefix lies after all its continuations and before the next value", () => {
  fc.assert(
    fc.property(optionalValues, optionalValues, optionalValues, (value, rest, other) => {
      const prefix = encodeKey([value]);
      const end = afterPrefix(prefix);
      expect(encodeKey([value, rest]) < end).toBe(true);
      expect(encodeKey([value, rest]) >= prefix).toBe(true);
      const order = compareValues(other, value);
      if (order > 0) expect(encodeKey([other, rest]) > end).toBe(true);
      if (order < 0) expect(encodeKey([other, rest]) < prefix).toBe(true);
    }),
  );
});

test("nothing lies between a key and the key after it", () => {
  fc.assert(
    fc.property(optionalValues, optionalValues, (value, other) => {
      const key = encodeKeyPart(value);
      const otherKey = encodeKeyPart(other);
      expect(otherKey > key && otherKey < afterKey(key)).toBe(false);
    }),
  );
});

function decode(value: JsonValue): ReturnType<typeof jsonToConvex> {
  return jsonToConvex(value as JSONValue);
}
