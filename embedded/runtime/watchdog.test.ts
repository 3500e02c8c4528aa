import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import * as vm from "node:vm";

import { expect, test } from "vitest";

import { Watchdog, WatchdogError } from "./watchdog.ts";

const watchdog = new Watchdog();
const realm = vm.createContext(vm.constants.DONT_CONTEXTIFY, { microtaskMode: "afterEvaluate" });

function guarded(code: string, limitMs: number): unknown {
  const script = new vm.Script(code);
  let value: unknown;
  watchdog.guard(limitMs, () => void (value = script.runInContext(realm)));
  return value;
}

function reasonOf(code: string, limitMs: number): string | null {
  try {
    guarded(code, limitMs);
    return null;
  } catch (error) {
    if (!(error instanceof WatchdogError)) throw error;
    return error.reason;
  }
}

test("a task that ends in time is left alone, its errors included", () => {
  expect(guarded("6 * 7", 1_000)).toBe(42);
  const error = new Error("own");
  expect(() =>
    watchdog.guard(1_000, () => {
      throw error;
    }),
  ).toThrow(error);
  expect(guarded("6 * 7", 1_000)).toBe(42);
});

test.each([
  ["a loop", "for (;;) {}"],
  ["a loop of microtasks", "(async () => { for (;;) await null; })()"],
  ["a loop that catches everything", "for (;;) try { for (;;) {} } catch {} finally { continue }"],
  ["a regular expression", '/^(a+)+$/.test("a".repeat(60) + "!")'],
])("%s is ended where it is, and the next task runs", (_what, code) => {
  expect(reasonOf(code, 60)).toBe("time");
  expect(guarded("6 * 7", 1_000)).toBe(42);
});

test("a task that fills the memory is ended before its time, with its reason", () => {
  const startedAt = performance.now();
  expect(reasonOf("for (const kept = [];;) kept.push(new Array(1_000).fill(0))", 30_000)).toBe(
    "memory",
  );
  expect(performance.now() - startedAt).toBeLessThan(25_000);
});

test("tasks without number pass between two that never end", () => {
  for (let round = 0; round < 3; round += 1) {
    expect(reasonOf("for (;;) {}", 60)).toBe("time");
    for (let count = 0; count < 2_000; count += 1) guarded("1", 60);
  }
});

test.each([
  ["between two tasks", "idle", ["ready", "told to stop"]],
  ["in a task, which may run again", "busy", ["ready", "interrupted", "told to stop"]],
])(
  "SIGINTs from outside %s tell the process to stop",
  async (_when, state, expected) => {
    const program = fileURLToPath(new URL("./test-watchdog-program.ts", import.meta.url));
    const child = fork(program, [state], { execArgv: ["--import", "tsx"] });
    const messages: unknown[] = [];
    child.on("message", (message) => messages.push(message));
    await once(child, "message");
    // Somebody at a keyboard is impatient.
    for (let count = 0; count < 5; count += 1) child.kill("SIGINT");
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    expect(messages).toEqual(expected);
    // The last of them may come when the process has ended but for its memory.
    expect([0, "SIGINT"]).toContain(code ?? signal);
  },
  30_000,
);
