/** Random Convex values for property tests. */
import fc from "fast-check";

import { encodeFloat64, encodeInt64, type JsonValue } from "./json-value.ts";

const int64 = fc
  .oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -300n, max: 300n }),
    fc.constantFrom(0n, -1n, 1n, -128n, -129n, 127n, 128n, -32768n, -32769n, 32767n, 32768n),
    fc.constantFrom(-(2n ** 31n), -(2n ** 31n) - 1n, 2n ** 31n - 1n, 2n ** 31n, -(2n ** 63n)),
  )
  .map(encodeInt64);
const float64 = fc
  .oneof(
    fc.double(),
    fc.integer({ min: -5, max: 5 }),
    fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, 5e-324, -5e-324),
  )
  .map(encodeFloat64);
const text = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.string({ maxLength: 4, unit: "binary" }),
  fc.constantFrom("", "\0", "\0\0", "a\0", "a", "ab", "é", "\uffff", "😀", "\u{10ffff}"),
);
const bytes = fc
  .uint8Array({ maxLength: 4 })
  .map((content) => ({ $bytes: Buffer.from(content).toString("base64") }));
const fieldName = fc.constantFrom("", "a", "aa", "b", "z", "10", "9", " ", "__proto__", "~");

const scalars: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  int64,
  float64,
  text,
  bytes,
);

/** Values of every type in their JSON encoding, object fields sorted. */
export const values: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalars,
    fc.array(tie("value"), { maxLength: 3 }),
    fc
      .array(fc.tuple(fieldName, tie("value")), { maxLength: 3 })
      .map((entries) => Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))),
  ),
})).value;

/** A value, or `undefined` for a missing field. */
export const optionalValues: fc.Arbitrary<JsonValue | undefined> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 9, arbitrary: values },
);
