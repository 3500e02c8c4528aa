import inspect from "object-inspect";

import { defineGlobal } from "./global-property.ts";
import type { LogLevel, RealmHost } from "./realm-host.ts";

/** What `console` writes to: rendered lines, and the function's own clock for its timers. */
export type ConsoleHost = Pick<RealmHost, "log" | "now">;

/** `console` whose lines go to the function's log lines, rendered like Convex renders them. */
export function installConsole(host: ConsoleHost): void {
  const log = (level: LogLevel, values: readonly unknown[]) =>
    host.log(level, values.map(render).join(" "));
  const write =
    (level: LogLevel) =>
    (...values: unknown[]) =>
      log(level, values);
  const started = new Map<string, number>();
  const counts = new Map<string, number>();
  const elapsed = (label: string, values: readonly unknown[]) => {
    const start = started.get(label);
    if (start === undefined) {
      log("WARN", [`Timer '${label}' does not exist`]);
    } else {
      log("INFO", [`${label}: ${host.now() - start}ms`, ...values]);
    }
  };
  defineGlobal("console", {
    debug: write("DEBUG"),
    error: write("ERROR"),
    info: write("INFO"),
    log: write("LOG"),
    warn: write("WARN"),
    trace: write("LOG"),
    dir: (value: unknown) => log("LOG", [value]),
    table: write("LOG"),
    group: write("LOG"),
    groupCollapsed: write("LOG"),
    groupEnd: () => undefined,
    assert: (condition: unknown, ...values: unknown[]) => {
      if (!condition) log("ERROR", ["Assertion failed", ...values]);
    },
    count: (label = "default") => {
      const count = (counts.get(label) ?? 0) + 1;
      counts.set(label, count);
      log("INFO", [`${label}: ${count}`]);
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

function render(value: unknown): string {
  try {
    return inspect(value);
  } catch {
    return "[unprintable value]";
  }
}
