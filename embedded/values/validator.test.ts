import { v, type GenericValidator } from "convex/values";
import { expect, test } from "vitest";

import { encodeDocumentId } from "./document-id.ts";
import { encodeInt64, type JsonValue } from "./json-value.ts";
import { ValueError } from "./value-error.ts";
import { canContainField, checkValue, displayValidator, parseValidator } from "./validator.ts";

const idOf = (tableNumber: number): string =>
  encodeDocumentId({ tableNumber, internalId: Buffer.alloc(16, 1) });
const tables = new Map([
  [10001, "users"],
  [10002, "posts"],
  [540, "_storage"],
]);

function failure(validator: GenericValidator, value: JsonValue): string | null {
  const parsed = parseValidator(exportOf(validator));
  return checkValue(parsed, value, (number) => tables.get(number) ?? null)?.message ?? null;
}

/** The export format, as the wrappers of functions produce it. */
function exportOf(validator: GenericValidator): unknown {
  return (validator as unknown as { json: unknown }).json;
}

test.for([
  ["null", v.null(), null, 0],
  ["number", v.number(), 1.5, encodeInt64(1n)],
  ["number NaN", v.number(), { $float: "AAAAAAAA+H8=" }, null],
  ["bigint", v.int64(), encodeInt64(5n), 5],
  ["boolean", v.boolean(), true, 1],
  ["string", v.string(), "x", null],
  ["bytes", v.bytes(), { $bytes: "" }, ""],
  ["any", v.any(), { a: [1] }, undefined],
  ["literal", v.literal("a"), "a", "b"],
  ["int64 literal", v.literal(3n), encodeInt64(3n), 3],
  ["array", v.array(v.number()), [1, 2], [1, "2"]],
  ["empty array", v.array(v.number()), [], {}],
  ["union", v.union(v.null(), v.string()), null, 1],
  ["object", v.object({ a: v.number() }), { a: 1 }, { a: 1, b: 2 }],
  ["optional field", v.object({ a: v.optional(v.number()) }), {}, { a: null }],
  ["record", v.record(v.string(), v.number()), { x: 1 }, { x: "1" }],
  ["id", v.id("users"), idOf(10001), idOf(10002)],
  ["record by id", v.record(v.id("users"), v.null()), { [idOf(10001)]: null }, { x: null }],
] as const)("%s accepts and refuses", ([, validator, good, bad]) => {
  expect(failure(validator, good)).toBeNull();
  if (bad !== undefined) expect(failure(validator, bad)).not.toBeNull();
});

test("a mismatch is told with its path, value and validator", () => {
  const validator = v.object({ list: v.array(v.object({ n: v.number() })) });
  expect(failure(validator, { list: [{ n: 1 }, { n: "two" }] })).toBe(
    'Value does not match validator.\nPath: .list[1].n\nValue: "two"\nValidator: v.float64()',
  );
});

test("a missing field is told with the object and the validator", () => {
  expect(failure(v.object({ a: v.string(), b: v.optional(v.id("users")) }), {})).toBe(
    "Object is missing the required field `a`. Consider wrapping the field validator in " +
      "`v.optional(...)` if this is expected.\n\nObject: {}\n" +
      'Validator: v.object({a: v.string(), b: v.optional(v.id("users"))})',
  );
});

test("an extra field is told", () => {
  expect(failure(v.object({}), { x: 1 })).toBe(
    "Object contains extra field `x` that is not in the validator.\n\nObject: {x: 1.0}\n" +
      "Validator: v.object({})",
  );
});

test("an id of another table, of a system table and of no table are told apart", () => {
  const other = idOf(10002);
  expect(failure(v.id("users"), other)).toBe(
    `Found ID "${other}" from table \`posts\`, which does not match the table name in validator ` +
      '`v.id("users")`.',
  );
  expect(failure(v.id("users"), idOf(540))).toContain("from a system table");
  expect(failure(v.id("users"), idOf(10099))).toContain("Value does not match validator.");
  expect(failure(v.id("users"), "nonsense")).toContain("Value does not match validator.");
});

test("a literal is told with its path", () => {
  expect(failure(v.object({ kind: v.literal("a") }), { kind: 1 })).toBe(
    '`1.0` does not match literal validator `v.literal("a")`.Path: .kind',
  );
});

test("a union of one speaks for itself, others list what was possible", () => {
  expect(failure(v.union(v.string()), 1)).toContain("Validator: v.string()");
  expect(failure(v.union(v.string(), v.null()), 1)).toContain("v.union(v.string(), v.null())");
});

test("records name keys and values in the path", () => {
  expect(failure(v.record(v.string(), v.number()), { a: "x" })).toContain("Path: .values()");
  expect(failure(v.record(v.id("users"), v.any()), { a: "x" })).toContain("Path: .keys()");
});

test("validators print as they are written", () => {
  const validator = v.object({
    a: v.union(v.literal(1), v.literal(2n), v.literal(true), v.literal("x")),
    b: v.record(v.string(), v.array(v.any())),
    c: v.optional(v.bytes()),
  });
  expect(displayValidator(parseValidator(exportOf(validator)))).toBe(
    'v.object({a: v.union(v.literal(1.0), v.literal(<bigint>), v.literal(true), v.literal("x")), ' +
      "b: v.record(v.string(), v.array(v.any())), c: v.optional(v.bytes())})",
  );
});

test.for([
  ["no object", 5],
  ["an unknown type", { type: "vector" }],
  ["an id without table", { type: "id" }],
  ["a field that is no identifier", { type: "object", value: { "a b": { fieldType: {} } } }],
  [
    "a record with literal keys",
    {
      type: "record",
      keys: { type: "literal", value: "a" },
      values: { fieldType: { type: "any" }, optional: false },
    },
  ],
  [
    "a record with number keys",
    {
      type: "record",
      keys: { type: "number" },
      values: { fieldType: { type: "any" }, optional: false },
    },
  ],
  [
    "a record with optional values",
    {
      type: "record",
      keys: { type: "string" },
      values: { fieldType: { type: "any" }, optional: true },
    },
  ],
] as const)("%s is no validator", ([, json]) => {
  expect(() => parseValidator(json)).toThrow(ValueError);
});

test("fields that indexes refer to are found through objects and unions", () => {
  const validator = parseValidator(
    exportOf(
      v.union(v.object({ a: v.object({ b: v.string() }) }), v.object({ c: v.optional(v.any()) })),
    ),
  );
  expect(canContainField(validator, ["a", "b"])).toBe(true);
  expect(canContainField(validator, ["c", "anything"])).toBe(true);
  expect(canContainField(validator, ["a", "x"])).toBe(false);
  expect(canContainField(validator, ["a", "b", "c"])).toBe(false);
});
