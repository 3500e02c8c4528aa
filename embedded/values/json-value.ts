/**
 * Convex values in their JSON encoding (`{"$integer":…}`, `{"$float":…}`, `{"$bytes":…}`), the only
 * form in which the engine handles them. Format: `convex/values`, value.ts of the npm package.
 */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [field: string]: JsonValue };

export type JsonObject = { readonly [field: string]: JsonValue };

/** Kinds of values in the sense of validators and the total order. */
export type ValueKind =
  "null" | "int64" | "float64" | "boolean" | "string" | "bytes" | "array" | "object" | "commitTs";

/** Kind of a value that `normalizeValue` accepted. */
export function kindOf(value: JsonValue): ValueKind {
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "number":
      return "float64";
    case "string":
      return "string";
    default:
      return value === null ? "null" : isArray(value) ? "array" : kindOfObject(value);
  }
}

/** `Array.isArray` that also narrows readonly arrays. */
export function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Whether a value is an object with fields rather than an encoded int64, float, bytes or placeholder. */
export function isPlainObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    kindOf(value) === "object"
  );
}

function kindOfObject(value: JsonObject): ValueKind {
  let first: string | undefined;
  for (const field in value) {
    first = field;
    break;
  }
  switch (first) {
    case "$integer":
      return "int64";
    case "$float":
      return "float64";
    case "$bytes":
      return "bytes";
    case "$commitTs":
      return "commitTs";
    default:
      return "object";
  }
}

/** What the commit timestamp placeholder counts as until the commit. */
const MAX_COMMIT_TS = 2n ** 63n - 1n;

/** Payload of an encoded int64 as a bigint; of the commit timestamp placeholder, the largest one. */
export function int64Of(value: JsonValue): bigint {
  if (kindOf(value) === "commitTs") return MAX_COMMIT_TS;
  return payload(value, "$integer").readBigInt64LE(0);
}

/** Any float64: native numbers and the encoded special ones. */
export function float64Of(value: JsonValue): number {
  return typeof value === "number" ? value : payload(value, "$float").readDoubleLE(0);
}

export function bytesOf(value: JsonValue): Buffer {
  return payload(value, "$bytes");
}

export function encodeInt64(value: bigint): JsonObject {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(value);
  return { $integer: buffer.toString("base64") };
}

/** Encodes NaN, infinities and negative zero as Convex does; other numbers are themselves. */
export function encodeFloat64(value: number): JsonValue {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return { $float: buffer.toString("base64") };
}

function payload(value: JsonValue, field: "$integer" | "$float" | "$bytes"): Buffer {
  const encoded =
    typeof value === "object" && value !== null && !isArray(value) ? value[field] : undefined;
  if (typeof encoded !== "string") throw new TypeError(`Expected a value with ${field}`);
  return Buffer.from(encoded, "base64");
}
