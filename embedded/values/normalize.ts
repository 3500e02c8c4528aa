/// <reference lib="es2024.string" />
import { VALUE_LIMITS } from "../lib/limits.ts";
import { ValueError } from "./value-error.ts";
import { encodeFloat64, isArray, type JsonObject, type JsonValue } from "./json-value.ts";

export interface NormalizeOptions {
  /** Accept `{"$undefined":null}` as a field of the outermost object (patches). */
  readonly undefinedFields?: boolean;
  /** Accept the commit timestamp placeholder `{"$commitTs":null}`. */
  readonly commitTs?: boolean;
}

/**
 * Checks the JSON text of a Convex value and brings it into canonical form: sorted field names,
 * canonical base64, special floats encoded. Equal values have equal canonical texts.
 * @throws ValueError
 */
export function parseValue(text: string, options?: NormalizeOptions): JsonValue {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new ValueError("InvalidValue", "Value is not valid JSON.");
  }
  return normalizeValue(parsed, options);
}

/** Canonical text of a value that `parseValue` or `normalizeValue` returned. */
export function stringifyValue(value: JsonValue): string {
  return JSON.stringify(value);
}

/** `parseValue` for JSON that is already parsed; shares parts that were canonical. */
export function normalizeValue(value: unknown, options: NormalizeOptions = {}): JsonValue {
  if (options.undefinedFields === true && isRecord(value) && !isEncoded(value)) {
    return normalizeObject(value, 1, options, true);
  }
  return normalize(value, 0, options);
}

/** Whether a patch's field asks for the field's removal. */
export function isUndefinedMarker(value: JsonValue | undefined): boolean {
  return (
    typeof value === "object" && value !== null && !isArray(value) && value["$undefined"] === null
  );
}

function normalize(value: unknown, depth: number, options: NormalizeOptions): JsonValue {
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      return encodeFloat64(value);
    case "string":
      checkString(value);
      return value;
    case "object":
      if (value === null) return null;
      if (depth >= VALUE_LIMITS.valueNesting.max && !(isRecord(value) && isEncoded(value)))
        throw tooNested();
      if (Array.isArray(value)) return normalizeArray(value, depth + 1, options);
      if (isRecord(value)) {
        return isEncoded(value)
          ? normalizeEncoded(value, options)
          : normalizeObject(value, depth + 1, options, false);
      }
  }
  throw new ValueError("InvalidValue", `Unexpected type ${typeof value} in a Convex value.`);
}

function normalizeArray(
  items: readonly unknown[],
  depth: number,
  options: NormalizeOptions,
): JsonValue {
  const { arrayLength } = VALUE_LIMITS;
  if (items.length > arrayLength.max) {
    throw new ValueError("ArrayTooLong", arrayLength.text(items.length));
  }
  return items.map((item) => normalize(item, depth, options));
}

function normalizeObject(
  object: Record<string, unknown>,
  depth: number,
  options: NormalizeOptions,
  isPatch: boolean,
): JsonObject {
  const fields = Object.keys(object).sort();
  const { objectFields } = VALUE_LIMITS;
  if (fields.length > objectFields.max) {
    throw new ValueError("TooManyFieldsError", objectFields.text(fields.length));
  }
  const result: Record<string, JsonValue> = {};
  for (const field of fields) {
    checkFieldName(field);
    const raw = object[field];
    const value =
      isPatch && isRecord(raw) && raw["$undefined"] === null && Object.keys(raw).length === 1
        ? { $undefined: null }
        : normalize(raw, depth, options);
    setField(result, field, value);
  }
  return result;
}

/** Assigns like `object[field] = value`, also for the name `__proto__`. */
export function setField(object: Record<string, JsonValue>, field: string, value: JsonValue): void {
  if (field === "__proto__") {
    Object.defineProperty(object, field, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    object[field] = value;
  }
}

/** @throws ValueError with Convex's wording. */
function checkFieldName(name: string): void {
  if (name.startsWith("$")) {
    throw new ValueError(
      "FieldNameInvalid",
      `Field name ${name} starts with '$', which is reserved.`,
    );
  }
  const bad = /[^\x20-\x7e]/u.exec(name);
  if (bad !== null) {
    throw new ValueError(
      "FieldNameInvalid",
      `Field name ${name} has invalid character '${bad[0]}': Field names can only contain ` +
        "non-control ASCII characters",
    );
  }
  const { fieldNameLength } = VALUE_LIMITS;
  if (name.length > fieldNameLength.max) {
    throw new ValueError("FieldNameInvalid", fieldNameLength.text(name.length));
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One field starting with `$`: an encoded value, or an error. */
function isEncoded(value: Record<string, unknown>): boolean {
  const fields = Object.keys(value);
  return fields.length === 1 && fields[0]?.startsWith("$") === true;
}

function normalizeEncoded(value: Record<string, unknown>, options: NormalizeOptions): JsonValue {
  const entry = Object.entries(value)[0];
  if (entry === undefined) throw new ValueError("InvalidValue", "Malformed value.");
  const [tag, content] = entry;
  switch (tag) {
    case "$integer":
      return { $integer: canonicalBase64(tag, content, 8) };
    case "$float":
      return normalizeFloat(content);
    case "$bytes":
      return { $bytes: canonicalBase64(tag, content, null) };
    case "$commitTs":
      if (content !== null) throw new ValueError("InvalidValue", "Malformed $commitTs field.");
      if (options.commitTs === true) return { $commitTs: null };
      checkFieldName(tag);
      break;
    case "$set":
    case "$map":
      throw new ValueError(
        "InvalidValue",
        `Received a ${tag === "$set" ? "Set" : "Map"} which is no longer supported as a Convex type.`,
      );
    case "$undefined":
      throw new ValueError("InvalidValue", "undefined is not a valid Convex value.");
    default:
      checkFieldName(tag);
  }
  throw new ValueError("InvalidValue", `Malformed value with ${tag}.`);
}

function normalizeFloat(content: unknown): JsonValue {
  const text = canonicalBase64("$float", content, 8);
  const float = Buffer.from(text, "base64").readDoubleLE(0);
  if (Number.isFinite(float) && !Object.is(float, -0)) {
    throw new ValueError("InvalidValue", `Float ${float} should be encoded as a number`);
  }
  return { $float: text };
}

function canonicalBase64(tag: string, content: unknown, byteLength: number | null): string {
  if (typeof content !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(content)) {
    throw new ValueError("InvalidValue", `Malformed ${tag} field.`);
  }
  const bytes = Buffer.from(content, "base64");
  const canonical = bytes.toString("base64");
  if (canonical.replace(/=+$/, "") !== content.replace(/=+$/, "")) {
    throw new ValueError("InvalidValue", `Malformed ${tag} field.`);
  }
  if (byteLength !== null && bytes.length !== byteLength) {
    throw new ValueError(
      "InvalidValue",
      `Received ${bytes.length} bytes, expected ${byteLength} for ${tag}`,
    );
  }
  return canonical;
}

/** Whether a text has no lone surrogates, which are no Unicode. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

function checkString(text: string): void {
  if (!isWellFormed(text)) {
    throw new ValueError("InvalidValue", "Strings must be valid Unicode: found a lone surrogate.");
  }
}

function tooNested(): ValueError {
  const { max, text } = VALUE_LIMITS.valueNesting;
  return new ValueError("TooNestedError", text(max + 1));
}
