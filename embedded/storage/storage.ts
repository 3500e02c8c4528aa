import { SortedMap, type SortedEntry } from "../lib/sorted-map.ts";
import { DiskSpace } from "./disk-space.ts";
import { EntrySorter } from "./entry-sorter.ts";
import { lockFolder, type FolderLock } from "./folder-lock.ts";
import { scanLmdb } from "./lmdb-scan.ts";
import {
  metaKey,
  openLmdb,
  readMeta,
  recordFormat,
  swapMeta,
  type Lmdb,
  type OpenOptions,
} from "./open-lmdb.ts";
import {
  isCut,
  logicalEntry,
  physicalKey,
  physicalValue,
  type LogicalEntry,
} from "./physical-key.ts";
import { DataFolderError, StorageStoppedError } from "./storage-error.ts";

const CLOCK_KEY = "clock";
export const LOCK_KEY = "lock";

/** What one key may add to the file: the page it lies on, and the one above that. */
const BYTES_PER_KEY = 8192;

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

/** Entries in order, as far as they are on disk. */
export interface StorageSnapshot {
  /** The newest timestamp in it. */
  readonly ts: bigint;
  scan(request: ScanRequest): ScanResult;
  close(): void;
}

type Layer = Map<number, SortedMap<Buffer | null>>;

export interface StorageOptions extends OpenOptions {
  readonly space?: DiskSpace;
}

interface Waiter {
  readonly ts: bigint;
  /** Shared by all who wait for this timestamp. */
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Ordered keys and values on disk. Writes are seen by every later read at once and reach the disk in
 * batches off the thread; `flushed` tells when. A batch is written whole or not at all. After a failed
 * batch nothing is read or written any more.
 */
export class Storage {
  readonly #folder: string;
  readonly #lmdb: Lmdb;
  readonly #lock: FolderLock;
  readonly #space: DiskSpace;
  #pending: Layer = new Map();
  #inFlight: Layer | null = null;
  /** What the two layers may need on the disk at most, in bytes. */
  #pendingBytes = 0;
  #inFlightBytes = 0;
  #pendingTs: bigint;
  #durableTs: bigint;
  #isScheduled = false;
  #stopped: Error | null = null;
  #waiters: Waiter[] = [];
  /** Told when nothing is left to flush. */
  #idle: (() => void)[] = [];
  readonly #stopListeners = new Set<(error: StorageStoppedError) => void>();

  private constructor(folder: string, lmdb: Lmdb, lock: FolderLock, space: DiskSpace) {
    const clock = readMeta(lmdb, CLOCK_KEY)?.readBigUInt64BE(0) ?? 0n;
    this.#folder = folder;
    this.#lmdb = lmdb;
    this.#lock = lock;
    this.#space = space;
    this.#pendingTs = clock;
    this.#durableTs = clock;
  }

  /**
   * Opens or creates the store in a folder and claims the folder.
   * @throws DataFolderError
   */
  static async open(folder: string, options: StorageOptions = {}): Promise<Storage> {
    const space = options.space ?? new DiskSpace(folder);
    const lmdb = openLmdb(folder, options);
    try {
      const lock = await lockFolder(folder, {
        read: () => readMeta(lmdb, LOCK_KEY)?.toString() ?? null,
        swap: (expected, next) => swapMeta(lmdb, LOCK_KEY, expected, next),
      });
      recordFormat(lmdb);
      return new Storage(folder, lmdb, lock, space);
    } catch (error) {
      await lmdb.close();
      throw error instanceof DataFolderError ? error : unusable(folder, error);
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
   * To be asked before writes that may be refused: those that were made must reach the disk.
   * @param bytes what is to be written elsewhere on the same disk.
   * @throws DiskFullError, StorageStoppedError
   */
  requireSpace(bytes = 0): void {
    this.#checkRunning();
    this.#space.require(this.#pendingBytes + this.#inFlightBytes + bytes);
  }

  /** For entries that many keys' worth of writes would scatter over the store. To be closed. */
  createSorter(memory?: number): EntrySorter {
    return new EntrySorter({
      folder: this.#folder,
      requireSpace: (bytes) => this.requireSpace(bytes),
      ...(memory === undefined ? {} : { memory }),
    });
  }

  /**
   * Makes writes visible and queues them for the disk. Timestamps must not decrease.
   * @throws StorageStoppedError
   */
  write(writes: Iterable<StorageWrite>, ts: bigint): void {
    this.#checkRunning();
    for (const { index, key, value } of writes) {
      this.#pendingBytes += BYTES_PER_KEY + (value?.byteLength ?? 0);
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
    const last = this.#waiters[this.#waiters.length - 1];
    if (last?.ts === ts) return last.promise;
    const { promise, resolve, reject } = withResolvers();
    this.#waiters.push({ ts, promise, resolve, reject });
    return promise;
  }

  /**
   * What is on disk now, whatever is written later. It must be closed: until then the file cannot
   * reuse what it holds.
   */
  openSnapshot(): StorageSnapshot {
    this.#checkRunning();
    this.#lmdb.resetReadTxn();
    const transaction = this.#lmdb.useReadTransaction();
    const clock = this.#lmdb.get(metaKey(CLOCK_KEY), { transaction });
    // Later reads begin one of their own, so that `recoverReads` does not touch this one.
    this.#lmdb.resetReadTxn();
    let isOpen = true;
    return {
      ts: clock?.readBigUInt64BE(0) ?? 0n,
      scan: (request) => {
        if (!isOpen) throw new Error("The snapshot is closed.");
        this.#checkRunning();
        const entries = scanLmdb(this.#lmdb, request, transaction);
        return { entries, isEnd: entries.length < request.limit };
      },
      close: () => {
        if (isOpen && this.#stopped === null) transaction.done();
        isOpen = false;
      },
    };
  }

  /** Runs once if a flush fails. Returns the function that takes the listener off. */
  onStopped(listener: (error: StorageStoppedError) => void): () => void {
    this.#stopListeners.add(listener);
    return () => this.#stopListeners.delete(listener);
  }

  /**
   * Gives back what a scan holds that was cut off by ending the code around it (`finally` blocks did
   * not run): its hold on the store's state would keep the file growing. To be called in the turn in
   * which that happened.
   */
  recoverReads(): void {
    if (this.#stopped !== null) return;
    const transaction = this.#lmdb.useReadTransaction();
    // One for the call above; no scan outlives its turn, so that any other is left over.
    Object.assign(transaction, { refCount: 1 });
    transaction.done();
    this.#lmdb.resetReadTxn();
  }

  /** How many snapshots of the store are held open, by this process and others; for tests. */
  openReaders(): number {
    this.#lmdb.readerCheck();
    return this.#lmdb
      .readerList()
      .split("\n")
      .filter((line) => /^\s*\d+\s+\S+\s+\d+\s*$/.test(line)).length;
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

  /**
   * One batch at a time, as soon as the code that writes has come to its end: what is written while
   * one is under way makes the next one, which leaves when that one is done.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    const ts = this.#pendingTs;
    const layer = this.#pending;
    this.#pending = new Map();
    this.#inFlight = layer;
    this.#inFlightBytes = this.#pendingBytes;
    this.#pendingBytes = 0;
    try {
      await writeBatch(this.#lmdb, layer, ts);
    } catch (error) {
      this.#stop(await rootCause(error));
      return;
    }
    // The read transaction of this turn may be older than the batch that just left the layer.
    this.#lmdb.resetReadTxn();
    this.#inFlight = null;
    this.#inFlightBytes = 0;
    this.#space.noteWritten();
    this.#durableTs = ts;
    if (this.#pendingTs > ts || this.#pending.size > 0) void this.#flush();
    else this.#rest();
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

/** What LMDB says when it cannot claim a folder, in a sentence. */
function unusable(folder: string, cause: unknown): DataFolderError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DataFolderError(
    "NotWritable",
    `The data folder ${folder} cannot be written to (${reason.replaceAll("\n", " ")}).`,
    { cause },
  );
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

function withResolvers(): Omit<Waiter, "ts"> {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
