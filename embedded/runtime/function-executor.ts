import { getHeapStatistics } from "node:v8";

import type { Database, Transaction } from "../database/types.ts";
import type { CodeCache, CodeSnapshot } from "../modules/code-cache.ts";
import { displayPath } from "../modules/function-path.ts";
import { functionNotFound } from "./function-info.ts";
import { FunctionRun, type RunRequest, type RunResult } from "./function-run.ts";
import { ENTRY_LIMIT_MS, outOfMemoryError, timeoutError } from "./limits.ts";
import { processorMs } from "./processor-time.ts";
import { RealmSet } from "./realm-set.ts";
import { strayRejections } from "./stray-rejections.ts";
import type { SyscallServices } from "./syscalls/syscall-context.ts";
import { TurnQueue } from "./turn-queue.ts";
import { Watchdog, WatchdogError } from "./watchdog.ts";

/** A transaction and the function to run in it. */
export interface BegunRun {
  readonly transaction: Transaction;
  readonly request: RunRequest;
}

/** Begins a query's transaction when its turn has come. */
export type Begin = () => BegunRun;

/**
 * Begins a mutation's transaction: after one that is not committed yet, or (`null`) on what is.
 * Returns `null` when it cannot follow the other one.
 */
export type BeginMutation = (previous: Transaction | null) => BegunRun | null;

interface QueuedRun {
  readonly isMutation: boolean;
  readonly begin: BeginMutation;
  readonly finish: (result: RunResult, transaction: Transaction) => void;
  readonly fail: (error: unknown) => void;
}

interface PreparedRun extends BegunRun {
  /** `null` when nothing was ever deployed. */
  readonly run: FunctionRun | null;
}

interface Executed {
  readonly prepared: readonly PreparedRun[];
  /** Whether the one after those took long and is to be tried alone. */
  readonly isNextSlow: boolean;
}

/** Functions that share a watchdog and a turn of the event loop. */
const BATCH_SIZE = 64;
/**
 * What takes longer than this is cut off and run once more with all its time, unless it was filling
 * the memory: the engine's heap must not run out within the time that a function has.
 */
const FIRST_TRY_MS = 300;
/**
 * On a busy machine a function may get less than this share of the processor; then it has not had its
 * time yet when the clock says so, and is tried once more with `STARVED_LIMIT_MS`.
 */
const STARVED_SHARE = 0.5;
const STARVED_LIMIT_MS = 4 * ENTRY_LIMIT_MS;
/** Garbage is counted too, and V8 lets a few hundred megabytes of it gather. */
const MAX_HEAP_GROWTH_BYTES = 512 * 2 ** 20;
/** How many turns of the event loop a batch may gather. */
const GATHERING_TURNS = 4;
/** No further function of a batch is started after this time. */
const BATCH_LIMIT_MS = 20;

const NOTHING_READ = {
  logLines: [],
  journal: null,
  isIdentityRead: false,
  isClockRead: false,
  spentMs: 0,
} as const;

/**
 * Runs queries and mutations in the order in which they were asked for, all that wait together in one
 * batch. A mutation of a batch reads what the one before it is going to commit; when it turns out
 * that this one did not, it runs again.
 */
export class FunctionExecutor {
  readonly #database: Pick<Database, "isOnCourse">;
  readonly #code: CodeCache;
  readonly #services: SyscallServices;
  readonly #turns = new TurnQueue();
  readonly #watchdog = new Watchdog();
  readonly #realms = new WeakMap<CodeSnapshot, RealmSet>();
  #queue: QueuedRun[] = [];
  #isScheduled = false;

  constructor(database: Pick<Database, "isOnCourse">, code: CodeCache, services: SyscallServices) {
    this.#database = database;
    this.#code = code;
    this.#services = services;
  }

  /**
   * Waits for its turn, begins a transaction, runs the function in it and hands both to `finish`
   * before another mutation is handed to its own: what `finish` commits at once cannot conflict with
   * another function.
   */
  run<T>(
    begin: BeginMutation,
    finish: (result: RunResult, transaction: Transaction) => T,
  ): Promise<T> {
    return this.#enqueue(true, begin, finish);
  }

  /** The same for a function that writes nothing. */
  runQuery<T>(
    begin: Begin,
    finish: (result: RunResult, transaction: Transaction) => T,
  ): Promise<T> {
    return this.#enqueue(false, begin, finish);
  }

  /** Resolves when every run asked for so far is over. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }

  #enqueue<T>(
    isMutation: boolean,
    begin: BeginMutation,
    finish: (result: RunResult, transaction: Transaction) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#queue.push({
        isMutation,
        begin,
        finish: (result, transaction) => resolve(finish(result, transaction)),
        fail: reject,
      });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      void this.#turns.run(() => this.#runBatches());
    });
  }

  async #runBatches(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#gather();
      const batch = this.#queue.slice(0, BATCH_SIZE);
      let answered = batch.length;
      try {
        answered = await this.#runTogether(batch);
      } catch (error) {
        for (const queued of batch) queued.fail(error);
      }
      this.#queue = this.#queue.slice(answered);
    }
    this.#isScheduled = false;
  }

  /**
   * Whatever arrives in the same turn of the event loop takes part, and while more keeps arriving the
   * next turns are waited for too: they cost less than another watchdog.
   */
  async #gather(): Promise<void> {
    for (let turn = 0; turn < GATHERING_TURNS; turn += 1) {
      const before = this.#queue.length;
      await nextTurn();
      if (this.#queue.length >= BATCH_SIZE || (turn > 0 && this.#queue.length === before)) return;
      if (turn === 0 && this.#queue.length === 1) return;
    }
  }

  /** Runs functions under one watchdog as far as time allows; returns how many have been answered. */
  async #runTogether(batch: readonly QueuedRun[], limitMs = FIRST_TRY_MS): Promise<number> {
    const [first] = batch;
    if (first === undefined) return 0;
    let executed: Executed;
    try {
      executed = await this.#execute(await this.#prepareFirst(first.begin), batch, limitMs);
    } catch (error) {
      first.fail(error);
      return 1;
    }
    const { prepared, isNextSlow } = executed;
    const count = prepared.length + (isNextSlow ? 1 : 0);
    const stray = await strayRejections().settle();
    if (stray !== null && count > 1) {
      // It belongs to one of them; alone, each shows whether it is its own.
      for (const queued of batch.slice(0, count)) await this.#runTogether([queued]);
      return count;
    }
    for (const [position, ran] of prepared.entries()) {
      const queued = batch[position];
      if (queued !== undefined) await this.#conclude(queued, ran, stray);
    }
    const slow = isNextSlow ? batch[prepared.length] : undefined;
    if (slow !== undefined) {
      await this.#runTogether([slow], nextLimitMs(limitMs));
    }
    return count;
  }

  async #conclude(
    queued: QueuedRun,
    ran: PreparedRun,
    stray: { readonly reason: unknown } | null,
  ): Promise<void> {
    try {
      if (this.#database.isOnCourse(ran.transaction)) {
        queued.finish(conclude(ran, stray), ran.transaction);
        return;
      }
    } catch (error) {
      queued.fail(error);
      return;
    }
    await this.#runTogether([queued]);
  }

  /**
   * Starts functions one after the other until time is up or one of them waits, and waits for those
   * that wait.
   */
  async #execute(
    first: PreparedRun,
    batch: readonly QueuedRun[],
    limitMs: number,
  ): Promise<Executed> {
    const prepared = [first];
    const current: { run: FunctionRun | null } = { run: null };
    const heapBefore = heapBytes();
    const processorMsBefore = processorMs();
    let isNextSlow = false;
    try {
      this.#watchdog.guard(limitMs, () => this.#start(prepared, batch, current));
    } catch (error) {
      if (!(error instanceof WatchdogError)) throw error;
      const isFillingMemory = heapBytes() - heapBefore > maxGrowthBytes(limitMs);
      const isStarved = processorMs() - processorMsBefore < limitMs * STARVED_SHARE;
      const hasMoreTime = limitMs < (isStarved ? STARVED_LIMIT_MS : ENTRY_LIMIT_MS);
      isNextSlow = current.run !== null && !isFillingMemory && hasMoreTime;
      current.run?.cutOff(isFillingMemory ? outOfMemoryError() : timeoutError());
      // What was cut off for a longer try, or between its preparation and its start, comes later.
      const last = prepared[prepared.length - 1];
      if (isNextSlow || (current.run === null && last?.run?.isStarted === false)) prepared.pop();
    }
    for (const { run } of prepared) await run?.complete();
    return { prepared, isNextSlow };
  }

  /** Runs what is prepared, then prepares and runs the rest of the batch while it can go on. */
  #start(
    prepared: PreparedRun[],
    batch: readonly QueuedRun[],
    current: { run: FunctionRun | null },
  ): void {
    const startedAt = performance.now();
    let previous: PreparedRun | null = null;
    for (let position = 0; ; position += 1) {
      const next: PreparedRun | undefined = prepared[position];
      if (next === undefined) return;
      current.run = next.run;
      next.run?.start();
      current.run = null;
      if (batch[position]?.isMutation === true) previous = next;
      if (performance.now() - startedAt > BATCH_LIMIT_MS) return;
      const queued = batch[position + 1];
      const following = queued === undefined ? null : this.#prepareNext(queued, previous);
      if (following === null) return;
      prepared.push(following);
    }
  }

  /** Loading code takes turns of the event loop, after which the transaction begins afresh. */
  async #prepareFirst(begin: BeginMutation): Promise<PreparedRun> {
    for (;;) {
      const begun = begin(null);
      if (begun === null) throw new Error("A transaction that follows no other could not begin.");
      const prepared = this.#prepare(begun);
      if (!(prepared instanceof Promise)) return prepared;
      await prepared;
    }
  }

  /** `null` when the run has to wait for the next batch, where its error, if any, is its own. */
  #prepareNext(queued: QueuedRun, previous: PreparedRun | null): PreparedRun | null {
    if (queued.isMutation && previous?.run?.closeWrites() === false) return null;
    try {
      const begun = queued.begin(queued.isMutation ? (previous?.transaction ?? null) : null);
      const prepared = begun === null ? null : this.#prepare(begun);
      return prepared instanceof Promise ? null : prepared;
    } catch {
      return null;
    }
  }

  /** A promise when the code has to be loaded first. */
  #prepare({ transaction, request }: BegunRun): PreparedRun | Promise<unknown> {
    const code = this.#code.load(transaction);
    if (code === null) return { transaction, request, run: null };
    if (code instanceof Promise) return code;
    const realms = this.#realmsOf(code);
    const environment = { realms, services: this.#services, watchdog: this.#watchdog };
    return { transaction, request, run: new FunctionRun(request, transaction, environment) };
  }

  #realmsOf(code: CodeSnapshot): RealmSet {
    const known = this.#realms.get(code);
    if (known !== undefined) return known;
    const realms = new RealmSet(code);
    this.#realms.set(code, realms);
    return realms;
  }
}

function nextLimitMs(limitMs: number): number {
  return limitMs < ENTRY_LIMIT_MS ? ENTRY_LIMIT_MS : STARVED_LIMIT_MS;
}

/** By how much the memory may grow within a try, so that it suffices for the next, longer one. */
function maxGrowthBytes(limitMs: number): number {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
  return Math.min(MAX_HEAP_GROWTH_BYTES, (limit - used) * (limitMs / nextLimitMs(limitMs)));
}

/** Heap and what buffers hold outside of it. */
function heapBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function conclude(
  { run, request }: PreparedRun,
  stray: { readonly reason: unknown } | null,
): RunResult {
  if (run !== null) return run.conclude(stray);
  const error = functionNotFound(displayPath(request.path));
  return { ...NOTHING_READ, outcome: { ok: false, error } };
}
