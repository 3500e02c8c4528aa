/**
 * What was written lately, in two files that are appended to in turn: a write is durable once it is
 * here, one write to the disk for all that came together, and reaches the store later with many others.
 *
 * A record is `RECORD`, the two numbers it goes from and to, its timestamp, the length of what follows
 * and a digest of it all; then the writes, each an index number, the lengths of key and value, key and
 * value. It starts at a multiple of `BLOCK`, so that no later record touches the block of an earlier one.
 * The first block of a file is `HEADER`, the number of writes that there were when it was made, and a
 * digest of both; it is written before the file is used and then left alone.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  write,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import { syncFolder } from "./durable-files.ts";
import type { StorageWrite } from "./storage.ts";

export const JOURNAL_FILES = ["journal-0", "journal-1"] as const;
export const JOURNAL_SECRET_LENGTH = 32;

const HEADER = Buffer.from("journal-");
const RECORD = Buffer.from("journal1");
const BLOCK = 4096;
const BEGIN = 8;
const BEGIN_DIGEST = 16;
const FROM = 8;
const TO = 16;
const TS = 24;
const LENGTH = 32;
const DIGEST = 36;
const DIGEST_LENGTH = 16;
const HEADER_LENGTH = DIGEST + DIGEST_LENGTH;
const WRITE_HEADER_LENGTH = 12;
/** In the place of a value's length. */
const REMOVED = 0xffff_ffff;

/** Writes made one after the other, numbered from `from` (not included) to `to`. */
export interface JournalRecord {
  readonly from: number;
  readonly to: number;
  /** Of the last of them. */
  readonly ts: bigint;
  readonly writes: readonly StorageWrite[];
}

export interface JournalOptions {
  /** Bytes of a file from which on the other one is used. */
  readonly fileBytes: number;
  readonly noSync: boolean;
  /** Of the store: nothing but its own records is taken for one. */
  readonly secret: Buffer;
}

interface JournalFile {
  readonly descriptor: number;
  /** Where the next record goes. */
  end: number;
  /** The last number in it. */
  to: number;
}

/** What is in files of a journal. */
export interface JournalContent {
  /** The whole records, in order. */
  readonly records: readonly JournalRecord[];
  /** The last number in them. */
  readonly to: number;
  /** What is wrong with a file, `null` when both are there and the store's own. */
  readonly fault: string | null;
}

/** Appends one record at a time. The store says up to which number it does not need them any more. */
export class Journal {
  readonly #options: JournalOptions;
  readonly #files: readonly [JournalFile, JournalFile];
  #current: JournalFile;
  #released = 0;
  #durableTo: number;

  private constructor(options: JournalOptions, files: readonly [JournalFile, JournalFile]) {
    this.#options = options;
    this.#files = files;
    const [first, second] = files;
    this.#current = second.to > first.to ? second : first;
    this.#durableTo = this.#current.to;
  }

  /** Opens the files in a folder, which are there, with the whole records in them, in order. */
  static open(
    folder: string,
    options: JournalOptions,
  ): { readonly journal: Journal; readonly records: readonly JournalRecord[] } {
    const [first, second] = JOURNAL_FILES.map((name) => openFile(join(folder, name), options));
    if (first === undefined || second === undefined) throw new Error("A journal has two files.");
    const journal = new Journal(options, [first.file, second.file]);
    return { journal, records: inOrder([...first.records, ...second.records]) };
  }

  /** The last number that is in it on the disk. It never has less from then on. */
  get durableTo(): number {
    return this.#durableTo;
  }

  /** Resolves when the record is on the disk. One at a time. */
  async append(record: JournalRecord): Promise<void> {
    const { fileBytes, noSync, secret } = this.#options;
    if (this.#current.end - BLOCK >= fileBytes) this.#change();
    const file = this.#current;
    const bytes = encodeRecord(record, secret);
    const position = file.end;
    file.end += bytes.length;
    file.to = record.to;
    await writeWhole(file.descriptor, bytes, position, !noSync);
    this.#durableTo = record.to;
  }

  /** The records up to a number are in the store. */
  release(number: number): void {
    this.#released = number;
  }

  close(): void {
    for (const { descriptor } of this.#files) closeSync(descriptor);
  }

  /** Goes on in the other file once all that it holds is in the store. */
  #change(): void {
    const [first, second] = this.#files;
    const other = this.#current === first ? second : first;
    if (other.to > this.#released) return;
    other.end = BLOCK;
    this.#current = other;
  }
}

/**
 * Makes the files that are missing, and has both begin anew, durably. Records in them stay, but for one
 * in the first block, as only journals without headers have.
 * @param number of writes that there were so far, all of them elsewhere or in records that stay
 */
export function beginJournal(folder: string, secret: Buffer, number: number): void {
  const header = Buffer.alloc(BLOCK);
  HEADER.copy(header);
  header.writeBigUInt64BE(BigInt(number), BEGIN);
  headerDigest(header, secret).copy(header, BEGIN_DIGEST);
  for (const name of JOURNAL_FILES) {
    const file = openSync(join(folder, name), constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      writeSync(file, header, 0, BLOCK, 0);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
  syncFolder(folder);
}

/** Makes the files that are missing, without headers. */
export function makeJournalFiles(folder: string): void {
  if (missingJournalFile(folder) === undefined) return;
  for (const name of JOURNAL_FILES) {
    closeSync(openSync(join(folder, name), constants.O_RDWR | constants.O_CREAT, 0o600));
  }
  syncFolder(folder);
}

function missingJournalFile(folder: string): string | undefined {
  return JOURNAL_FILES.find((name) => !existsSync(join(folder, name)));
}

/** Reads the files that are there. Changes nothing. */
export function readJournal(
  folder: string,
  { secret, hasHeaders }: { readonly secret: Buffer; readonly hasHeaders: boolean },
): JournalContent {
  const missing = missingJournalFile(folder);
  const contents = JOURNAL_FILES.filter((name) => existsSync(join(folder, name))).map((name) => {
    const bytes = readFileSync(join(folder, name));
    return { name, begin: hasHeaders ? beginOf(bytes, secret) : 0, ...recordsIn(bytes, secret) };
  });
  const foreign = contents.find(({ begin }) => begin === null)?.name;
  const faults = [
    ...(missing === undefined ? [] : [`${missing} is missing`]),
    ...(foreign === undefined ? [] : [`${foreign} was emptied or replaced`]),
  ];
  return {
    records: inOrder(contents.flatMap(({ records }) => records)),
    to: Math.max(0, ...contents.map(({ begin, to }) => Math.max(begin ?? 0, to))),
    fault: faults[0] ?? null,
  };
}

/** How many writes there were when a file was made; `null` for one that is not this store's. */
function beginOf(bytes: Buffer, secret: Buffer): number | null {
  if (bytes.length < BLOCK || HEADER.compare(bytes, 0, HEADER.length) !== 0) return null;
  const digest = headerDigest(bytes, secret);
  if (digest.compare(bytes, BEGIN_DIGEST, BEGIN_DIGEST + DIGEST_LENGTH) !== 0) return null;
  return Number(bytes.readBigUInt64BE(BEGIN));
}

function headerDigest(bytes: Buffer, secret: Buffer): Buffer {
  const hash = createHash("sha256").update(secret).update(bytes.subarray(0, BEGIN_DIGEST));
  return hash.digest().subarray(0, DIGEST_LENGTH);
}

function openFile(
  path: string,
  { secret, noSync }: JournalOptions,
): { readonly file: JournalFile; readonly records: readonly JournalRecord[] } {
  const descriptor = openSync(path, constants.O_RDWR);
  // What a killed process wrote may be in the system's memory only, and counts as durable from now on.
  if (!noSync) fdatasyncSync(descriptor);
  const { records, end, to } = recordsIn(readFileSync(path), secret);
  return { file: { descriptor, end, to }, records };
}

/** With the last number in them, and where the record with it ends. */
function recordsIn(
  bytes: Buffer,
  secret: Buffer,
): { readonly records: readonly JournalRecord[]; readonly end: number; readonly to: number } {
  const records: JournalRecord[] = [];
  let end = BLOCK;
  let to = 0;
  for (let at = 0; at + HEADER_LENGTH <= bytes.length;) {
    const record = decodeRecord(bytes.subarray(at), secret);
    if (record === null) {
      at += BLOCK;
      continue;
    }
    at += blocks(HEADER_LENGTH + bytes.readUInt32BE(at + LENGTH));
    records.push(record);
    if (record.to <= to) continue;
    to = record.to;
    end = at;
  }
  return { records, end, to };
}

function inOrder(records: readonly JournalRecord[]): readonly JournalRecord[] {
  return records.toSorted((left, right) => left.from - right.from);
}

function encodeRecord({ from, to, ts, writes }: JournalRecord, secret: Buffer): Buffer {
  let length = 0;
  for (const { key, value } of writes) {
    length += WRITE_HEADER_LENGTH + key.length + (value?.length ?? 0);
  }
  const bytes = Buffer.allocUnsafe(blocks(HEADER_LENGTH + length));
  RECORD.copy(bytes);
  bytes.writeBigUInt64BE(BigInt(from), FROM);
  bytes.writeBigUInt64BE(BigInt(to), TO);
  bytes.writeBigUInt64BE(ts, TS);
  bytes.writeUInt32BE(length, LENGTH);
  let at = HEADER_LENGTH;
  for (const { index, key, value } of writes) {
    bytes.writeUInt32BE(index, at);
    bytes.writeUInt32BE(key.length, at + 4);
    bytes.writeUInt32BE(value?.length ?? REMOVED, at + 8);
    at += WRITE_HEADER_LENGTH;
    at += bytes.write(key, at, "latin1");
    at += value?.copy(bytes, at) ?? 0;
  }
  digestOf(bytes, length, secret).copy(bytes, DIGEST);
  return bytes.fill(0, at);
}

/** `null` for bytes that are no whole record of this store. */
function decodeRecord(bytes: Buffer, secret: Buffer): JournalRecord | null {
  if (RECORD.compare(bytes, 0, RECORD.length) !== 0) return null;
  const length = bytes.readUInt32BE(LENGTH);
  const end = HEADER_LENGTH + length;
  if (end > bytes.length) return null;
  if (digestOf(bytes, length, secret).compare(bytes, DIGEST, HEADER_LENGTH) !== 0) return null;
  const writes: StorageWrite[] = [];
  for (let at = HEADER_LENGTH; at < end;) {
    const keyStart = at + WRITE_HEADER_LENGTH;
    const valueStart = keyStart + bytes.readUInt32BE(at + 4);
    const valueLength = bytes.readUInt32BE(at + 8);
    const isRemoved = valueLength === REMOVED;
    const index = bytes.readUInt32BE(at);
    at = isRemoved ? valueStart : valueStart + valueLength;
    const value = isRemoved ? null : Buffer.from(bytes.subarray(valueStart, at));
    writes.push({ index, key: bytes.toString("latin1", keyStart, valueStart), value });
  }
  return {
    from: Number(bytes.readBigUInt64BE(FROM)),
    to: Number(bytes.readBigUInt64BE(TO)),
    ts: bytes.readBigUInt64BE(TS),
    writes,
  };
}

function digestOf(bytes: Buffer, length: number, secret: Buffer): Buffer {
  return createHash("sha256")
    .update(secret)
    .update(bytes.subarray(0, DIGEST))
    .update(bytes.subarray(HEADER_LENGTH, HEADER_LENGTH + length))
    .digest()
    .subarray(0, DIGEST_LENGTH);
}

function blocks(length: number): number {
  return Math.ceil(length / BLOCK) * BLOCK;
}

function writeWhole(
  descriptor: number,
  bytes: Buffer,
  position: number,
  isSynced: boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null): void => {
      if (error === null) resolve();
      else reject(error);
    };
    const writeFrom = (offset: number): void => {
      const length = bytes.length - offset;
      write(descriptor, bytes, offset, length, position + offset, (error, written) => {
        if (error !== null) reject(error);
        else if (written < length) writeFrom(offset + written);
        else if (isSynced) fdatasync(descriptor, settle);
        else resolve();
      });
    };
    writeFrom(0);
  });
}
