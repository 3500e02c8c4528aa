/**
 * How a search index lies in the store, under its index number. Documents have small numbers
 * (ordinals), so that lists of them pack well and a search reads few entries:
 *
 *   s                      how many documents and terms there are, the next ordinal
 *   i ID                   ordinal of a document
 *   o ORDINAL              creation time and id of a document
 *   d TERM                 in how many documents the term occurs
 *   p TERM 00 ORDINAL      block of postings, named by its first ordinal: ordinal, frequency, length
 *   f FIELD HASH ORDINAL   block of ordinals of documents whose filter field has the hashed value
 */
import { createHash } from "node:crypto";

import { DamagedRecordError } from "../storage/storage-error.ts";

export const STATISTICS_KEY = "s";

export interface SearchStatistics {
  readonly documents: number;
  readonly terms: number;
  readonly nextOrdinal: number;
}

const STATISTICS_LENGTH = 24;
const EMPTY_STATISTICS: SearchStatistics = { documents: 0, terms: 0, nextOrdinal: 0 };

/** Entries per block: 1.5 kB, so that LMDB keeps a block within a page. */
export const BLOCK_ENTRIES = 128;
/** 32-bit words of a posting. */
export const POSTING_WORDS = 3;

export function encodeStatistics({ documents, terms, nextOrdinal }: SearchStatistics): Buffer {
  const bytes = Buffer.alloc(STATISTICS_LENGTH);
  for (const [position, value] of [documents, terms, nextOrdinal].entries()) {
    bytes.writeDoubleLE(value, position * 8);
  }
  return bytes;
}

/** @throws DamagedRecordError */
export function decodeStatistics(bytes: Buffer | null): SearchStatistics {
  if (bytes === null) return EMPTY_STATISTICS;
  if (bytes.length !== STATISTICS_LENGTH) throw cutOff();
  const [documents, terms, nextOrdinal] = [0, 8, 16].map((offset) => bytes.readDoubleLE(offset));
  return { documents: documents ?? 0, terms: terms ?? 0, nextOrdinal: nextOrdinal ?? 0 };
}

export function idKey(id: string): string {
  return `i${id}`;
}

export function ordinalKey(ordinal: number): string {
  return `o${ordinalBytes(ordinal)}`;
}

/** Value under `ordinalKey`. */
export function encodeOwner(id: string, creationTime: number): Buffer {
  const bytes = Buffer.alloc(8 + id.length);
  bytes.writeDoubleLE(creationTime);
  bytes.write(id, 8, "latin1");
  return bytes;
}

/** @throws DamagedRecordError */
export function decodeOwner(bytes: Buffer): { readonly id: string; readonly creationTime: number } {
  if (bytes.length <= 8) throw cutOff();
  return { creationTime: bytes.readDoubleLE(0), id: bytes.toString("latin1", 8) };
}

export function termKey(term: string): string {
  return `d${utf8(term)}`;
}

/** The term of a `termKey`. */
export function termOf(key: string): string {
  return Buffer.from(key.slice(1), "latin1").toString();
}

/** Common beginning of the keys of a term's blocks. */
export function postingsPrefix(term: string): string {
  return `p${utf8(term)}\0`;
}

/** Common beginning of the keys of a filter value's blocks; `key` is the encoded value. */
export function filterPrefix(fieldPosition: number, key: string): string {
  const hash = createHash("sha256").update(key, "latin1").digest();
  return `f${String.fromCharCode(fieldPosition)}${hash.toString("latin1", 0, 16)}`;
}

export function blockKey(prefix: string, firstOrdinal: number): string {
  return prefix + ordinalBytes(firstOrdinal);
}

/** The first key after all blocks with this prefix: ordinals have four bytes. */
export function afterBlocks(prefix: string): string {
  return `${prefix}\xff\xff\xff\xff\xff`;
}

/**
 * Words of a block, whatever the alignment of its bytes.
 * @throws DamagedRecordError
 */
export function decodeWords(bytes: Buffer): Uint32Array {
  if (bytes.length % 4 !== 0) throw cutOff();
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return new Uint32Array(copy.buffer);
}

/** The bytes of the words, which must not change afterwards. */
export function encodeWords(words: Uint32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength);
}

/**
 * The only word of an entry that is a number: an ordinal or a frequency.
 * @throws DamagedRecordError
 */
export function decodeWord(bytes: Buffer): number {
  if (bytes.length !== 4) throw cutOff();
  return bytes.readUInt32LE(0);
}

function cutOff(): DamagedRecordError {
  return new DamagedRecordError("an entry of a search index has not the length that it was given");
}

function ordinalBytes(ordinal: number): string {
  return String.fromCharCode(
    (ordinal >>> 24) & 0xff,
    (ordinal >>> 16) & 0xff,
    (ordinal >>> 8) & 0xff,
    ordinal & 0xff,
  );
}

function utf8(text: string): string {
  return Buffer.from(text).toString("latin1");
}
