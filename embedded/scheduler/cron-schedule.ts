import { createHash } from "node:crypto";

import { ServiceError } from "../lib/service-error.ts";
import { nextOccurrence, parseCronExpression, type CronExpression } from "./cron-expression.ts";

/** When a cron job runs. */
export type CronSchedule =
  | { readonly kind: "interval"; readonly periodMs: number }
  | {
      readonly kind: "calendar";
      readonly expression: CronExpression;
      /** Added to each occurrence; the same for a job for ever, so that jobs spread out. */
      readonly splayMs: number;
    };

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the `schedule` of a job as `cronJobs().export()` gives it (`convex/server`, cron.ts).
 * @throws ServiceError `InvalidCron`.
 */
export function parseCronSchedule(schedule: unknown, jobName: string): CronSchedule {
  const fields: Fields = typeof schedule === "object" && schedule !== null ? { ...schedule } : {};
  switch (fields["type"]) {
    case "interval":
      return { kind: "interval", periodMs: intervalMs(fields, jobName) };
    case "cron":
      if (typeof fields["cron"] !== "string") throw invalid(jobName, "it has no expression");
      return calendar(fields["cron"], jobName, true);
    case "hourly":
      return onTheHour(fields, jobName, "* * * *");
    case "daily":
      return onTheHour(fields, jobName, `${hour(fields, jobName)} * * *`);
    case "weekly": {
      const day = DAYS.indexOf(String(fields["dayOfWeek"]).toLowerCase());
      if (day === -1) throw invalid(jobName, "its day of week is unknown");
      return onTheHour(fields, jobName, `${hour(fields, jobName)} * * ${day}`);
    }
    case "monthly": {
      const day = requireNumber(fields, "day", 31, jobName);
      return onTheHour(fields, jobName, `${hour(fields, jobName)} ${day} * *`);
    }
    default:
      throw invalid(jobName, "its schedule is of an unknown type");
  }
}

/** The first run: an interval begins at once, a calendar at its next occurrence. */
export function firstRun(schedule: CronSchedule, nowMs: number): number {
  return schedule.kind === "interval" ? nowMs : nextCalendarRun(schedule, nowMs);
}

/** The run after the one of `previousMs`; occurrences that have passed by now are skipped. */
export function nextRun(schedule: CronSchedule, previousMs: number, nowMs: number): number {
  if (schedule.kind === "calendar") {
    return nextCalendarRun(schedule, Math.max(previousMs, nowMs));
  }
  const periods = Math.floor((nowMs - previousMs) / schedule.periodMs) + 1;
  return previousMs + Math.max(1, periods) * schedule.periodMs;
}

function nextCalendarRun(
  { expression, splayMs }: CronSchedule & { kind: "calendar" },
  afterMs: number,
): number {
  const occurrence = nextOccurrence(expression, afterMs - splayMs);
  if (occurrence === null) throw new Error("A validated cron expression has no next occurrence.");
  return occurrence + splayMs;
}

/** An omitted minute means any moment within the hour, always the same one for a job. */
function onTheHour(fields: Fields, jobName: string, rest: string): CronSchedule {
  if (fields["minuteUTC"] !== undefined) {
    const minute = requireNumber(fields, "minuteUTC", 59, jobName);
    return calendar(`${minute} ${rest}`, jobName, true);
  }
  const schedule = calendar(`0 ${rest}`, jobName, false);
  return { ...schedule, splayMs: stableOffset(jobName, HOUR_MS) };
}

function calendar(
  text: string,
  jobName: string,
  isSplayed: boolean,
): CronSchedule & { kind: "calendar" } {
  return {
    kind: "calendar",
    expression: parseCronExpression(text),
    splayMs: isSplayed ? stableOffset(jobName, MINUTE_MS) : 0,
  };
}

function stableOffset(jobName: string, spanMs: number): number {
  return createHash("sha256").update(jobName).digest().readUInt32BE() % spanMs;
}

function intervalMs(fields: Fields, jobName: string): number {
  const units = [
    ["seconds", SECOND_MS],
    ["minutes", MINUTE_MS],
    ["hours", HOUR_MS],
  ] as const;
  for (const [unit, unitMs] of units) {
    const count = fields[unit];
    if (typeof count === "number" && Number.isInteger(count) && count > 0) return count * unitMs;
  }
  throw invalid(jobName, "its interval must be a positive whole number");
}

function hour(fields: Fields, jobName: string): number {
  return requireNumber(fields, "hourUTC", 23, jobName);
}

function requireNumber(fields: Fields, name: string, max: number, jobName: string): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max) {
    return value;
  }
  throw invalid(jobName, `\`${name}\` must be a whole number up to ${max}`);
}

function invalid(jobName: string, problem: string): ServiceError {
  return new ServiceError(
    "badRequest",
    "InvalidCron",
    `Invalid schedule of cron job ${JSON.stringify(jobName)}: ${problem}.`,
  );
}
