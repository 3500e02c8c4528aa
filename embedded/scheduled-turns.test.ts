/** How many scheduled functions run at a time, through a deployment. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";

const SOURCES = {
  jobs: `
    import { action, mutation, query } from "./_generated/server";
    import { makeFunctionReference as ref } from "convex/server";
    export const start = mutation({ handler: async (ctx, { count, path }) => {
      const ids = [];
      for (let n = 0; n < count; n += 1) ids.push(await ctx.scheduler.runAfter(0, ref(path), {}));
      return ids;
    } });
    export const states = query({ handler: async (ctx, { ids }) => {
      const jobs = await Promise.all(ids.map((id) => ctx.db.system.get(id)));
      return jobs.map(({ state }) => state.kind);
    } });
    export const isReleased = query({ handler: async (ctx) => (await ctx.db.query("released").first()) !== null });
    export const release = mutation({ handler: async (ctx) => { await ctx.db.insert("released", {}); } });
    export const touch = mutation({ handler: async (ctx) => { await ctx.db.insert("touched", {}); } });
    export const loop = mutation({ handler: () => { for (;;); } });
    export const tick = mutation({ handler: async (ctx) => { await ctx.db.insert("ticks", {}); } });
    export const ticks = query({ handler: async (ctx) => (await ctx.db.query("ticks").collect()).length });
    export const hang = action({ handler: async (ctx) => {
      while (!(await ctx.runQuery(ref("jobs:isReleased")))) await new Promise((resolve) => setTimeout(resolve, 10));
    } });
  `,
};
const CRONS = `
  import { cronJobs, makeFunctionReference as ref } from "convex/server";
  const crons = cronJobs();
  crons.interval("tick", { seconds: 1 }, ref("jobs:tick"), {});
  export default crons;
`;

let backend: TestBackend;
beforeEach(async () => {
  backend = await startTestBackend();
  await backend.deploy(SOURCES);
}, 60_000);
afterEach(() => backend.dispose());

const start = async (count: number, path: string) =>
  (await backend.run("jobs:start", { count, path })) as string[];

async function countStates(ids: readonly string[]): Promise<Record<string, number>> {
  const states = (await backend.run("jobs:states", { ids })) as string[];
  const counts: Record<string, number> = {};
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

async function expectStates(ids: readonly string[], expected: Record<string, number>) {
  expect(await countStates(ids)).toEqual(expected);
}

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 10 });

test("eight scheduled actions run at a time, and those that hang keep no mutation waiting", async () => {
  const actions = await start(12, "jobs:hang");
  await until(() => expectStates(actions, { inProgress: 8, pending: 4 }));
  const mutations = await start(20, "jobs:touch");
  await until(() => expectStates(mutations, { success: 20 }));
  await expectStates(actions, { inProgress: 8, pending: 4 });
  await backend.run("jobs:release");
  await until(() => expectStates(actions, { success: 12 }));
}, 40_000);

test("actions that waited for a turn are begun after a restart", async () => {
  const actions = await start(10, "jobs:hang");
  await until(() => expectStates(actions, { inProgress: 8, pending: 2 }));
  backend = await backend.restart();
  await until(() => expectStates(actions, { failed: 8, inProgress: 2 }));
  await backend.run("jobs:release");
  await until(() => expectStates(actions, { failed: 8, success: 2 }));
}, 40_000);

test("scheduled mutations that loop keep no other one waiting for more than a few of them", async () => {
  const loops = await start(40, "jobs:loop");
  const ended = async () => (await countStates(loops))["failed"] ?? 0;
  for (let round = 0; round < 3; round += 1) {
    const before = await ended();
    const good = await start(10, "jobs:touch");
    await until(() => expectStates(good, { success: 10 }));
    expect((await ended()) - before).toBeLessThanOrEqual(4);
    loops.push(...(await start(10, "jobs:loop")));
  }
  expect((await countStates(loops))["pending"]).toBeGreaterThan(50);
}, 90_000);

test("cron jobs run while scheduled mutations that loop are due", async () => {
  await backend.deploy({ ...SOURCES, crons: CRONS });
  const loops = await start(40, "jobs:loop");
  const before = (await backend.run("jobs:ticks")) as number;
  const ticks = async () => (await backend.run("jobs:ticks")) as number;
  await vi.waitFor(async () => expect((await ticks()) - before).toBeGreaterThanOrEqual(3), {
    timeout: 60_000,
    interval: 50,
  });
  expect((await countStates(loops))["pending"]).toBeGreaterThan(20);
}, 90_000);
