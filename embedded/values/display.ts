/** Values and strings as Convex's error messages print them. */
import {
  bytesOf,
  float64Of,
  int64Of,
  isArray,
  kindOf,
  type JsonObject,
  type JsonValue,
} from "./json-value.ts";

/** For example `{a: 1.0, b: [null, "x"], c: 5}`, where 1.0 is a float64 and 5 an int64. */
export function displayValue(value: JsonValue): string {
  if (typeof value === "object" && value !== null) return displayCompound(value);
  if (typeof value === "number") return displayFloat(value);
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function displayCompound(value: readonly JsonValue[] | JsonObject): string {
  if (isArray(value)) return `[${value.map(displayValue).join(", ")}]`;
  switch (kindOf(value)) {
    case "int64":
    case "commitTs":
      return int64Of(value).toString();
    case "float64":
      return displayFloat(float64Of(value));
    case "bytes":
      return `b"${bytesOf(value).toString("base64")}"`;
    default:
      return `{${Object.entries(value)
        .map(([field, item]) => `${field}: ${displayValue(item)}`)
        .join(", ")}}`;
  }
}

function displayFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e16 || magnitude < 1e-4)) {
    return value.toExponential().replace("e+", "e");
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
