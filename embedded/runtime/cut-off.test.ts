import { expect, test } from "vitest";

import { cutOffReason } from "./cut-off.ts";

const ALLOWED = { ms: 1_500, isEnding: false, grownKb: 1_000 };

test.each([
  ["goes on in its time", { ms: 1_499, processorMs: 1_499, grownKb: 1_000 }, null],
  ["is ended after its time", { ms: 1_500, processorMs: 1_500, grownKb: 0 }, "time"],
  ["is ended for its memory at any time", { ms: 50, processorMs: 50, grownKb: 1_001 }, "memory"],
  ["goes on when others had the processor", { ms: 1_500, processorMs: 1_499, grownKb: 0 }, null],
  ["is ended once it had its share", { ms: 3_000, processorMs: 1_500, grownKb: 0 }, "time"],
  ["is ended at last when it only waits", { ms: 6_000, processorMs: 0, grownKb: 0 }, "time"],
] as const)("a task %s", (_what, taken, reason) => {
  expect(cutOffReason(taken, ALLOWED)).toBe(reason);
});

test("when the process ends the clock alone counts", () => {
  const allowed = { ms: 100, isEnding: true, grownKb: 1_000 };
  expect(cutOffReason({ ms: 99, processorMs: 99, grownKb: 0 }, allowed)).toBe(null);
  expect(cutOffReason({ ms: 100, processorMs: 0, grownKb: 0 }, allowed)).toBe("ending");
});
