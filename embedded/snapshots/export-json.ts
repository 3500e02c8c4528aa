/**
 * Documents as they stand in a snapshot's `documents.jsonl`: int64 as digits, float64 always with a
 * dot or an exponent, bytes and floats that JSON lacks in their encoding. (`ConvexExportJSON` of the
 * open backend, which marks it by `"uniform"` in `generated_schema.jsonl`.)
 */
import {
  encodeInt64,
  float64Of,
  int64Of,
  isArray,
  kindOf,
  type JsonObject,
  type JsonValue,
} from "../values/json-value.ts";

const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const INT64_MAX = 2n ** 63n - 1n;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** One line of `documents.jsonl` from a document's canonical JSON text. */
export function toExportJson(documentJson: string): string {
  return exported(JSON.parse(documentJson) as JsonValue);
}

/**
 * JSON text in Convex's encoding from a line of `documents.jsonl`. Anything that is no JSON stays so,
 * for the reader of the text to refuse.
 */
export function fromExportJson(line: string): string {
  let text = "";
  let copied = 0;
  for (let at = 0; at < line.length;) {
    const code = line.charCodeAt(at);
    if (code === QUOTE) at = endOfString(line, at);
    else if (code !== MINUS && !(code >= ZERO && code <= NINE)) at += 1;
    else {
      const number = numberAt(line, at);
      const int64 = parseInt64(number);
      if (int64 !== null) {
        text += line.slice(copied, at) + JSON.stringify(encodeInt64(int64));
        copied = at + number.length;
      }
      at += Math.max(number.length, 1);
    }
  }
  return text + line.slice(copied);
}

function exported(value: JsonValue): string {
  switch (kindOf(value)) {
    case "int64":
      return String(int64Of(value));
    case "float64":
      return exportedFloat(value);
    case "array":
      return isArray(value) ? `[${value.map(exported).join(",")}]` : "[]";
    case "object":
      return exportedObject(value as JsonObject);
    default:
      return JSON.stringify(value);
  }
}

function exportedObject(value: JsonObject): string {
  const fields = Object.entries(value).map(
    ([field, item]) => `${JSON.stringify(field)}:${exported(item)}`,
  );
  return `{${fields.join(",")}}`;
}

function exportedFloat(value: JsonValue): string {
  const float = float64Of(value);
  if (!Number.isFinite(float)) return JSON.stringify(value);
  const digits = Object.is(float, -0) ? "-0" : String(float);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

/** `null` for floats; a number without dot that no int64 can hold is one. */
function parseInt64(number: string): bigint | null {
  if (!INTEGER.test(number) || number === "-0") return null;
  const integer = BigInt(number);
  return integer <= INT64_MAX && integer >= -INT64_MAX - 1n ? integer : null;
}

function numberAt(line: string, at: number): string {
  NUMBER.lastIndex = at;
  return NUMBER.exec(line)?.[0] ?? "";
}

/** Where a string that begins at `at` has ended; the end of the line when it never does. */
function endOfString(line: string, at: number): number {
  for (let end = at + 1; end < line.length; end += 1) {
    const code = line.charCodeAt(end);
    if (code === BACKSLASH) end += 1;
    else if (code === QUOTE) return end + 1;
  }
  return line.length;
}
