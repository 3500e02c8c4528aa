import { defineGlobal } from "./global-property.ts";
import type { LogLevel, RealmHost } from "./realm-host.ts";

/** `console` whose lines go to the function's log lines. Timers measure the function's own clock. */
export function installConsole(host: Pick<RealmHost, "log" | "now">): void {
  const write =
    (level: LogLevel) =>
    (...values: unknown[]) =>
      host.log(level, values);
  const started = new Map<string, number>();
  const counts = new Map<string, number>();
  const elapsed = (label: string, values: readonly unknown[]) => {
    const start = started.get(label);
    if (start === undefined) {
      host.log("WARN", [`Timer '${label}' does not exist`]);
    } else {
      host.log("INFO", [`${label}: ${host.now() - start}ms`, ...values]);
    }
  };
  defineGlobal("console", {
    debug: write("DEBUG"),
    error: write("ERROR"),
    info: write("INFO"),
    log: write("LOG"),
    warn: write("WARN"),
    trace: write("LOG"),
    dir: (value: unknown) => host.log("LOG", [value]),
    table: write("LOG"),
    group: write("LOG"),
    groupCollapsed: write("LOG"),
    groupEnd: () => undefined,
    assert: (condition: unknown, ...values: unknown[]) => {
      if (!condition) host.log("ERROR", ["Assertion failed", ...values]);
    },
    count: (label = "default") => {
      const count = (counts.get(label) ?? 0) + 1;
      counts.set(label, count);
      host.log("INFO", [`${label}: ${count}`]);
    },
    countReset: (label = "default") => void counts.delete(label),
    time: (label = "default") => void started.set(label, host.now()),
    timeLog: (label = "default", ...values: unknown[]) => elapsed(label, values),
    timeEnd: (label = "default") => {
      elapsed(label, []);
      started.delete(label);
    },
  });
}
