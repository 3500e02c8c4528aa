/** Convex values of every type, with those that tempt an encoding into mistakes. */
import type { Value } from "convex/values";
import fc from "fast-check";

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -2n, max: 2n }),
  fc
    .tuple(
      fc.constantFrom(7n, 8n, 15n, 16n, 31n, 32n, 62n),
      fc.constantFrom(-1n, 0n, 1n),
      fc.boolean(),
    )
    .map(([bits, offset, isNegative]) => (isNegative ? -1n : 1n) * (2n ** bits + offset)),
);
const float64 = fc.oneof(
  fc.double(),
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, 5e-324, -5e-324, 2 ** 53, 1.5, -1.5),
);
const text = fc.oneof(
  fc.string({ maxLength: 3, unit: "binary" }),
  fc.constantFrom("", "\0", "\0\0", "\0\u0001", "a", "a\0", "a\0b", "ab", "\x7f", "é", "\u00ff"),
  // Sorted by UTF-16 units, the first astral character would come before the last of the plane.
  fc.constantFrom("\ud7ff", "\ue000", "\uffff", "\u{10000}", "😀", "\u{10ffff}", "😀\uffff"),
);
const bytes = fc
  .oneof(fc.uint8Array({ maxLength: 3 }), fc.constantFrom([0], [0, 0], [0, 255], [255], [0, 1]))
  .map((content) => Uint8Array.from(content).buffer);
const fieldName = fc.constantFrom("a", "aa", "b", "A", "z_", "_", "9", " ", "a b", "~");

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  int64,
  float64,
  text,
  bytes,
);

export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(fieldName, tie("value"), { maxKeys: 3 }) },
  ),
})).value;

const digit = fc.nat(2);

/** A few values that lie close together: of any type, or all of one. */
export const valuePools: fc.Arbitrary<Value[]> = fc
  .oneof<fc.Arbitrary<fc.Arbitrary<Value>>[]>(
    fc.constantFrom<fc.Arbitrary<Value>[]>(values, int64, float64, text, bytes, scalar),
    fc.constantFrom<fc.Arbitrary<Value>[]>(
      fc.array(fc.oneof(digit, text), { maxLength: 3 }),
      fc.dictionary(fieldName, fc.oneof(digit, text), { maxKeys: 3 }),
    ),
  )
  .chain((value) => fc.array(value, { minLength: 3, maxLength: 6 }));

/** A value from `pool` more often than not, so that equal values meet; undefined for a missing field. */
export function fieldValues(pool: readonly Value[]): fc.Arbitrary<Value | undefined> {
  const known = pool.length === 0 ? values : fc.constantFrom(...pool);
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 6, arbitrary: known },
    { weight: 2, arbitrary: values },
  );
}

/** What functions of the fixture take for `undefined`. */
export function wrapped(value: Value | undefined): Value {
  return value === undefined ? { absent: true } : value;
}

export function withoutMissing(
  fields: Readonly<Record<string, Value | undefined>>,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
