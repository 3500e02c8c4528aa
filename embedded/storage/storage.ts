import type { Transaction } from "lmdb";

import { claimStore, type ClaimedStore } from "./claim-store.ts";
import { DiskSpace } from "./disk-space.ts";
import { EntrySorter } from "./entry-sorter.ts";
import type { FolderLock } from "./folder-lock.ts";
import type { Journal, JournalRecord } from "./journal.ts";
import { CLOCK_KEY, positionOf, rootCause, writeBatch } from "./lmdb-batch.ts";
import { scanLmdb } from "./lmdb-scan.ts";
import { metaKey, openLmdb, type Lmdb, type OpenOptions } from "./open-lmdb.ts";
import { isCut, logicalEntry, physicalKey, type LogicalEntry } from "./physical-key.ts";
import {
  DataDamagedError,
  DataFolderError,
  DiskFullError,
  isDamage,
  StorageStoppedError,
} from "./storage-error.ts";
import { mergeLayers, WriteLayer } from "./write-layer.ts";

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
  /** Whether nobody looks at the values: they may then be empty. */
  readonly areKeysEnough?: boolean;
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

/** How much is written to the journal before it moves to the store. */
export interface JournalLimits {
  readonly keys: number;
  /** Of values, and of a file of the journal. */
  readonly bytes: number;
  readonly ageMs: number;
}

/** A move of so many keys keeps others waiting for two milliseconds. */
const JOURNAL_LIMITS: JournalLimits = { keys: 1_000, bytes: 4 * 2 ** 20, ageMs: 1_000 };
/** More bytes than these at a time go to the store straight away, rather than to the disk twice. */
const DIRECT_BYTES = 256 * 2 ** 10;
/** As many times the limits may wait while a move is under way. */
const MOST_WAITING = 4;
/** When a full disk kept writes from moving, they try again. */
const RETRY_MS = 250;

export interface StorageOptions extends OpenOptions {
  readonly space?: DiskSpace;
  readonly journal?: JournalLimits;
}

interface StorageParts {
  readonly folder: string;
  readonly lmdb: Lmdb;
  readonly lock: FolderLock;
  readonly journal: Journal;
  readonly space: DiskSpace;
  readonly limits: JournalLimits;
}

interface Waiter {
  readonly ts: bigint;
  /** Shared by all who wait for this timestamp. */
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Ordered keys and values on disk. Writes are seen by every later read at once and reach the disk off
 * the thread; `flushed` tells when. They go to the journal, which takes one write to the disk for all
 * that came together, and now and then move to the store, many at a time. What came together is there
 * whole or not at all. After a failed write, and once a read has met damage, nothing is read or written
 * any more.
 */
export class Storage {
  readonly #folder: string;
  readonly #lmdb: Lmdb;
  readonly #lock: FolderLock;
  readonly #space: DiskSpace;
  readonly #journal: Journal;
  readonly #limits: JournalLimits;
  /** What is not in the store yet, and what is being moved there. */
  #layer = new WriteLayer();
  #moving: WriteLayer | null = null;
  #move: Promise<void> | null = null;
  #moveTimer: NodeJS.Timeout | null = null;
  /** What is not in the journal yet. */
  #unlogged: StorageWrite[] = [];
  #unloggedBytes = 0;
  /** Calls of `write` so far, and how many of them are in the journal or the store and in the store. */
  #number: number;
  #loggedNumber: number;
  #storedNumber: number;
  #pendingTs: bigint;
  #durableTs: bigint;
  #isFlushing = false;
  #stopped: Error | null = null;
  #waiters: Waiter[] = [];
  /** Told when nothing is left to flush. */
  #idle: (() => void)[] = [];
  readonly #stopListeners = new Set<(error: StorageStoppedError) => void>();

  private constructor({ folder, lmdb, lock, journal, space, limits }: StorageParts) {
    const { ts, number } = positionOf(lmdb);
    this.#folder = folder;
    this.#lmdb = lmdb;
    this.#lock = lock;
    this.#space = space;
    this.#limits = limits;
    this.#journal = journal;
    this.#number = number;
    this.#loggedNumber = number;
    this.#storedNumber = number;
    this.#pendingTs = ts;
    this.#durableTs = ts;
    journal.release(number);
  }

  /**
   * Opens or creates the store in a folder and claims the folder.
   * @throws DataFolderError
   */
  static async open(folder: string, options: StorageOptions = {}): Promise<Storage> {
    const space = options.space ?? new DiskSpace(folder);
    const limits = options.journal ?? JOURNAL_LIMITS;
    const lmdb = openLmdb(folder, options);
    let claimed: ClaimedStore | null = null;
    try {
      claimed = await claimStore(folder, lmdb, {
        fileBytes: limits.bytes,
        noSync: options.noSync ?? false,
      });
      const { lock, journal, records } = claimed;
      const storage = new Storage({ folder, lmdb, lock, journal, space, limits });
      storage.#replay(records);
      return storage;
    } catch (error) {
      claimed?.journal.close();
      claimed?.lock.abandon();
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
    try {
      const value = this.#lmdb.get(physical);
      return value === undefined ? null : logicalEntry(physical, value).value;
    } catch (error) {
      throw this.#readFailure(error);
    }
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
    try {
      const value = this.#lmdb.getBinaryFast(physical);
      return value === undefined ? null : decoder(value);
    } catch (error) {
      throw this.#readFailure(error);
    }
  }

  /** Entries in order, about `limit` of them; none only when there are none. */
  scan(request: ScanRequest): ScanResult {
    this.#checkRunning();
    const layers = [this.#layer.index(request.index), this.#moving?.index(request.index)].filter(
      (layer) => layer !== undefined,
    );
    let { lower, upper } = request;
    for (;;) {
      const stored = this.#scanStored({ ...request, lower, upper });
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
    this.#space.require(this.#layer.room + (this.#moving?.room ?? 0) + bytes);
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
    for (const write of writes) {
      this.#layer.set(write.index, write.key, write.value);
      this.#unlogged.push(write);
      this.#unloggedBytes += write.key.length + (write.value?.length ?? 0);
    }
    this.#number += 1;
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
   * What was written until now or a moment later, whatever is written then. It must be closed: until
   * then the file cannot reuse what it holds.
   * @throws DiskFullError, StorageStoppedError
   */
  async openSnapshot(): Promise<StorageSnapshot> {
    const wanted = this.#number;
    this.requireSpace();
    while (this.#storedNumber < wanted) {
      await this.#moveOn();
      this.#checkRunning();
    }
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
        const entries = this.#scanStored(request, transaction);
        return { entries, isEnd: entries.length < request.limit };
      },
      close: () => {
        if (isOpen && this.#stopped === null) transaction.done();
        isOpen = false;
      },
    };
  }

  /**
   * Stops for damage that was found in what is stored, and returns what is to be thrown. Anything else
   * is returned as it is.
   */
  reportDamage(error: unknown): unknown {
    return this.#readFailure(error);
  }

  /** Runs once if a flush fails or damage is met. Returns the function that takes the listener off. */
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
    const isMoveLeft = () =>
      this.#stopped === null && this.#storedNumber < this.#number && this.#hasRoom();
    while (this.#isFlushing || isMoveLeft()) {
      if (this.#isFlushing) await new Promise<void>((resolve) => this.#idle.push(resolve));
      else await this.#moveOn();
    }
    await this.#move;
    if (this.#moveTimer !== null) clearTimeout(this.#moveTimer);
    this.#journal.close();
    // Giving the folder free is a write, and nothing is written to a damaged file. The next start is to
    // miss the journal when something is left in there.
    const isLeft = this.#storedNumber < this.#number;
    if (isLeft || this.#stopped instanceof DataDamagedError) this.#lock.abandon();
    else this.#lock.release();
    this.#stopped ??= new Error("The database is closed.");
    await this.#lmdb.close();
  }

  /** Takes up what the process before left in the journal. */
  #replay(records: readonly JournalRecord[]): void {
    for (const { to, ts, writes } of records) {
      for (const { index, key, value } of writes) this.#layer.set(index, key, value);
      this.#number = to;
      this.#loggedNumber = to;
      this.#pendingTs = ts;
      this.#durableTs = ts;
    }
    if (this.#storedNumber < this.#number) this.#moveLater(0);
  }

  /** `undefined` when no write to the key is under way. */
  #unflushed(index: number, key: string): Buffer | null | undefined {
    const pending = this.#layer.get(index, key);
    return pending === undefined ? this.#moving?.get(index, key) : pending;
  }

  #checkRunning(): void {
    if (this.#stopped !== null) throw this.#stopped;
  }

  /**
   * As soon as the code that writes has come to its end: what is written while the disk is busy goes
   * there together, when that is done.
   */
  #schedule(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    while (this.#stopped === null && this.#loggedNumber < this.#number) {
      if (this.#unloggedBytes > DIRECT_BYTES) await this.#storeUnlogged();
      else await this.#log();
    }
    this.#rest();
  }

  async #log(): Promise<void> {
    // A store slower than the journal holds writers up, or what waits for it would grow without end.
    if (this.#isBehind && this.#move !== null) await this.#move;
    if (this.isStopped) return;
    const to = this.#number;
    const ts = this.#pendingTs;
    const record = { from: this.#loggedNumber, to, ts, writes: this.#takeUnlogged() };
    try {
      await this.#journal.append(record);
    } catch (error) {
      this.#stop(new StorageStoppedError(error));
      return;
    }
    // A read may have met damage meanwhile.
    if (this.#stopped !== null) return;
    this.#becomeDurable(ts);
    this.#moveWhenDue();
  }

  get #isBehind(): boolean {
    const { keys, bytes } = this.#limits;
    return this.#layer.keys >= MOST_WAITING * keys || this.#layer.bytes >= MOST_WAITING * bytes;
  }

  /** The journal's next record begins behind what is in the store then. */
  async #storeUnlogged(): Promise<void> {
    while (this.#move !== null) await this.#move;
    this.#takeUnlogged();
    if (this.#stopped === null) await this.#moveOn();
  }

  #takeUnlogged(): readonly StorageWrite[] {
    const writes = this.#unlogged;
    this.#unlogged = [];
    this.#unloggedBytes = 0;
    this.#loggedNumber = this.#number;
    return writes;
  }

  #becomeDurable(ts: bigint): void {
    if (ts > this.#durableTs) this.#durableTs = ts;
    const due = this.#waiters.filter((waiter) => waiter.ts <= ts);
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.ts > ts);
    for (const waiter of due) waiter.resolve();
  }

  #moveWhenDue(): void {
    if (this.#move !== null || this.#stopped !== null) return;
    const { keys, bytes } = this.#limits;
    const isDue = this.#layer.keys >= keys || this.#layer.bytes >= bytes;
    if (isDue && this.#hasRoom()) void this.#moveOn();
    else if (this.#storedNumber < this.#number) this.#moveLater(this.#limits.ageMs);
  }

  #moveLater(delayMs: number): void {
    this.#moveTimer ??= setTimeout(() => {
      this.#moveTimer = null;
      if (this.#move !== null || this.#stopped !== null) return;
      if (this.#hasRoom()) void this.#moveOn();
      else this.#moveLater(RETRY_MS);
    }, delayMs).unref();
  }

  /** What is in the journal can wait there until there is room for it in the store. */
  #hasRoom(): boolean {
    try {
      this.#space.require();
      return true;
    } catch (error) {
      return !(error instanceof DiskFullError);
    }
  }

  /** Moves everything written so far to the store, or waits for the move that is under way. */
  #moveOn(): Promise<void> {
    return (this.#move ??= this.#moveLayer());
  }

  async #moveLayer(): Promise<void> {
    const layer = this.#layer;
    const loggedTo = this.#journal.durableTo;
    const position = { ts: this.#pendingTs, number: this.#number, loggedTo };
    this.#layer = new WriteLayer();
    this.#moving = layer;
    try {
      await writeBatch(this.#lmdb, layer, position);
    } catch (error) {
      const cause = await rootCause(error);
      this.#stop(
        isDamage(cause)
          ? new DataDamagedError(this.#folder, cause)
          : new StorageStoppedError(cause),
      );
      return;
    } finally {
      this.#move = null;
    }
    // A read may have met damage meanwhile: what came after this batch was given up then.
    if (this.#stopped !== null) return;
    // The read transaction of this turn may be older than the batch that just left the layer.
    this.#lmdb.resetReadTxn();
    this.#moving = null;
    this.#storedNumber = position.number;
    this.#journal.release(position.number);
    this.#space.noteWritten();
    this.#becomeDurable(position.ts);
    this.#moveWhenDue();
  }

  #rest(): void {
    this.#isFlushing = false;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #scanStored(request: ScanRequest, transaction?: Transaction): LogicalEntry[] {
    try {
      return scanLmdb(this.#lmdb, request, transaction);
    } catch (error) {
      throw this.#readFailure(error);
    }
  }

  #readFailure(error: unknown): unknown {
    if (this.#stopped !== null || !isDamage(error)) return error;
    const stop = new DataDamagedError(this.#folder, error);
    this.#stop(stop);
    return stop;
  }

  #stop(error: StorageStoppedError): void {
    if (this.#stopped !== null) return;
    this.#stopped = error;
    this.#layer = new WriteLayer();
    this.#moving = null;
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

function withResolvers(): Omit<Waiter, "ts"> {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
