import { defineGlobal } from "./global-property.ts";
import type { RealmHost } from "./realm-host.ts";

/** Stands time still at the function's start, for `Date`, `performance` and `Math.random`'s sake. */
export function installDate(host: Pick<RealmHost, "now" | "random">): void {
  const RealDate = Date;
  function FrozenDate(this: unknown, ...args: unknown[]): string | Date {
    const made = new.target as object | undefined;
    if (made === undefined) return new RealDate(host.now()).toString();
    const target = made === FrozenDate ? RealDate : new.target;
    return Reflect.construct(RealDate, args.length === 0 ? [host.now()] : args, target) as Date;
  }
  Object.defineProperties(FrozenDate, {
    name: { value: "Date" },
    length: { value: 7 },
    prototype: { value: RealDate.prototype, writable: false },
    now: { value: () => host.now(), configurable: true, writable: true },
    parse: { value: RealDate.parse, configurable: true, writable: true },
    UTC: { value: RealDate.UTC, configurable: true, writable: true },
  });
  Object.defineProperty(RealDate.prototype, "constructor", {
    value: FrozenDate,
    configurable: true,
    writable: true,
  });
  defineGlobal("Date", FrozenDate);
  freezeDateFormat(host);
  defineGlobal("performance", { now: () => 0, timeOrigin: 0, mark: () => undefined });
  Object.defineProperty(performance, "timeOrigin", { get: () => host.now() });
  Math.random = () => host.random();
}

/** `Intl.DateTimeFormat.prototype.format()` without an argument would read the real clock. */
function freezeDateFormat(host: Pick<RealmHost, "now">): void {
  const prototype = Intl.DateTimeFormat.prototype;
  const format = Object.getOwnPropertyDescriptor(prototype, "format");
  const formatToParts = Object.getOwnPropertyDescriptor(prototype, "formatToParts");
  Object.defineProperties(prototype, {
    format: {
      configurable: true,
      get(this: Intl.DateTimeFormat) {
        const bound = format?.get?.call(this) as Intl.DateTimeFormat["format"];
        return (date?: Date | number) => bound(date ?? host.now());
      },
    },
    formatToParts: {
      configurable: true,
      writable: true,
      value(this: Intl.DateTimeFormat, date?: Date | number): Intl.DateTimeFormatPart[] {
        const parts = formatToParts?.value as (date: Date | number) => Intl.DateTimeFormatPart[];
        return parts.call(this, date ?? host.now());
      },
    },
  });
}
