import { accessSync, closeSync, constants, mkdirSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

import { open, type RootDatabase } from "lmdb";

import { SortedMap, type SortedEntry } from "../lib/sorted-map.ts";
import { lockFolder, type FolderLock } from "./folder-lock.ts";
import {
  groupLimits,
  isCut,
  logicalEntry,
  lowerLimit,
  physicalKey,
  physicalValue,
  upperLimit,
  type LogicalEntry,
} from "./physical-key.ts";
import { DataFolderError, StorageStoppedError } from "./storage-error.ts";

export const STORAGE_FORMAT = 1;

/** Index number of the records about the store itself; the rungs above use others. */
export const META_INDEX = 0;

const LMDB_MAGIC = 0xbeefc0de;
const LMDB_MAGIC_OFFSET = 24;

const FORMAT_KEY = "format";
const CLOCK_KEY = "clock";
const LOCK_KEY = "lock";

/** One key to put, or to remove when the value is `null`. */
export interface StorageWrite {
  readonly index: number;
  readonly key: string;
  readonly value: Buffer | null;
}

export interface ScanRequest {
  readonly index: number;
  /** Keys from `lower` up to but not including `upper` (`null`: the end of the index). */
  readonly lower: string;
  readonly upper: string | null;
  readonly isReverse: boolean;
  readonly limit: number;
}

export interface ScanResult {
  readonly entries: readonly LogicalEntry[];
  /** True when it is known that nothing follows. */
  readonly isEnd: boolean;
}

type Layer = Map<number, SortedMap<Buffer | null>>;

interface Waiter {
  readonly ts: bigint;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

type Lmdb = RootDatabase<Buffer, Buffer>;

/**
 * Ordered keys and values on disk. Writes are seen by every later read at once and reach the disk in
 * batches off the thread; `flushed` tells when. A batch is written whole or not at all. After a failed
 * batch nothing is read or written any more.
 */
export class Storage {
  readonly #lmdb: Lmdb;
  readonly #lock: FolderLock;
  #pending: Layer = new Map();
  #inFlight: Layer | null = null;
  #pendingTs: bigint;
  #durableTs: bigint;
  #isScheduled = false;
  #stopped: Error | null = null;
  #waiters: Waiter[] = [];
  /** Told when nothing is left to flush. */
  #idle: (() => void)[] = [];
  readonly #stopListeners = new Set<(error: StorageStoppedError) => void>();

  private constructor(lmdb: Lmdb, lock: FolderLock, clock: bigint) {
    this.#lmdb = lmdb;
    this.#lock = lock;
    this.#pendingTs = clock;
    this.#durableTs = clock;
  }

  /**
   * Opens or creates the store in a folder and claims the folder.
   * @throws DataFolderError
   */
  static async open(folder: string): Promise<Storage> {
    const lmdb = openLmdb(folder);
    try {
      const lock = await lockFolder(folder, {
        read: () => readMeta(lmdb, LOCK_KEY)?.toString() ?? null,
        swap: (expected, next) => swapMeta(lmdb, LOCK_KEY, expected, next),
      });
      try {
        checkFormat(lmdb, folder);
        return new Storage(lmdb, lock, readMeta(lmdb, CLOCK_KEY)?.readBigUInt64BE(0) ?? 0n);
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      await lmdb.close();
      throw error;
    }
  }

  /** The newest timestamp that is on disk. */
  get durableTs(): bigint {
    return this.#durableTs;
  }

  /** Whether the store was closed or a flush failed; then every call throws. */
  get isStopped(): boolean {
    return this.#stopped !== null;
  }

  get(index: number, key: string): Buffer | null {
    this.#checkRunning();
    const unflushed = this.#unflushed(index, key);
    if (unflushed !== undefined) return unflushed;
    const physical = physicalKey(index, key);
    const value = this.#lmdb.get(physical);
    return value === undefined ? null : logicalEntry(physical, value).value;
  }

  /**
   * `get` without the copy, for short keys. The bytes are the decoder's until it returns; it must not
   * read from the store, nor do more with them than read from offset 0 to `length`.
   */
  decode<T>(index: number, key: string, decoder: (bytes: Buffer) => T): T | null {
    this.#checkRunning();
    const unflushed = this.#unflushed(index, key);
    if (unflushed !== undefined) return unflushed === null ? null : decoder(unflushed);
    const physical = physicalKey(index, key);
    if (isCut(physical))
      throw new RangeError("Only entries with short keys can be decoded in place");
    const value = this.#lmdb.getBinaryFast(physical);
    return value === undefined ? null : decoder(value);
  }

  /** Entries in order, about `limit` of them; none only when there are none. */
  scan(request: ScanRequest): ScanResult {
    this.#checkRunning();
    const layers = [this.#pending.get(request.index), this.#inFlight?.get(request.index)].filter(
      (layer) => layer !== undefined,
    );
    let { lower, upper } = request;
    for (;;) {
      const stored = scanLmdb(this.#lmdb, { ...request, lower, upper });
      const last = stored[stored.length - 1];
      const isEnd = stored.length < request.limit || last === undefined;
      if (layers.length === 0) return { entries: stored, isEnd };
      // Only up to the last stored key is known, unless the index ends there.
      const edge = isEnd ? null : last.key;
      const merged = mergeLayers(stored, layers, {
        ...request,
        lower: request.isReverse && edge !== null ? edge : lower,
        upper: !request.isReverse && edge !== null ? `${edge}\0` : upper,
      });
      if (merged.length > 0 || edge === null) {
        return { entries: merged, isEnd: edge === null && merged.length < request.limit };
      }
      if (request.isReverse) upper = edge;
      else lower = `${edge}\0`;
    }
  }

  /**
   * Makes writes visible and queues them for the disk. Timestamps must not decrease.
   * @throws StorageStoppedError
   */
  write(writes: Iterable<StorageWrite>, ts: bigint): void {
    this.#checkRunning();
    for (const { index, key, value } of writes) {
      let keys = this.#pending.get(index);
      if (keys === undefined) this.#pending.set(index, (keys = new SortedMap()));
      keys.set(key, value);
    }
    this.#pendingTs = ts;
    this.#schedule();
  }

  /** Resolves when everything written up to `ts` is on disk; rejects with `StorageStoppedError`. */
  flushed(ts: bigint): Promise<void> {
    if (this.#stopped !== null) return Promise.reject(this.#stopped);
    if (ts <= this.#durableTs) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ ts, resolve, reject }));
  }

  /** Runs once if a flush fails. Returns the function that takes the listener off. */
  onStopped(listener: (error: StorageStoppedError) => void): () => void {
    this.#stopListeners.add(listener);
    return () => this.#stopListeners.delete(listener);
  }

  /** Writes what is pending and gives the folder free. */
  async close(): Promise<void> {
    while (this.#isScheduled) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#stopped ??= new Error("The database is closed.");
    this.#lock.release();
    await this.#lmdb.close();
  }

  /** `undefined` when no write to the key is under way. */
  #unflushed(index: number, key: string): Buffer | null | undefined {
    const pending = this.#pending.get(index)?.get(key);
    return pending === undefined ? this.#inFlight?.get(index)?.get(key) : pending;
  }

  #checkRunning(): void {
    if (this.#stopped !== null) throw this.#stopped;
  }

  /** One batch at a time; a macrotask in between gathers commits and lets timers run. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    const ts = this.#pendingTs;
    const layer = this.#pending;
    this.#pending = new Map();
    this.#inFlight = layer;
    try {
      await writeBatch(this.#lmdb, layer, ts);
    } catch (error) {
      this.#stop(await rootCause(error));
      return;
    }
    // The read transaction of this turn may be older than the batch that just left the layer.
    this.#lmdb.resetReadTxn();
    this.#inFlight = null;
    this.#durableTs = ts;
    this.#rest();
    if (this.#pendingTs > ts || this.#pending.size > 0) this.#schedule();
    const due = this.#waiters.filter((waiter) => waiter.ts <= ts);
    this.#waiters = this.#waiters.filter((waiter) => waiter.ts > ts);
    for (const waiter of due) waiter.resolve();
  }

  #rest(): void {
    this.#isScheduled = false;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #stop(cause: unknown): void {
    const error = new StorageStoppedError(cause);
    this.#stopped = error;
    this.#rest();
    this.#pending = new Map();
    this.#inFlight = null;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
    for (const listener of this.#stopListeners) listener(error);
  }
}

function openLmdb(folder: string): Lmdb {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new DataFolderError(
      "NotWritable",
      `The data folder ${folder} cannot be written to (${errorCode(error)}).`,
      { cause: error },
    );
  }
  if (!looksLikeLmdb(join(folder, "data.mdb"))) {
    throw new DataFolderError(
      "Damaged",
      `The data folder ${folder} cannot be opened: data.mdb is damaged or no database.`,
    );
  }
  try {
    return open<Buffer, Buffer>({
      path: folder,
      noSubdir: false,
      keyEncoding: "binary",
      encoding: "binary",
      // `committed` then means durable: pages are synced before the commit is published.
      overlappingSync: false,
      // Growing the map keeps the old ones in memory; address space costs nothing.
      mapSize: 2 ** 36,
    });
  } catch (error) {
    throw new DataFolderError(
      "Damaged",
      `The data folder ${folder} cannot be opened: ${error instanceof Error ? error.message : String(error)}.`,
      { cause: error },
    );
  }
}

/** LMDB ends the process on a foreign file, so its magic number (in the first meta page) is checked. */
function looksLikeLmdb(file: string): boolean {
  const header = Buffer.alloc(LMDB_MAGIC_OFFSET + 4);
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return true;
    throw error;
  }
  try {
    const length = readSync(descriptor, header, 0, header.length, 0);
    return length === 0 || header.readUInt32LE(LMDB_MAGIC_OFFSET) === LMDB_MAGIC;
  } finally {
    closeSync(descriptor);
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function checkFormat(lmdb: Lmdb, folder: string): void {
  const stored = readMeta(lmdb, FORMAT_KEY)?.readUInt32BE(0);
  if (stored === undefined) {
    const format = Buffer.alloc(4);
    format.writeUInt32BE(STORAGE_FORMAT);
    lmdb.putSync(metaKey(FORMAT_KEY), format);
  } else if (stored > STORAGE_FORMAT) {
    throw new DataFolderError(
      "NewerFormat",
      `The data folder ${folder} was written by a newer version (format ${stored}, this version reads ` +
        `up to ${STORAGE_FORMAT}); start that version instead.`,
    );
  }
}

function metaKey(key: string): Buffer {
  return physicalKey(META_INDEX, key);
}

function readMeta(lmdb: Lmdb, key: string): Buffer | undefined {
  return lmdb.get(metaKey(key));
}

function swapMeta(lmdb: Lmdb, key: string, expected: string | null, next: string | null): boolean {
  return lmdb.transactionSync(() => {
    if ((readMeta(lmdb, key)?.toString() ?? null) !== expected) return false;
    if (next === null) lmdb.removeSync(metaKey(key));
    else lmdb.putSync(metaKey(key), Buffer.from(next));
    return true;
  });
}

/** Everything is encoded before the first put: a throw inside `batch` would commit half of it. */
async function writeBatch(lmdb: Lmdb, layer: Layer, ts: bigint): Promise<void> {
  const puts: { key: Buffer; value: Buffer | null }[] = [];
  for (const [index, keys] of layer) {
    for (const { key, value } of keys.entries()) {
      puts.push({
        key: physicalKey(index, key),
        value: value === null ? null : physicalValue(key, value),
      });
    }
  }
  const clock = Buffer.alloc(8);
  clock.writeBigUInt64BE(ts);
  puts.push({ key: metaKey(CLOCK_KEY), value: clock });
  await lmdb.batch(() => {
    for (const { key, value } of puts) {
      void (value === null ? lmdb.remove(key) : lmdb.put(key, value));
    }
  });
}

/** LMDB's failure hides in `commitError`, a promise that would end the process when left alone. */
async function rootCause(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("commitError" in error)) return error;
  const { commitError } = error;
  if (!(commitError instanceof Promise)) return commitError;
  try {
    await commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}

function scanLmdb(lmdb: Lmdb, request: ScanRequest): LogicalEntry[] {
  const { index, lower, upper, isReverse, limit } = request;
  const entries: LogicalEntry[] = [];
  let from = lowerLimit(index, lower);
  let to = upperLimit(index, upper);
  for (;;) {
    const wanted = limit - entries.length;
    const rows = readRows(lmdb, from, to, isReverse, wanted);
    const cutAt = rows.findIndex((row) => isCut(row.key));
    for (const row of cutAt < 0 ? rows : rows.slice(0, cutAt)) {
      entries.push(logicalEntry(row.key, row.value));
    }
    const cutRow = rows[cutAt];
    if (cutRow === undefined) return entries;
    const group = groupLimits(cutRow.key);
    entries.push(...readGroup(lmdb, group, request));
    if (isReverse) to = group.lower;
    else from = group.upper;
    if (entries.length >= limit) return entries;
  }
}

function readRows(lmdb: Lmdb, from: Buffer, to: Buffer, isReverse: boolean, limit: number) {
  const range = isReverse
    ? { start: to, exclusiveStart: true, end: from, inclusiveEnd: true, reverse: true, limit }
    : { start: from, end: to, limit };
  return Array.from(lmdb.getRange(range));
}

function readGroup(
  lmdb: Lmdb,
  group: { readonly lower: Buffer; readonly upper: Buffer },
  { lower, upper, isReverse }: ScanRequest,
): LogicalEntry[] {
  const rows = Array.from(lmdb.getRange({ start: group.lower, end: group.upper }));
  const entries = rows
    .map((row) => logicalEntry(row.key, row.value))
    .filter(({ key }) => key >= lower && (upper === null || key < upper))
    .sort((left, right) => (left.key < right.key ? -1 : 1));
  return isReverse ? entries.reverse() : entries;
}

interface MergeBounds {
  readonly lower: string;
  readonly upper: string | null;
  readonly isReverse: boolean;
  readonly limit: number;
}

/** Lays unflushed writes over stored entries of the same interval; the first layer is the newest. */
function mergeLayers(
  stored: readonly LogicalEntry[],
  layers: readonly SortedMap<Buffer | null>[],
  bounds: MergeBounds,
): LogicalEntry[] {
  const merged: LogicalEntry[] = [];
  let { lower, upper } = bounds;
  let position = 0;
  while (merged.length < bounds.limit) {
    const row = stored[position];
    const change = nextChange(layers, { ...bounds, lower, upper });
    if (row === undefined && change === null) break;
    const isRowFirst = row !== undefined && (change === null || precedes(row, change, bounds));
    const next = isRowFirst ? row : change;
    if (next === null) break;
    if (next.value !== null) merged.push({ key: next.key, value: next.value });
    if (row !== undefined && row.key === next.key) position += 1;
    if (bounds.isReverse) upper = next.key;
    else lower = `${next.key}\0`;
  }
  return merged;
}

function precedes(
  row: LogicalEntry,
  change: { readonly key: string },
  bounds: MergeBounds,
): boolean {
  return bounds.isReverse ? row.key > change.key : row.key < change.key;
}

function nextChange(
  layers: readonly SortedMap<Buffer | null>[],
  { lower, upper, isReverse }: MergeBounds,
): SortedEntry<Buffer | null> | null {
  let next: SortedEntry<Buffer | null> | null = null;
  for (const layer of layers) {
    const entry = isReverse ? layer.below(upper) : layer.ceiling(lower);
    if (entry === null) continue;
    if (isReverse ? entry.key < lower : upper !== null && entry.key >= upper) continue;
    const isNearer = next === null || (isReverse ? entry.key > next.key : entry.key < next.key);
    if (isNearer) next = entry;
  }
  return next;
}
