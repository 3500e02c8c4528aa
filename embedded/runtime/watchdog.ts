import { getHeapStatistics } from "node:v8";
import * as vm from "node:vm";
import { Worker } from "node:worker_threads";

import { CUT_OFF_REASONS } from "./cut-off.ts";
import { loadEntryScript } from "./entry-script.ts";
import { processorMs } from "./processor-time.ts";
import { MAX_RUN, WATCHDOG_SLOT, WATCHDOG_SLOTS } from "./watchdog-state.ts";

/** `"interrupted"`: by a SIGINT from outside, through no fault of the code. */
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

const { run, limitMs, growthKb, reason, isAsleep, processorMs: processorMsSlot } = WATCHDOG_SLOT;

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
    Atomics.store(this.#state, limitMs, Math.max(1, Math.ceil(timeoutMs)));
    this.#boundGrowth();
    Atomics.store(this.#state, run, (Atomics.load(this.#state, run) + 1) % MAX_RUN);
    if (Atomics.load(this.#state, isAsleep) === 1) Atomics.notify(this.#state, run);
    try {
      RUN_TASK.runInContext(this.#context, { breakOnSigint: true });
    } catch (error) {
      throw isInterruption(error) ? this.#afterInterruption() : error;
    } finally {
      this.#task = null;
    }
  }

  /** Gives the running task so many more milliseconds; to be called by the task itself. */
  extend(ms: number): void {
    Atomics.add(this.#state, limitMs, ms);
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
  #boundGrowth(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < HEAP_LOOK_INTERVAL_MS) return;
    this.#lookedAtMs = nowMs;
    const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
    const free = Math.max(HEAP_RESERVE_BYTES, limit - used - HEAP_RESERVE_BYTES);
    Atomics.store(this.#state, growthKb, Math.min(MAX_GROWTH_BYTES, free) / 1024);
  }
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
