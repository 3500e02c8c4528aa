import { convexToJson, jsonToConvex, type JSONValue } from "convex/values";
import fc from "fast-check";
import { expect, test } from "vitest";

import { normalizeValue, parseValue, stringifyValue } from "./normalize.ts";
import { values } from "./test-values.ts";
import { ValueError } from "./value-error.ts";

test("a canonical value stays as it is, whatever the order of its fields was", () => {
  fc.assert(
    fc.property(values, (value) => {
      const text = stringifyValue(value);
      expect(stringifyValue(parseValue(text))).toBe(text);
      expect(stringifyValue(parseValue(JSON.stringify(reversed(value))))).toBe(text);
    }),
  );
});

test("the official package reads what is canonical and writes the same", () => {
  fc.assert(
    fc.property(values, (value) => {
      // The official decoder loses fields of this name.
      fc.pre(!JSON.stringify(value).includes("__proto__"));
      const text = stringifyValue(value);
      const official = convexToJson(jsonToConvex(JSON.parse(text) as JSONValue));
      expect(JSON.stringify(official)).toBe(text);
    }),
  );
});

test("negative zero in JSON becomes the encoded float", () => {
  expect(stringifyValue(parseValue("-0"))).toBe('{"$float":"AAAAAAAAAIA="}');
});

test("base64 is brought into its canonical form", () => {
  expect(stringifyValue(parseValue('{"$bytes":"AQ"}'))).toBe('{"$bytes":"AQ=="}');
});

test("a field called __proto__ is a field", () => {
  expect(stringifyValue(parseValue('{"__proto__":1,"a":2}'))).toBe('{"__proto__":1,"a":2}');
});

test.for([
  ["no JSON", "{", "InvalidValue", "Value is not valid JSON."],
  ["a reserved name", '{"$a":1,"b":2}', "FieldNameInvalid", "starts with '$'"],
  ["a single reserved name", '{"$a":1}', "FieldNameInvalid", "starts with '$'"],
  ["a control character in a name", '{"a\\n":1}', "FieldNameInvalid", "invalid character"],
  ["a name that is not ASCII", '{"é":1}', "FieldNameInvalid", "invalid character 'é'"],
  ["an encoded ordinary float", '{"$float":"AAAAAAAA8D8="}', "InvalidValue", "Float 1 should"],
  ["an int64 of four bytes", '{"$integer":"AAAAAA=="}', "InvalidValue", "Received 4 bytes"],
  ["bytes that are not base64", '{"$bytes":"!"}', "InvalidValue", "Malformed $bytes"],
  ["a base64 text with stray bits", '{"$bytes":"AR=="}', "InvalidValue", "Malformed $bytes"],
  ["a set", '{"$set":[]}', "InvalidValue", "Received a Set"],
  ["a lone surrogate", '"\\ud800"', "InvalidValue", "lone surrogate"],
  ["undefined", '{"$undefined":null}', "InvalidValue", "undefined is not"],
  ["undefined in a field", '{"a":{"$undefined":null}}', "InvalidValue", "undefined is not"],
  ["a commit timestamp outside a mutation", '{"$commitTs":null}', "FieldNameInvalid", "reserved"],
] as const)("%s is refused", ([, text, code, message]) => {
  const error = failureOf(() => parseValue(text));
  expect(error.code).toBe(code);
  expect(error.message).toContain(message);
});

test("limits of arrays, objects, names and nesting hold exactly", () => {
  expect(() => normalizeValue(Array(8192).fill(1))).not.toThrow();
  expect(failureOf(() => normalizeValue(Array(8193).fill(1))).code).toBe("ArrayTooLong");
  expect(() => normalizeValue(objectOf(1024))).not.toThrow();
  expect(failureOf(() => normalizeValue(objectOf(1025))).code).toBe("TooManyFieldsError");
  expect(() => normalizeValue({ ["a".repeat(1024)]: 1 })).not.toThrow();
  expect(failureOf(() => normalizeValue({ ["a".repeat(1025)]: 1 })).code).toBe("FieldNameInvalid");
  expect(() => normalizeValue(nested(64))).not.toThrow();
  expect(failureOf(() => normalizeValue(nested(65))).code).toBe("TooNestedError");
});

test("only a patch may remove fields, and only at the top", () => {
  const options = { undefinedFields: true };
  expect(parseValue('{"b":{"$undefined":null},"a":1}', options)).toEqual({
    a: 1,
    b: { $undefined: null },
  });
  expect(() => parseValue('{"a":{"b":{"$undefined":null}}}', options)).toThrow(ValueError);
});

function failureOf(action: () => unknown): ValueError {
  try {
    action();
  } catch (error) {
    if (error instanceof ValueError) return error;
    throw error;
  }
  throw new Error("Expected a ValueError");
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([field, item]) => [field, reversed(item)]));
}

function objectOf(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, position) => [`f${position}`, 1]));
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
