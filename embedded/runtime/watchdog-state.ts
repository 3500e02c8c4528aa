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
  /** Never changes: waiting for it lets time pass. */
  never: 6,
} as const;

export const WATCHDOG_SLOTS = Object.keys(WATCHDOG_SLOT).length;

/** Tasks are numbered by odd numbers below this one. */
export const MAX_RUN = 2 ** 30;
