import * as vm from "node:vm";

import { expect, test } from "vitest";

import { Watchdog, WatchdogError } from "./watchdog.ts";

test("a task that ends in time is left alone, its errors included", () => {
  const watchdog = new Watchdog();
  let isGuarding = false;
  watchdog.guard(1_000, () => void (isGuarding = watchdog.isGuarding));
  expect(isGuarding).toBe(true);
  expect(watchdog.isGuarding).toBe(false);
  const error = new Error("own");
  expect(() =>
    watchdog.guard(1_000, () => {
      throw error;
    }),
  ).toThrow(error);
});

test("an endless task is ended wherever it loops, and the next one runs", () => {
  const watchdog = new Watchdog();
  const realm = vm.createContext(vm.constants.DONT_CONTEXTIFY, { microtaskMode: "afterEvaluate" });
  for (const loop of ["for (;;) {}", "(async () => { for (;;) await null; })()"]) {
    const script = new vm.Script(loop);
    expect(() => watchdog.guard(50, () => void script.runInContext(realm))).toThrow(WatchdogError);
  }
  let isRun = false;
  watchdog.guard(1_000, () => {
    isRun = new vm.Script("1 + 1").runInContext(realm) === 2;
  });
  expect(isRun).toBe(true);
});
