import { expect, test } from "vitest";

import { hasCommitTs, resolveCommitTs } from "./commit-ts.ts";
import { displayValue } from "./display.ts";
import { compareValues } from "./index-key.ts";
import { encodeInt64, int64Of, type JsonValue } from "./json-value.ts";
import { parseValue, stringifyValue } from "./normalize.ts";
import { valueNesting, valueSize } from "./size.ts";
import { checkValue, parseValidator } from "./validator.ts";

const PLACEHOLDER: JsonValue = { $commitTs: null };
const LARGEST = encodeInt64(2n ** 63n - 1n);

const textOf = (value: JsonValue) =>
  stringifyValue(parseValue(JSON.stringify(value), { commitTs: true }));

test("every placeholder of a value takes the timestamp, wherever it is", () => {
  const text = textOf({ a: PLACEHOLDER, b: [PLACEHOLDER, { c: [[PLACEHOLDER]] }], d: 1 });
  const ts = encodeInt64(12345678901234567n);
  expect(resolveCommitTs(text, 12345678901234567n)).toBe(
    textOf({ a: ts, b: [ts, { c: [[ts]] }], d: 1 }),
  );
  expect(resolveCommitTs(textOf(PLACEHOLDER), 1n)).toBe(textOf(encodeInt64(1n)));
});

test("a string that looks like the placeholder stays a string", () => {
  for (const value of ['{"$commitTs":null}', { '{"$commitTs":null}': '{"$commitTs":null}' }]) {
    expect(hasCommitTs(textOf(value))).toBe(false);
    expect(resolveCommitTs(textOf(value), 1n)).toBe(textOf(value));
  }
});

test("a placeholder sorts, sizes, nests and prints as the largest int64", () => {
  expect(compareValues(PLACEHOLDER, LARGEST)).toBe(0);
  expect(compareValues(PLACEHOLDER, encodeInt64(2n ** 63n - 2n))).toBeGreaterThan(0);
  expect(compareValues(PLACEHOLDER, -Infinity)).toBeLessThan(0);
  expect(int64Of(PLACEHOLDER)).toBe(int64Of(LARGEST));
  expect(valueSize({ a: [PLACEHOLDER] })).toBe(valueSize({ a: [LARGEST] }));
  expect(valueNesting([PLACEHOLDER])).toBe(1);
  expect(displayValue([PLACEHOLDER])).toBe(displayValue([LARGEST]));
});

test.for([
  [{ type: "commitTs" }, true],
  [{ type: "bigint" }, true],
  [{ type: "any" }, true],
  [{ type: "literal", value: LARGEST }, true],
  [{ type: "literal", value: encodeInt64(1n) }, false],
  [{ type: "number" }, false],
  [{ type: "null" }, false],
  [{ type: "object", value: {} }, false],
] as const)("%o takes a placeholder: %s", ([validator, isTaken]) => {
  const failure = checkValue(parseValidator(validator), PLACEHOLDER, () => null);
  expect(failure === null).toBe(isTaken);
});

test("v.commitTs() takes integers and nothing else", () => {
  const validator = parseValidator({ type: "commitTs" });
  const isTaken = (value: JsonValue) => checkValue(validator, value, () => null) === null;
  expect([LARGEST, 1, "1", null, [LARGEST], {}].map(isTaken)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
