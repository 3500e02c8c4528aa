/**
 * Sorted entries as bytes, to be read from their first to their last: the length of the key, that of
 * the value (4 bytes each), the key and the value. The index's number is the key's beginning.
 */
import type { ScratchFile } from "./scratch-file.ts";

/** An entry of an index; a text stands for its latin1 bytes. */
export interface SortableEntry {
  readonly index: number;
  readonly key: string;
  readonly value: Buffer | string;
}

export interface SortedEntry extends SortableEntry {
  readonly value: Buffer;
}

const HEADER_LENGTH = 8;
const INDEX_LENGTH = 4;

/** Bytes of an entry in a run. */
export function encodedLength({ key, value }: SortableEntry): number {
  return HEADER_LENGTH + INDEX_LENGTH + key.length + value.length;
}

interface KeyedValue {
  readonly key: string;
  readonly value: Buffer | string;
}

/** Entries of equal keys stay in the order they are given in. */
export function encodeRun(entries: readonly SortableEntry[]): Buffer {
  const keyed = entries.map(({ index, key, value }) => ({ key: indexPrefix(index) + key, value }));
  keyed.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  return encodeKeyed(keyed);
}

function encodeKeyed(entries: readonly KeyedValue[]): Buffer {
  let length = 0;
  for (const { key, value } of entries) length += HEADER_LENGTH + key.length + value.length;
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const { key, value } of entries) {
    bytes.writeUInt32LE(key.length, at);
    bytes.writeUInt32LE(value.length, at + 4);
    at += HEADER_LENGTH;
    at += bytes.write(key, at, "latin1");
    if (typeof value === "string") at += bytes.write(value, at, "latin1");
    else at += value.copy(bytes, at);
  }
  return bytes;
}

/** A run's bytes: in memory, or a part of a file that is read in pieces. */
export type RunSource =
  | { readonly bytes: Buffer }
  | {
      readonly file: ScratchFile;
      readonly start: number;
      readonly end: number;
      /** Bytes held in memory at once; more for an entry that is longer. */
      readonly pieceLength: number;
    };

/** Stands at one entry of a run after the other. */
export class RunReader {
  /** Position among the runs that are merged. */
  readonly order: number;
  /** Of the entry that the reader stands at, with its index. */
  key = "";
  readonly #source: RunSource;
  #piece: Buffer;
  /** Where in the file the piece ends. */
  #position: number;
  #start = 0;
  #end = 0;

  constructor(source: RunSource, order: number) {
    this.#source = source;
    this.order = order;
    this.#piece = "bytes" in source ? source.bytes : Buffer.alloc(0);
    this.#position = "bytes" in source ? 0 : source.start;
  }

  /** Bytes of the entry in the run. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** The entry's bytes as they stand in the run. */
  get bytes(): Buffer {
    return this.#piece.subarray(this.#start, this.#end);
  }

  get entry(): SortedEntry {
    const value = this.#piece.subarray(this.#start + HEADER_LENGTH + this.key.length, this.#end);
    return { index: indexOf(this.key), key: this.key.slice(INDEX_LENGTH), value };
  }

  isBefore(other: RunReader): boolean {
    return this.key < other.key || (this.key === other.key && this.order < other.order);
  }

  /** Goes to the next entry; false when the rest has to be loaded first, if there is any. */
  step(): boolean {
    const start = this.#end;
    const rest = this.#piece.length - start;
    if (rest < HEADER_LENGTH) return false;
    const keyLength = this.#piece.readUInt32LE(start);
    const length = HEADER_LENGTH + keyLength + this.#piece.readUInt32LE(start + 4);
    if (rest < length) return false;
    const keyStart = start + HEADER_LENGTH;
    this.key = this.#piece.toString("latin1", keyStart, keyStart + keyLength);
    this.#start = start;
    this.#end = start + length;
    return true;
  }

  /** After `step` said false: goes to the next entry; false at the end of the run. */
  async load(): Promise<boolean> {
    const source = this.#source;
    if ("bytes" in source) return false;
    // What is left of the piece is the beginning of the next entry.
    const from = this.#position - (this.#piece.length - this.#end);
    if (from >= source.end) return false;
    const wanted = Math.max(source.pieceLength, this.#lengthOfNext());
    this.#piece = await source.file.read(from, Math.min(wanted, source.end - from));
    this.#position = from + this.#piece.length;
    this.#end = 0;
    return this.step() || (await this.load());
  }

  /** 0 when it is not known. */
  #lengthOfNext(): number {
    if (this.#piece.length - this.#end < HEADER_LENGTH) return 0;
    const keyLength = this.#piece.readUInt32LE(this.#end);
    return HEADER_LENGTH + keyLength + this.#piece.readUInt32LE(this.#end + 4);
  }
}

function indexPrefix(index: number): string {
  return String.fromCharCode(index >>> 24, (index >>> 16) & 255, (index >>> 8) & 255, index & 255);
}

function indexOf(key: string): number {
  return (
    key.charCodeAt(0) * 2 ** 24 +
    (key.charCodeAt(1) << 16) +
    (key.charCodeAt(2) << 8) +
    key.charCodeAt(3)
  );
}
