/**
 * The order-preserving byte encoding of Convex values: comparing keys compares values.
 * undefined 01 < null 03 < int64 04–0C < float64 0D < false 0E < true 0F < string 10 < bytes 11 <
 * array 12 < object 15 (the total order and its bytes are Convex's own). Keys are latin1 strings, one
 * character a byte, so that JavaScript's `<` is byte order.
 */
import {
  bytesOf,
  float64Of,
  int64Of,
  isArray,
  kindOf,
  type JsonObject,
  type JsonValue,
} from "./json-value.ts";

/** Key of a tuple of values; `undefined` stands for a missing field. */
export function encodeKey(values: readonly (JsonValue | undefined)[]): string {
  let key = "";
  for (const value of values) key += encodeKeyPart(value);
  return key;
}

/** Key of one value; keys of tuples are concatenations of these. */
export function encodeKeyPart(value: JsonValue | undefined): string {
  switch (typeof value) {
    case "undefined":
      return "\x01";
    case "boolean":
      return value ? "\x0f" : "\x0e";
    case "number":
      return encodeFloat(value);
    case "string":
      return `\x10${escapeText(value)}\0`;
    default:
      return value === null ? "\x03" : encodeCompound(value);
  }
}

/** Negative, zero or positive as `left` sorts before, with or after `right`. */
export function compareValues(left: JsonValue | undefined, right: JsonValue | undefined): number {
  const leftKey = encodeKeyPart(left);
  const rightKey = encodeKeyPart(right);
  return leftKey < rightKey ? -1 : leftKey === rightKey ? 0 : 1;
}

/** The first key after every key that starts with `prefix`, a concatenation of encoded values. */
export function afterPrefix(prefix: string): string {
  // No encoded value starts with FF, and FF within a value only follows a 00 that is inside it.
  return `${prefix}\xff`;
}

/** The first key after `key` itself. */
export function afterKey(key: string): string {
  return `${key}\0`;
}

function encodeCompound(value: readonly JsonValue[] | JsonObject): string {
  if (isArray(value)) {
    let key = "\x12";
    for (const item of value) key += encodeKeyPart(item);
    return `${key}\0`;
  }
  switch (kindOf(value)) {
    case "int64":
    case "commitTs":
      return encodeInteger(int64Of(value));
    case "float64":
      return encodeFloat(float64Of(value));
    case "bytes":
      return `\x11${escapeZeros(bytesOf(value).toString("latin1"))}\0`;
    default:
      return encodeObject(value);
  }
}

function encodeObject(object: JsonObject): string {
  let key = "\x15";
  for (const field of Object.keys(object).sort()) {
    // An empty name would read as the end of the object.
    key += field === "" ? "\0\xff" : `${field}\0`;
    key += encodeKeyPart(object[field]);
  }
  return `${key}\0`;
}

const scratch = Buffer.alloc(8);

function encodeFloat(value: number): string {
  scratch.writeDoubleBE(value);
  const high = scratch.readUInt32BE(0);
  if (high >= 0x80000000) {
    scratch.writeUInt32BE(~high >>> 0, 0);
    scratch.writeUInt32BE(~scratch.readUInt32BE(4) >>> 0, 4);
  } else {
    scratch.writeUInt32BE((high | 0x80000000) >>> 0, 0);
  }
  return `\x0d${scratch.toString("latin1", 0, 8)}`;
}

function encodeInteger(value: bigint): string {
  if (value === 0n) return "\x08";
  const exponent = payloadExponent(value);
  const byteLength = 1 << exponent;
  scratch.writeBigInt64BE(value);
  const tag = value < 0n ? 7 - exponent : 9 + exponent;
  return String.fromCharCode(tag) + scratch.toString("latin1", 8 - byteLength, 8);
}

/** The payload has 2^exponent bytes. */
function payloadExponent(value: bigint): number {
  if (value >= -0x80n && value <= 0x7fn) return 0;
  if (value >= -0x8000n && value <= 0x7fffn) return 1;
  return value >= -0x80000000n && value <= 0x7fffffffn ? 2 : 3;
}

function escapeText(text: string): string {
  // eslint-disable-next-line no-control-regex -- NUL is what has to be escaped
  return /^[\x01-\x7f]*$/.test(text) ? text : escapeZeros(Buffer.from(text).toString("latin1"));
}

function escapeZeros(bytes: string): string {
  return bytes.includes("\0") ? bytes.replaceAll("\0", "\0\xff") : bytes;
}
