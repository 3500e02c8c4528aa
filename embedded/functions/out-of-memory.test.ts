import { getHeapStatistics } from "node:v8";

import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

const FILL = "const all = []; for (;;) all.push(new Array(20_000_000).fill(1.5));";
const BUFFERS = "const all = []; for (;;) all.push(new Uint8Array(50_000_000).fill(1));";
let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    memory: `
      import { queryGeneric as query, mutationGeneric as mutation } from "convex/server";
      export const buffers = query({ handler: () => { ${BUFFERS} } });
      export const fill = mutation({ handler: () => { ${FILL} } });
      export const churn = query({
        handler: () => {
          let last = [];
          for (let round = 0; round < 100; round += 1) last = new Array(1_000_000).fill(round);
          return last[0];
        },
      });
      export const slow = query({
        handler: () => {
          let sum = 0;
          for (let index = 0; index < 3e8; index += 1) sum += index % 7;
          return sum;
        },
      });
    `,
  });
});
afterAll(() => deployment.close());

test("a function that fills the memory is cut off long before the engine's is gone", async () => {
  for (const run of [
    () => deployment.value("memory:buffers"),
    () => deployment.change("memory:fill"),
  ]) {
    // Where memory comes slowly, its time is over first.
    await expect(run()).rejects.toThrow(
      /ran out of memory \(maximum memory usage: 64 MB\)|timed out/,
    );
    expect(getHeapStatistics().used_heap_size).toBeLessThan(getHeapStatistics().heap_size_limit);
    await expect(deployment.value("memory:churn")).resolves.toBe(99);
  }
}, 60_000);

test("a function that lets go of what it makes may make a gigabyte", async () => {
  for (let call = 0; call < 3; call += 1) {
    await expect(deployment.value("memory:churn")).resolves.toBe(99);
  }
}, 30_000);

test("a function that is only slow runs to its end, or to the end of its time", async () => {
  const expected = 899_999_997;
  const outcome = await deployment.query("memory:slow");
  if (outcome.ok) expect(JSON.parse(outcome.valueJson)).toBe(expected);
  else expect(outcome.errorMessage).toMatch(/timed out/);
}, 30_000);
