import fc from "fast-check";
import { expect, test } from "vitest";

import { encodeDocumentId } from "./document-id.ts";
import { fits } from "./fitting.ts";
import { textFits } from "./text-fitting.ts";
import { normalizeValue } from "./normalize.ts";
import { values } from "./test-values.ts";
import { checkValue, parseValidator } from "./validator.ts";
import { ValueError } from "./value-error.ts";

const TABLES: Readonly<Record<number, string>> = { 10001: "users", 10002: "messages" };
const tableName = (number: number) => TABLES[number] ?? null;
const idOf = (tableNumber: number) =>
  encodeDocumentId({ tableNumber, internalId: Buffer.alloc(16) });

const ids = fc.constantFrom(idOf(10001), idOf(10002), idOf(10003), "no id");
const names = fc.constantFrom("a", "b", "__proto__", "constructor");

const validators: fc.Arbitrary<unknown> = fc.letrec<{ validator: unknown }>((tie) => ({
  validator: fc.oneof(
    { depthSize: "small" },
    fc
      .constantFrom("null", "number", "bigint", "boolean", "string", "bytes", "any")
      .map((type) => ({
        type,
      })),
    fc.constantFrom("users", "messages").map((table) => ({ type: "id", tableName: table })),
    fc.constantFrom(1, "a", true).map((value) => ({ type: "literal", value })),
    tie("validator").map((value) => ({ type: "array", value })),
    fc.array(tie("validator"), { maxLength: 2 }).map((value) => ({ type: "union", value })),
    tie("validator").map((fieldType) => ({
      type: "record",
      keys: { type: "string" },
      values: { fieldType, optional: false },
    })),
    fc.array(fc.tuple(names, tie("validator"), fc.boolean()), { maxLength: 3 }).map((fields) => ({
      type: "object",
      value: Object.fromEntries(
        fields.map(([name, fieldType, optional]) => [name, { fieldType, optional }]),
      ),
    })),
  ),
})).validator;

const oddities = fc.constantFrom<unknown>(
  "\ud800",
  ["\ud800"],
  { a: "\ud800" },
  { $a: 1 },
  { é: 1 },
  { $undefined: null },
  {},
  JSON.parse('{"__proto__":{}}'),
  JSON.parse('{"constructor":1}'),
);
const texts = fc.oneof(
  fc.string({
    maxLength: 6,
    unit: fc.constantFrom('"', "\\", "/", "\n", "u", "d", "8", "a", ":", ","),
  }),
  fc.constantFrom('","b":"', "\ud83d\ude00", "\\ud800", "\0"),
);
const candidates = fc.oneof(
  values,
  ids,
  texts,
  oddities,
  fc.record({ a: fc.oneof(values, texts), b: fc.oneof(ids, texts) }),
  fc.array(fc.record({ a: texts, b: texts }, { requiredKeys: [] }), { maxLength: 3 }),
  fc.dictionary(texts, texts, { maxKeys: 3 }),
);

test("what fits is a valid value that passes, and ordinary values that pass do fit", () => {
  let fitting = 0;
  fc.assert(
    fc.property(validators, candidates, (json, candidate) => {
      const validator = parseValidator(json);
      const value: unknown = JSON.parse(JSON.stringify(candidate));
      if (!fits(validator, value, tableName)) return;
      fitting += 1;
      expect(problemOf(() => checkValue(validator, normalizeValue(value), tableName))).toBeNull();
    }),
    { numRuns: 5_000 },
  );
  expect(fitting).toBeGreaterThan(100);
  const product = parseValidator({
    type: "object",
    value: {
      name: { fieldType: { type: "string" }, optional: false },
      stock: { fieldType: { type: "number" }, optional: true },
      owner: { fieldType: { type: "id", tableName: "users" }, optional: false },
    },
  });
  expect(fits(product, { name: "Lamp", owner: idOf(10001) }, tableName)).toBe(true);
  expect(fits(product, { name: "Lamp", owner: idOf(10002) }, tableName)).toBe(false);
  expect(fits(product, { name: "Lamp", owner: idOf(10001), more: 1 }, tableName)).toBe(false);
});

test("a text fits only when its value passes, and ordinary texts do", () => {
  let fitting = 0;
  let needless = 0;
  fc.assert(
    fc.property(validators, candidates, (json, candidate) => {
      const validator = parseValidator(json);
      const text = JSON.stringify(candidate);
      if (textFits(validator, text, tableName)) {
        fitting += 1;
        const value = () => normalizeValue(JSON.parse(text));
        expect(problemOf(() => checkValue(validator, value(), tableName))).toBeNull();
      } else if (fits(validator, JSON.parse(text), tableName)) {
        needless += 1;
      }
    }),
    { numRuns: 20_000 },
  );
  expect(fitting).toBeGreaterThan(500);
  expect(needless).toBeLessThan(fitting / 10);
});

function problemOf(check: () => unknown): unknown {
  try {
    return check();
  } catch (error) {
    if (error instanceof ValueError) return error.message;
    throw error;
  }
}
