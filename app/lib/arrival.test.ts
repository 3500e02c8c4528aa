import { expect, test } from "vitest";

import { arrivalDays } from "./arrival.ts";

test("weekends are no working days", () => {
  const friday = Date.parse("2026-11-20T10:00:00Z");

  expect(days(friday, 1, 3)).toEqual(["2026-11-23", "2026-11-25"]);
});

test("what leaves on a Sunday counts from Monday on", () => {
  const sunday = Date.parse("2026-11-22T18:00:00Z");

  expect(days(sunday, 2, 4)).toEqual(["2026-11-24", "2026-11-26"]);
});

test("the day is the shop's own, whatever it is in Greenwich", () => {
  const lateMonday = Date.parse("2026-11-23T23:30:00Z");

  expect(days(lateMonday, 1, 1)).toEqual(["2026-11-25", "2026-11-25"]);
});

test("no day is lost when the clocks change", () => {
  const fridayBeforeTheChange = Date.parse("2026-10-23T12:00:00Z");

  expect(days(fridayBeforeTheChange, 1, 2)).toEqual(["2026-10-26", "2026-10-27"]);
});

function days(leavesAt: number, minDays: number, maxDays: number): string[] {
  const { earliest, latest } = arrivalDays(leavesAt, { minDays, maxDays });
  return [earliest, latest].map((day) => new Date(day).toISOString().slice(0, 10));
}
