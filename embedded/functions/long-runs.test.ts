import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";

import { createTrafficControl } from "../lib/traffic-control.ts";
import { parseTrafficLimits } from "../lib/traffic-limits.ts";
import { LONG_RUN_MS } from "../runtime/limits.ts";
import { TurnQueue } from "../runtime/turn-queue.ts";
import { Storage } from "../storage/storage.ts";
import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment(
    {
      calls: `
        import { mutationGeneric as mutation, queryGeneric as query } from "convex/server";
        export const add = mutation({ handler: (ctx) => ctx.db.insert("rows", {}) });
        export const list = query({ handler: async (ctx) => (await ctx.db.query("rows").collect()).length });
        export const loop = query({ handler: () => { for (;;); } });
      `,
    },
    { traffic: createTrafficControl(parseTrafficLimits([])) },
  );
  await deployment.change("calls:add");
});
afterAll(() => deployment.close());
afterEach(() => void vi.restoreAllMocks());

/** How long the engine is asked to rest, in milliseconds, from now on. */
function watchRests(): () => readonly number[] {
  const rest = vi.spyOn(TurnQueue.prototype, "rest");
  return () => rest.mock.calls.map(([ms]) => ms);
}

/** As a disk is that does not have what is asked for in memory. */
function slowDownScans(ms: number) {
  const scan = Reflect.get(Storage.prototype, "scan");
  return vi.spyOn(Storage.prototype, "scan").mockImplementation(function (this: Storage, request) {
    const until = performance.now() + ms;
    while (performance.now() < until);
    return scan.call(this, request);
  });
}

test("a run that was cut off is rested from for three times as long as it took", async () => {
  const rests = watchRests();
  await expect(deployment.value("calls:loop")).rejects.toThrow("timed out");
  const [first, second] = rests();
  expect(first).toBeGreaterThanOrEqual(1_000);
  expect(second).toBe(3 * (first ?? 0));
});

test("a run that was slow on the database is rested from as long as it took, as a suspect's", async () => {
  const rests = watchRests();
  const runs = vi.spyOn(TurnQueue.prototype, "run");
  const slow = slowDownScans(LONG_RUN_MS + 10);
  expect(await deployment.value("calls:list")).toBe(1);
  expect(rests()).toHaveLength(1);
  expect(rests()[0]).toBeGreaterThanOrEqual(LONG_RUN_MS);
  slow.mockRestore();
  await deployment.change("calls:add");
  runs.mockClear();
  expect(await deployment.value("calls:list")).toBe(2);
  expect(runs.mock.calls.map(([, lane]) => lane)).toEqual(["ordinary", "suspect"]);
  expect(rests()).toHaveLength(1);
});
