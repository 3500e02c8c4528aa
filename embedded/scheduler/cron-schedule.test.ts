import fc from "fast-check";
import { expect, test } from "vitest";

import { nextOccurrence, parseCronExpression } from "./cron-expression.ts";
import { firstRun, nextRun, parseCronSchedule } from "./cron-schedule.ts";

const at = (text: string) => Date.parse(text);
const next = (cron: string, after: string) =>
  new Date(nextOccurrence(parseCronExpression(cron), at(after))!).toISOString();

test.each([
  ["15 7 * * *", "2026-03-01T07:14:59Z", "2026-03-01T07:15:00.000Z"],
  ["15 7 * * *", "2026-03-01T07:15:00Z", "2026-03-02T07:15:00.000Z"],
  ["*/20 * * * *", "2026-03-01T07:41:00Z", "2026-03-01T08:00:00.000Z"],
  ["5/20 9-10 * * *", "2026-03-01T09:26:00Z", "2026-03-01T09:45:00.000Z"],
  ["0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00.000Z"],
  ["0 12 * * MON-FRI", "2026-03-06T12:00:00Z", "2026-03-09T12:00:00.000Z"],
  ["0 0 * * 7", "2026-03-02T00:00:00Z", "2026-03-08T00:00:00.000Z"],
  ["0 0 1,15 jan *", "2026-01-01T00:00:00Z", "2026-01-15T00:00:00.000Z"],
  ["0 0 13 * 5", "2026-03-01T00:00:00Z", "2026-03-06T00:00:00.000Z"],
  ["59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59:00.000Z"],
])("%s after %s is %s", (cron, after, expected) => {
  expect(next(cron, after)).toBe(expected);
});

test.each([
  "",
  "* * * *",
  "60 * * * *",
  "* * 0 * *",
  "a * * * *",
  "5-1 * * * *",
  "*/0 * * * *",
  "0 0 31 2 *",
  "*-3 * * * *",
])("the expression %j is refused", (cron) => {
  expect(() => parseCronExpression(cron)).toThrow(/Invalid cron expression/);
});

test("the next occurrence is the first minute that a naive search finds", () => {
  const field = (max: number, min = 0) =>
    fc.oneof(fc.constant("*"), fc.integer({ min, max }).map(String));
  const crons = fc.tuple(field(59), field(23), field(28, 1), field(12, 1), field(6));
  fc.assert(
    fc.property(crons, fc.integer({ min: 0, max: 4e9 }), (fields, afterSeconds) => {
      const expression = parseCronExpression(fields.join(" "));
      const found = nextOccurrence(expression, afterSeconds * 1000)!;
      expect(found).toBeGreaterThan(afterSeconds * 1000);
      const [minute, hour, day, month, weekday] = fields.map((f) => (f === "*" ? null : Number(f)));
      const isNamed = (time: number) => {
        const date = new Date(time);
        const isDay = day === null || date.getUTCDate() === day;
        const isWeekday = weekday === null || date.getUTCDay() === weekday;
        const isEither = day !== null && weekday !== null;
        return (
          (minute === null || date.getUTCMinutes() === minute) &&
          (hour === null || date.getUTCHours() === hour) &&
          (month === null || date.getUTCMonth() + 1 === month) &&
          (isEither ? isDay || isWeekday : isDay && isWeekday)
        );
      };
      expect(isNamed(found)).toBe(true);
      const from = Math.max(Math.floor(afterSeconds / 60) + 1, found / 60_000 - 3000);
      for (let step = from; step < found / 60_000; step += 1) {
        expect(isNamed(step * 60_000)).toBe(false);
      }
    }),
  );
});

test("an interval runs at once, then each period, and skips what is overdue", () => {
  const schedule = parseCronSchedule({ type: "interval", minutes: 5 }, "tick");
  const deployedAt = at("2026-03-01T10:00:07Z");
  expect(firstRun(schedule, deployedAt)).toBe(deployedAt);
  expect(nextRun(schedule, deployedAt, deployedAt + 100)).toBe(deployedAt + 300_000);
  const afterOutage = deployedAt + 60 * 60_000 + 1;
  expect(nextRun(schedule, deployedAt, afterOutage)).toBe(deployedAt + 65 * 60_000);
});

test("a daily job with its minute runs within that minute, always at the same second", () => {
  const schedule = parseCronSchedule({ type: "daily", hourUTC: 4, minuteUTC: 30 }, "report");
  const first = firstRun(schedule, at("2026-03-01T00:00:00Z"));
  expect(first).toBeGreaterThanOrEqual(at("2026-03-01T04:30:00Z"));
  expect(first).toBeLessThan(at("2026-03-01T04:31:00Z"));
  expect(nextRun(schedule, first, first + 5000)).toBe(first + 24 * 60 * 60_000);
});

test("an hourly job without a minute runs once an hour, at a moment of its own", () => {
  const runs = (name: string) => {
    const schedule = parseCronSchedule({ type: "hourly" }, name);
    const first = firstRun(schedule, at("2026-03-01T00:00:00Z"));
    return [first, nextRun(schedule, first, first)];
  };
  const [first, second] = runs("a");
  expect(second! - first!).toBe(60 * 60_000);
  expect(runs("a")).toEqual([first, second]);
  expect(runs("b")[0]! % 3_600_000).not.toBe(first! % 3_600_000);
});

test("weekly and monthly jobs name their day", () => {
  const weekly = parseCronSchedule(
    { type: "weekly", dayOfWeek: "monday", hourUTC: 9, minuteUTC: 0 },
    "w",
  );
  expect(new Date(firstRun(weekly, at("2026-03-01T00:00:00Z"))).getUTCDay()).toBe(1);
  const monthly = parseCronSchedule({ type: "monthly", day: 31, hourUTC: 0, minuteUTC: 0 }, "m");
  const date = new Date(firstRun(monthly, at("2026-04-01T00:00:00Z")));
  expect([date.getUTCMonth(), date.getUTCDate()]).toEqual([4, 31]);
});

test.each([
  {},
  { type: "interval", seconds: 0 },
  { type: "daily", hourUTC: 24 },
  { type: "weekly", dayOfWeek: "someday", hourUTC: 1 },
  { type: "cron" },
])("the schedule %j is refused", (schedule) => {
  expect(() => parseCronSchedule(schedule, "job")).toThrow(/Invalid/);
});
