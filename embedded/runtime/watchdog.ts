import { getHeapStatistics } from "node:v8";
import * as vm from "node:vm";
import { Worker } from "node:worker_threads";

import { CUT_OFF_REASONS } from "./cut-off.ts";
import { loadEntryScript } from "./entry-script.ts";
import { processorMs } from "./processor-time.ts";
import { clockMs, MAX_RUN, WATCHDOG_SLOT, WATCHDOG_SLOTS } from "./watchdog-state.ts";

/**
 * Through no fault of the code: `"interrupted"`, by a SIGINT from outside, and `"ending"`, because the
 * process ends.
 */
export type CutOffReason = (typeof CUT_OFF_REASONS)[number] | "interrupted";

/** The code was cut off, whatever it was doing, in the engine too. */
export class WatchdogError extends Error {
  override readonly name = "WatchdogError";
  readonly reason: CutOffReason;

  constructor(reason: CutOffReason) {
    super(`The code was ended by the watchdog (${reason}).`);
    this.reason = reason;
  }
}

const RUN_TASK = new vm.Script(`globalThis["[task]"]()`, { filename: "watchdog.js" });
/** Garbage is counted too, and V8 lets a few hundred megabytes of it gather. */
const MAX_GROWTH_BYTES = 512 * 2 ** 20;
/** What stays free for what is allocated between two looks of the thread. */
const HEAP_RESERVE_BYTES = 128 * 2 ** 20;
const HEAP_LOOK_INTERVAL_MS = 100;

/** A task that was over for so long has not kept a signal waiting. */
const HEARD_WITHIN_MS = 200;

const {
  run,
  limitMs,
  growthKb,
  reason,
  isAsleep,
  processorMs: processorMsSlot,
  isEnding,
  exitBy,
} = WATCHDOG_SLOT;

/**
 * Ends what does not end by itself or fills the memory. A thread of the process watches the guards; to
 * end a task it sends the process a SIGINT, which ends what runs with `breakOnSigint`. A guard costs
 * about two microseconds; `vm`'s own `timeout` starts and joins a thread each time, for a hundred.
 * The process must not listen for SIGINT itself: from outside it is passed on as SIGTERM.
 */
export class Watchdog {
  readonly #context = vm.createContext(vm.constants.DONT_CONTEXTIFY);
  readonly #state = watchdogState();
  #task: (() => void) | null = null;
  #lookedAtMs = -Infinity;
  #endsAtMs = Infinity;

  constructor() {
    Object.defineProperty(this.#context, "[task]", { value: () => this.#runTask() });
  }

  /**
   * Runs a task and everything it calls, in whatever realm; not to be nested.
   * @throws WatchdogError when it took longer or took too much memory; `finally` blocks inside did
   * not run then.
   */
  guard(timeoutMs: number, task: () => void): void {
    this.#task = task;
    const nowMs = performance.now();
    const leftMs = this.#endsAtMs - nowMs;
    Atomics.store(this.#state, limitMs, Math.max(1, Math.ceil(Math.min(timeoutMs, leftMs))));
    Atomics.store(this.#state, isEnding, leftMs < timeoutMs ? 1 : 0);
    this.#boundGrowth(nowMs);
    Atomics.store(this.#state, run, (Atomics.load(this.#state, run) + 1) % MAX_RUN);
    if (Atomics.load(this.#state, isAsleep) === 1) Atomics.notify(this.#state, run);
    try {
      RUN_TASK.runInContext(this.#context, { breakOnSigint: true });
    } catch (error) {
      throw isInterruption(error) ? this.#afterInterruption() : error;
    } finally {
      this.#task = null;
      latest.begunAtMs = nowMs;
      latest.endedAtMs = performance.now();
    }
  }

  /** Gives the running task so many more milliseconds; to be called by the task itself. */
  extend(ms: number): void {
    if (Atomics.load(this.#state, isEnding) === 0) Atomics.add(this.#state, limitMs, ms);
  }

  /** Tasks that compute in so many milliseconds are ended, and those that begin later at once. */
  endWithin(ms: number): void {
    this.#endsAtMs = performance.now() + ms;
  }

  /** Whether that time has come. */
  get isPastEnd(): boolean {
    return performance.now() >= this.#endsAtMs;
  }

  /** The processor time of the process since the running task began, give or take a look. */
  processorMs(): number {
    return (processorMs() - Atomics.load(this.#state, processorMsSlot)) | 0;
  }

  #runTask(): void {
    try {
      this.#task?.();
    } finally {
      const current = Atomics.load(this.#state, run);
      // When the thread is ending the task just now, its signal is waited for.
      if (!this.#close(current)) for (;;) Atomics.wait(this.#state, run, -Math.abs(current));
    }
  }

  #close(current: number): boolean {
    const next = (current + 1) % MAX_RUN;
    return current > 0 && Atomics.compareExchange(this.#state, run, current, next) === current;
  }

  #afterInterruption(): WatchdogError {
    const current = Atomics.load(this.#state, run);
    if (current < 0) {
      const why = CUT_OFF_REASONS[Atomics.load(this.#state, reason)] ?? "time";
      Atomics.store(this.#state, run, (1 - current) % MAX_RUN);
      return new WatchdogError(why);
    }
    this.#close(current);
    process.kill(process.pid, "SIGTERM");
    return new WatchdogError("interrupted");
  }

  /** V8 ends the whole process when its heap is full. */
  #boundGrowth(nowMs: number): void {
    if (nowMs - this.#lookedAtMs < HEAP_LOOK_INTERVAL_MS) return;
    this.#lookedAtMs = nowMs;
    const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
    const free = Math.max(HEAP_RESERVE_BYTES, limit - used - HEAP_RESERVE_BYTES);
    Atomics.store(this.#state, growthKb, Math.min(MAX_GROWTH_BYTES, free) / 1024);
  }
}

/** The latest task of this thread, by `performance.now()`. */
const latest = { begunAtMs: -Infinity, endedAtMs: -Infinity };

/** How long a signal that is heard now may have waited for a task to end, in milliseconds. */
export function heldUpMs(): number {
  const nowMs = performance.now();
  return nowMs - latest.endedAtMs < HEARD_WITHIN_MS ? nowMs - latest.begunAtMs : 0;
}

/**
 * Kills the process in so many milliseconds unless it has ended by then, whatever its main thread is
 * busy with.
 */
export function exitWithin(ms: number): void {
  const state = watchdogState();
  Atomics.store(state, exitBy, (clockMs() + Math.ceil(ms)) | 0 || 1);
  Atomics.notify(state, run);
}

/** Resolves when the thread watches. Until then a SIGINT from outside ends the process at once. */
export async function watchdogStarted(): Promise<void> {
  watchdogState();
  await started;
}

let shared: Int32Array | null = null;
let started: Promise<unknown> = Promise.resolve();

/** The process has one SIGINT, hence one thread that sends it; tasks are guarded one at a time. */
function watchdogState(): Int32Array {
  if (shared !== null) return shared;
  shared = new Int32Array(new SharedArrayBuffer(WATCHDOG_SLOTS * Int32Array.BYTES_PER_ELEMENT));
  const thread = new Worker(loadEntryScript("watchdog-thread"), {
    eval: true,
    workerData: shared,
    execArgv: [],
  });
  thread.on("error", (error) => {
    throw error;
  });
  started = new Promise((resolve) => thread.once("message", resolve));
  thread.unref();
  return shared;
}

/** The error may belong to the realm that was cut off, so `instanceof` does not know it. */
function isInterruption(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "ERR_SCRIPT_EXECUTION_INTERRUPTED";
}
