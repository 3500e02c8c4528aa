/** What a guard and the thread that watches it share: a slot each of an `Int32Array`. */
export const WATCHDOG_SLOT = {
  /** Odd while a task runs, even between tasks, negative once the thread is ending that task. */
  run: 0,
  /** How long the task may take, in milliseconds. */
  limitMs: 1,
  /** By how many kilobytes the process's memory may grow meanwhile. */
  growthKb: 2,
  /** Why the thread ends the task: a place in `CUT_OFF_REASONS`. */
  reason: 3,
  /** Whether the thread sleeps until somebody notifies `run`. */
  isAsleep: 4,
  /** The process's processor time when the thread first saw the task, in milliseconds, modulo 2³². */
  processorMs: 5,
  /** 1 when the task's time is short because the process ends: then the clock alone counts. */
  isEnding: 6,
  /** When the process has to have ended, by `clockMs`; 0 while it may go on. */
  exitBy: 7,
  /** Never changes: waiting for it lets time pass. */
  never: 8,
} as const;

export const WATCHDOG_SLOTS = Object.keys(WATCHDOG_SLOT).length;

/** Tasks are numbered by odd numbers below this one. */
export const MAX_RUN = 2 ** 30;

/** Milliseconds of a clock that all threads share, modulo 2³². */
export function clockMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n) | 0;
}
