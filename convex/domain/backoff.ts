const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How long to wait after the first, second, … failure. After the last there is no further try. */
export type RetrySchedule = readonly number[];

/** Ends within the 24 hours for which the mail provider remembers an idempotency key. */
export const EMAIL_RETRIES: RetrySchedule = [
  10 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
];

/** A webhook may overtake the answer to our own call; an order of somebody else never appears. */
export const ORPHAN_WEBHOOK_RETRIES: RetrySchedule = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  5 * MINUTE_MS,
  HOUR_MS,
  6 * HOUR_MS,
];

/** The provider remembers a refund's request id for 45 days, so a repetition is safe. */
export const REFUND_RETRIES: RetrySchedule = [
  30 * SECOND_MS,
  2 * MINUTE_MS,
  15 * MINUTE_MS,
  HOUR_MS,
  6 * HOUR_MS,
  24 * HOUR_MS,
];

/** Milliseconds to wait after `failures` failures in a row, or null to give up. */
export function retryDelay(schedule: RetrySchedule, failures: number): number | null {
  return schedule[failures - 1] ?? null;
}
