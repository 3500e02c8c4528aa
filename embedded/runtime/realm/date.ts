import { defineGlobal } from "./global-property.ts";
import type { RealmHost } from "./realm-host.ts";

/** Stands time still at the function's start, for `Date`, `performance` and `Math.random`'s sake. */
export function installDate(host: Pick<RealmHost, "now" | "random">): void {
  const RealDate = Date;
  function FrozenDate(this: unknown, ...args: unknown[]): string | Date {
    if (new.target === undefined) return new RealDate(host.now()).toString();
    const target = new.target === (FrozenDate as unknown) ? RealDate : new.target;
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
  const format = Object.getOwnPropertyDescriptor(prototype, "format")?.get;
  const formatToParts = prototype.formatToParts;
  if (format === undefined) return;
  Object.defineProperty(prototype, "format", {
    configurable: true,
    get(this: Intl.DateTimeFormat) {
      const bound = format.call(this) as (date?: Date | number) => string;
      return (date?: Date | number) => bound(date ?? host.now());
    },
  });
  prototype.formatToParts = function (this: Intl.DateTimeFormat, date) {
    return formatToParts.call(this, date ?? host.now());
  };
}
