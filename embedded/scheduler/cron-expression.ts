import { ServiceError } from "../lib/service-error.ts";

/** A parsed five-field cron expression; all times are UTC. */
export interface CronExpression {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
  /** When both day fields are restricted, a day that fits either of them fits. */
  readonly isEitherDay: boolean;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const DAY_NAMES = "sun mon tue wed thu fri sat".split(" ");

const FIELDS = {
  minute: { name: "minute", min: 0, max: 59 },
  hour: { name: "hour", min: 0, max: 23 },
  dayOfMonth: { name: "day of month", min: 1, max: 31 },
  month: { name: "month", min: 1, max: 12, names: MONTH_NAMES },
  dayOfWeek: { name: "day of week", min: 0, max: 7, names: DAY_NAMES },
} satisfies Record<string, Field>;

const MINUTE_MS = 60_000;
/** Enough for 29 February across a century without one. */
const MAX_DAYS_AHEAD = 366 * 9;

/** @throws ServiceError `InvalidCron` saying which field is wrong. */
export function parseCronExpression(text: string): CronExpression {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 5) {
    throw invalidCron(text, `it needs five fields and has ${parts.length}`);
  }
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = parts;
  const expression: CronExpression = {
    minutes: parseField(minute, FIELDS.minute, text),
    hours: parseField(hour, FIELDS.hour, text),
    daysOfMonth: parseField(dayOfMonth, FIELDS.dayOfMonth, text),
    months: parseField(month, FIELDS.month, text),
    daysOfWeek: new Set([...parseField(dayOfWeek, FIELDS.dayOfWeek, text)].map((day) => day % 7)),
    isEitherDay: !isUnrestricted(dayOfMonth) && !isUnrestricted(dayOfWeek),
  };
  if (nextOccurrence(expression, 0) === null) throw invalidCron(text, "it never comes");
  return expression;
}

/** The first full minute after `afterMs` that the expression names, `null` when there is none. */
export function nextOccurrence(expression: CronExpression, afterMs: number): number | null {
  let time = Math.floor(afterMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const limit = time + MAX_DAYS_AHEAD * 24 * 60 * MINUTE_MS;
  while (time < limit) {
    const date = new Date(time);
    if (!isDayNamed(expression, date)) {
      time = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1);
    } else if (!expression.hours.has(date.getUTCHours())) {
      time += (60 - date.getUTCMinutes()) * MINUTE_MS;
    } else if (!expression.minutes.has(date.getUTCMinutes())) {
      time += MINUTE_MS;
    } else {
      return time;
    }
  }
  return null;
}

function isDayNamed(expression: CronExpression, date: Date): boolean {
  if (!expression.months.has(date.getUTCMonth() + 1)) return false;
  const isDayOfMonth = expression.daysOfMonth.has(date.getUTCDate());
  const isDayOfWeek = expression.daysOfWeek.has(date.getUTCDay());
  return expression.isEitherDay ? isDayOfMonth || isDayOfWeek : isDayOfMonth && isDayOfWeek;
}

function parseField(text: string, field: Field, whole: string): ReadonlySet<number> {
  const values = new Set<number>();
  for (const item of text.split(",")) {
    const match = /^(\*|\?|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/i.exec(item);
    const [, from, to, stepText] = match ?? [];
    if (from === undefined) throw invalidCron(whole, `its ${field.name} is malformed`);
    const step = stepText === undefined ? 1 : Number(stepText);
    const isAll = from === "*" || from === "?";
    const start = isAll ? field.min : parseValue(from, field, whole);
    const isOpenEnded = isAll || (stepText !== undefined && to === undefined);
    const end = to === undefined ? (isOpenEnded ? field.max : start) : parseValue(to, field, whole);
    if (step < 1 || end < start || (isAll && to !== undefined)) {
      throw invalidCron(whole, `its ${field.name} is malformed`);
    }
    for (let value = start; value <= end; value += step) values.add(value);
  }
  return values;
}

function parseValue(text: string, field: Field, whole: string): number {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  const value = named >= 0 ? named + (field.min === 1 ? 1 : 0) : Number(text);
  if (!Number.isInteger(value) || value < field.min || value > field.max) {
    throw invalidCron(whole, `its ${field.name} must be from ${field.min} to ${field.max}`);
  }
  return value;
}

function isUnrestricted(text: string): boolean {
  return text === "*" || text === "?";
}

function invalidCron(text: string, problem: string): ServiceError {
  return new ServiceError(
    "badRequest",
    "InvalidCron",
    `Invalid cron expression ${JSON.stringify(text)}: ${problem}.`,
  );
}
