/** Why the watchdog ends a task, in the order of their numbers between its threads. */
export const CUT_OFF_REASONS = ["time", "memory", "ending"] as const;

/** What a task has taken so far. */
export interface Taken {
  readonly ms: number;
  /** Of the whole process: no thread of it computed for longer. */
  readonly processorMs: number;
  /** By how much the memory of the process has grown. */
  readonly grownKb: number;
}

export interface Allowance {
  readonly ms: number;
  /** Whether that is all because the process ends, however busy the machine is. */
  readonly isEnding: boolean;
  readonly grownKb: number;
}

/** On a busy machine a task has not had its time yet when the clock says so; then it gets so much more. */
const STARVED_EXTRA_MS = 4_500;

/** Why a task that goes on is to be ended; `null` while it may. */
export function cutOffReason(
  { ms, processorMs, grownKb }: Taken,
  allowance: Allowance,
): (typeof CUT_OFF_REASONS)[number] | null {
  if (grownKb > allowance.grownKb) return "memory";
  if (ms < allowance.ms) return null;
  if (allowance.isEnding) return "ending";
  return processorMs < allowance.ms && ms < allowance.ms + STARVED_EXTRA_MS ? null : "time";
}
