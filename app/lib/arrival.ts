import { TIME_ZONE } from "./format.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const calendarDay = new Intl.DateTimeFormat("en-CA", {
  timeZone: TIME_ZONE,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
});

/**
 * The first and the last day on which a parcel that leaves now arrives, each as noon of that day in
 * Unix milliseconds. Days are working days, Monday to Friday, in the shop's own zone.
 */
export function arrivalDays(
  leavesAt: number,
  { minDays, maxDays }: { readonly minDays: number; readonly maxDays: number },
): { readonly earliest: number; readonly latest: number } {
  return {
    earliest: afterWorkingDays(leavesAt, minDays),
    latest: afterWorkingDays(leavesAt, maxDays),
  };
}

function afterWorkingDays(from: number, days: number): number {
  let day = Date.parse(`${calendarDay.format(from)}T12:00:00Z`);
  let left = days;
  while (left > 0 || isWeekend(day)) {
    day += DAY_MS;
    if (!isWeekend(day)) left -= 1;
  }
  return day;
}

function isWeekend(day: number): boolean {
  const weekday = new Date(day).getUTCDay();
  return weekday === 0 || weekday === 6;
}
