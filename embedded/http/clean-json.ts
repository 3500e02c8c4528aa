import {
  bytesOf,
  float64Of,
  int64Of,
  isArray,
  isPlainObject,
  kindOf,
  type JsonValue,
} from "../values/json-value.ts";

/**
 * Convex's `json` format: int64 as decimal strings, bytes as base64, NaN and infinities by name.
 * Easier to read than the encoded form, but without a way back.
 *
 * @param encodedJson Convex JSON text as functions return it.
 */
export function cleanJson(encodedJson: string): string {
  if (!encodedJson.includes('"$')) return encodedJson;
  return JSON.stringify(clean(JSON.parse(encodedJson) as JsonValue));
}

function clean(value: JsonValue): JsonValue {
  switch (kindOf(value)) {
    case "int64":
      return int64Of(value).toString();
    case "float64":
      return cleanFloat(float64Of(value));
    case "bytes":
      return bytesOf(value).toString("base64");
    default:
      return cleanContainer(value);
  }
}

function cleanContainer(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) return value.map(clean);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, clean(inner)]));
}

function cleanFloat(float: number): JsonValue {
  return Number.isFinite(float) ? float : String(float);
}
