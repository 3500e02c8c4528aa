import { readFileSync } from "node:fs";
import * as vm from "node:vm";
import { parentPort, workerData } from "node:worker_threads";

import { CUT_OFF_REASONS, cutOffReason } from "./cut-off.ts";
import { processorMs } from "./processor-time.ts";
import { clockMs, WATCHDOG_SLOT } from "./watchdog-state.ts";

interface Watched {
  readonly run: number;
  readonly begunAtMs: number;
  readonly processorMs: number;
  readonly memoryKb: number;
}

const TICK_MS = 20;
const SLEEP_AFTER_MS = 1_000;
/** What runs longer than this has its memory watched. */
const MEMORY_WATCH_MS = 40;
const {
  run,
  limitMs,
  growthKb,
  reason,
  isAsleep,
  processorMs: processorMsSlot,
  isEnding,
  exitBy,
  never,
} = WATCHDOG_SLOT;
const state = workerData as Int32Array;
let isWatching = false;
const HOLD = new vm.Script(`globalThis["[hold]"]()`, { filename: "watchdog-thread.js" });
const WATCH = new vm.Script(`globalThis["[watch]"]()`, { filename: "watchdog-thread.js" });

/**
 * Node.js ends code marked `breakOnSigint` at a SIGINT of the process, in whichever thread entered it
 * last. It keeps a thread for that as long as any such code runs, and without one the signal ends the
 * process. Being such code itself, this loop spares every guard the start of that thread; inside of
 * another one, it leaves no moment without.
 */
function hold(): void {
  Object.defineProperty(globalThis, "[watch]", { value: watch });
  Object.defineProperty(globalThis, "[hold]", { value: () => enterAgainAndAgain(WATCH) });
  enterAgainAndAgain(HOLD);
}

/**
 * Until the process ends. A SIGINT in just that moment makes Node.js forget that it was ending this
 * thread, and still it enters no code any more: the script returns, which it never does otherwise.
 */
function enterAgainAndAgain(script: vm.Script): void {
  for (;;) {
    try {
      script.runInThisContext({ breakOnSigint: true });
      return;
    } catch {
      passOn();
    }
  }
}

/**
 * A signal meant for a task that was entered before this thread's own code goes to the next one in
 * the row. One from outside asks the process to end, as SIGTERM does, for which Node.js has listeners.
 */
function passOn(): void {
  if (Atomics.load(state, run) < 0) {
    process.kill(process.pid, "SIGINT");
    waitForTheEnd();
  } else {
    process.kill(process.pid, "SIGTERM");
  }
}

function waitForTheEnd(): void {
  while (Atomics.load(state, run) < 0) pause();
}

function watch(): never {
  // Tasks are entered later, so that signals are theirs.
  if (!isWatching) parentPort?.postMessage("watching");
  isWatching = true;
  let watched: Watched | null = null;
  let isIdleSinceMs = performance.now();
  for (;;) {
    const current = Atomics.load(state, run);
    if (current % 2 === 0) {
      const isIdle = performance.now() - isIdleSinceMs > SLEEP_AFTER_MS;
      if (isIdle && Atomics.load(state, exitBy) === 0) sleep(current);
    } else if (current > 0) {
      isIdleSinceMs = performance.now();
      if (watched?.run !== current) watched = beginWatching(current);
      else check(watched);
    }
    pause();
  }
}

function pause(): void {
  Atomics.wait(state, never, 0, TICK_MS);
  const exitAt = Atomics.load(state, exitBy);
  // Nothing acknowledged is lost: it is on the disk. Another thread cannot end the process milder.
  if (exitAt !== 0 && ((clockMs() - exitAt) | 0) >= 0) process.kill(process.pid, "SIGKILL");
}

function sleep(current: number): void {
  Atomics.store(state, isAsleep, 1);
  Atomics.wait(state, run, current);
  Atomics.store(state, isAsleep, 0);
}

function beginWatching(current: number): Watched {
  const watched = {
    run: current,
    begunAtMs: performance.now(),
    processorMs: processorMs(),
    memoryKb: memoryKb(),
  };
  Atomics.store(state, processorMsSlot, watched.processorMs);
  return watched;
}

function check(watched: Watched): void {
  const ms = performance.now() - watched.begunAtMs;
  const taken = {
    ms,
    processorMs: processorMs() - watched.processorMs,
    grownKb: ms < MEMORY_WATCH_MS ? 0 : memoryKb() - watched.memoryKb,
  };
  const allowance = {
    ms: Atomics.load(state, limitMs),
    isEnding: Atomics.load(state, isEnding) === 1,
    grownKb: Atomics.load(state, growthKb),
  };
  const why = cutOffReason(taken, allowance);
  if (why !== null) end(watched, why);
}

function end(watched: Watched, why: (typeof CUT_OFF_REASONS)[number]): void {
  Atomics.store(state, reason, CUT_OFF_REASONS.indexOf(why));
  if (Atomics.compareExchange(state, run, watched.run, -watched.run) !== watched.run) return;
  process.kill(process.pid, "SIGINT");
  waitForTheEnd();
}

/** Without files that are mapped into memory, where the system tells. */
function memoryKb(): number {
  try {
    const found = /^RssAnon:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"));
    if (found !== null) return Number(found[1]);
  } catch {
    // Linux alone has it.
  }
  return process.memoryUsage.rss() / 1024;
}

hold();
