/** Sizes and nesting as Convex counts them (`getConvexSize` of the npm package). */
import { isArray, kindOf, type JsonObject, type JsonValue } from "./json-value.ts";

/** Bytes that a value counts for limits and metrics. */
export function valueSize(value: JsonValue): number {
  switch (kindOf(value)) {
    case "null":
    case "boolean":
      return 1;
    case "int64":
    case "float64":
    case "commitTs":
      return 9;
    default:
      return typeof value === "string" ? 2 + Buffer.byteLength(value) : compoundSize(value);
  }
}

/** Levels of arrays and objects around the innermost value; scalars have none. */
export function valueNesting(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 0;
  const items = isArray(value) ? value : kindOf(value) === "object" ? Object.values(value) : null;
  if (items === null) return 0;
  let deepest = 0;
  for (const item of items) {
    if (typeof item === "object") deepest = Math.max(deepest, valueNesting(item));
  }
  return 1 + deepest;
}

function compoundSize(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 0;
  if (isArray(value)) {
    let size = 2;
    for (const item of value) size += valueSize(item);
    return size;
  }
  const bytes = value["$bytes"];
  if (typeof bytes === "string") return 2 + Buffer.byteLength(bytes, "base64");
  return objectSize(value);
}

function objectSize(object: JsonObject): number {
  let size = 2;
  // Field names are ASCII, so their length is their size.
  for (const field of Object.keys(object)) {
    size += field.length + 1 + valueSize(object[field] ?? null);
  }
  return size;
}
