import { expect, test } from "vitest";

import { LONG_RUN_MS } from "../runtime/limits.ts";
import { SuspectFunctions } from "./suspect-functions.ts";

function createSuspects() {
  const clock = { ms: 0 };
  const suspects = new SuspectFunctions({ waiting: 10, waitingPerKey: 10 }, () => clock.ms);
  const isSuspect = (name: string) => suspects.gateOf(name) !== null;
  return { clock, suspects, isSuspect };
}

test("a function that ran long is a suspect, and no other is", () => {
  const { suspects, isSuspect } = createSuspects();
  suspects.ran("short", LONG_RUN_MS - 1);
  expect(suspects.areThereAny).toBe(false);
  suspects.ran("long", LONG_RUN_MS);
  expect([isSuspect("short"), isSuspect("long")]).toEqual([false, true]);
});

test("what a function is blamed for is forgotten with time, and then the function too", () => {
  const { clock, suspects, isSuspect } = createSuspects();
  suspects.ran("once", LONG_RUN_MS);
  for (let run = 0; run < 10; run += 1) suspects.ran("often", 2_000);
  clock.ms = 9_900;
  expect(isSuspect("once")).toBe(true);
  clock.ms = 10_100;
  expect([isSuspect("once"), isSuspect("often")]).toEqual([false, true]);
  // However often it was.
  clock.ms = 40_000;
  expect(isSuspect("often")).toBe(false);
  expect(suspects.areThereAny).toBe(false);
});

test("a suspect whose runs are short again is none after a few of them", () => {
  const { suspects, isSuspect } = createSuspects();
  suspects.ran("slow", 1_000);
  const states = Array.from({ length: 3 }, () => {
    suspects.ran("slow", 1);
    return isSuspect("slow");
  });
  expect(states).toEqual([true, true, false]);
});

test("the calls of a suspect run one at a time, also of one that was forgiven meanwhile", async () => {
  const { clock, suspects } = createSuspects();
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const call = (name: string) =>
    suspects.gateOf("slow")?.run([], () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  suspects.ran("slow", 1_000);
  const first = call("first");
  clock.ms = 60_000;
  expect(suspects.gateOf("slow")).toBeNull();
  suspects.ran("slow", 1_000);
  const second = call("second");
  expect(begun).toEqual(["first"]);
  ends[0]?.();
  await first;
  await new Promise(setImmediate);
  expect(begun).toEqual(["first", "second"]);
  ends[1]?.();
  await second;
});
