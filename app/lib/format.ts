import type { Money } from "#convex/domain/money.ts";

export type { Money };

/** `short` writes whole amounts without minor units (€79), `exact` always with them (€79.00). */
export type MoneyStyle = "short" | "exact";

/** An amount in minor units as people of the locale write it. */
export function formatMoney(money: Money, locale: string, style: MoneyStyle = "exact"): string {
  const formatter = currencyFormat(locale, money.currency, false);
  const digits = formatter.resolvedOptions().maximumFractionDigits ?? 2;
  const isWhole = money.amount % 10 ** digits === 0;
  const chosen =
    style === "short" && isWhole ? currencyFormat(locale, money.currency, true) : formatter;
  return chosen.format(money.amount / 10 ** digits);
}

/** A moment of Unix time in milliseconds: "22 Nov 2026, 15:48". */
export function formatMoment(at: number, locale: string): string {
  return dateFormat(locale, "moment").format(at);
}

/** The day of a moment: "22 Nov 2026". */
export function formatDay(at: number, locale: string): string {
  return dateFormat(locale, "day").format(at);
}

/** The day of a moment with its weekday, for days near by: "Sunday 22 November". */
export function formatWeekday(at: number, locale: string): string {
  return dateFormat(locale, "weekday").format(at);
}

/** The time of a moment: "15:48". */
export function formatTime(at: number, locale: string): string {
  return dateFormat(locale, "time").format(at);
}

/** A country by its ISO 3166-1 alpha-2 code: "Denmark". */
export function formatCountry(code: string, locale: string): string {
  return countryNames(locale).of(code) ?? code;
}

export function formatCount(count: number, locale: string): string {
  return countFormat(locale).format(count);
}

const DATE_OPTIONS = {
  moment: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  day: { day: "numeric", month: "short", year: "numeric" },
  weekday: { weekday: "long", day: "numeric", month: "long" },
  time: { hour: "2-digit", minute: "2-digit" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

// One zone for server and browser: a page must not change its words when it wakes up.
export const TIME_ZONE = "Europe/Berlin";

// Plain "en" puts the month first, as in the United States; the shop is in Europe.
const EUROPEAN_ENGLISH = "en-GB";

const currencyFormat = remember(
  (locale: string, currency: string, isWhole: boolean) =>
    new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      ...(isWhole ? { maximumFractionDigits: 0, minimumFractionDigits: 0 } : {}),
    }),
);
const dateFormat = remember(
  (locale: string, kind: keyof typeof DATE_OPTIONS) =>
    new Intl.DateTimeFormat(locale === "en" ? EUROPEAN_ENGLISH : locale, {
      ...DATE_OPTIONS[kind],
      hour12: false,
      timeZone: TIME_ZONE,
    }),
);
const countryNames = remember(
  (locale: string) => new Intl.DisplayNames(locale, { type: "region" }),
);
const countFormat = remember((locale: string) => new Intl.NumberFormat(locale));

/** Making a formatter costs a hundred times what using it costs. */
function remember<Args extends readonly (string | boolean)[], Result>(
  make: (...args: Args) => Result,
): (...args: Args) => Result {
  const made = new Map<string, Result>();
  return (...args) => {
    const key = args.join(" ");
    let result = made.get(key);
    if (result === undefined) {
      result = make(...args);
      made.set(key, result);
    }
    return result;
  };
}
