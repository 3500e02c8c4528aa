/**
 * Keys and values as they lie in LMDB: a 4-byte index number before the logical key. LMDB bounds the
 * length of keys, so that longer ones are cut and made distinct by a hash; their value then starts
 * with the whole key. Keys of equal cut lie in the order of their hashes and must be sorted by reader.
 */
import { createHash } from "node:crypto";

export interface LogicalEntry {
  readonly key: string;
  readonly value: Buffer;
}

const INDEX_NUMBER_LENGTH = 4;
const HASH_LENGTH = 16;
const MAX_LENGTH = 1900;
/** The longest key that is stored whole, index number included. */
const CUT_LENGTH = MAX_LENGTH - HASH_LENGTH;
const KEY_LENGTH_FIELD = 4;

export function physicalKey(index: number, key: string): Buffer {
  if (!isLong(key)) return prefixed(index, key, key.length);
  const hash = createHash("sha256").update(key, "latin1").digest().subarray(0, HASH_LENGTH);
  return Buffer.concat([cut(index, key), hash]);
}

export function physicalValue(key: string, value: Buffer): Buffer {
  if (!isLong(key)) return value;
  const header = Buffer.alloc(KEY_LENGTH_FIELD);
  header.writeUInt32BE(key.length);
  return Buffer.concat([header, Buffer.from(key, "latin1"), value]);
}

/** Whether a stored key was cut, so that its neighbours of equal cut may be out of order. */
export function isCut(physical: Buffer): boolean {
  return physical.length === MAX_LENGTH;
}

export function logicalEntry(physical: Buffer, value: Buffer): LogicalEntry {
  if (!isCut(physical)) return { key: physical.toString("latin1", INDEX_NUMBER_LENGTH), value };
  const end = KEY_LENGTH_FIELD + value.readUInt32BE(0);
  return { key: value.toString("latin1", KEY_LENGTH_FIELD, end), value: value.subarray(end) };
}

/** The lowest stored key that may belong to a logical key `key` or greater. */
export function lowerLimit(index: number, key: string): Buffer {
  return isLong(key) ? groupLimits(cut(index, key)).lower : prefixed(index, key, key.length);
}

/** Every stored key that may belong to a logical key less than `key` lies below this one. */
export function upperLimit(index: number, key: string | null): Buffer {
  if (key === null) return prefixed(index + 1, "", 0);
  return isLong(key) ? afterCut(cut(index, key)) : prefixed(index, key, key.length);
}

/** Limits of all the stored keys that were cut to the same bytes; a whole key of that length is before. */
export function groupLimits(physical: Buffer): { readonly lower: Buffer; readonly upper: Buffer } {
  const lower = physical.subarray(0, CUT_LENGTH);
  return { lower: Buffer.concat([lower, Buffer.alloc(1)]), upper: afterCut(lower) };
}

function isLong(key: string): boolean {
  return key.length + INDEX_NUMBER_LENGTH > CUT_LENGTH;
}

function cut(index: number, key: string): Buffer {
  return prefixed(index, key, CUT_LENGTH - INDEX_NUMBER_LENGTH);
}

function afterCut(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.alloc(HASH_LENGTH + 1, 0xff)]);
}

function prefixed(index: number, key: string, length: number): Buffer {
  const physical = Buffer.allocUnsafe(INDEX_NUMBER_LENGTH + length);
  physical.writeUInt32BE(index);
  physical.write(key, INDEX_NUMBER_LENGTH, length, "latin1");
  return physical;
}
