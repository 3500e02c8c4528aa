import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    counters: `
      import { queryGeneric as query, mutationGeneric as mutation } from "convex/server";
      const rows = (ctx, name) => ctx.db.query("counters").filter((q) => q.eq(q.field("name"), name));
      async function add(ctx, name, by) {
        const row = await rows(ctx, name).first();
        if (row === null) await ctx.db.insert("counters", { name, value: by });
        else await ctx.db.patch(row._id, { value: row.value + by });
        return (row?.value ?? 0) + by;
      }
      export const increment = mutation((ctx, { name }) => add(ctx, name, 1));
      export const fail = mutation(async (ctx, { name }) => {
        await add(ctx, name, 1000);
        throw new Error("out of stock");
      });
      export const loop = mutation(async (ctx, { name }) => {
        await add(ctx, name, 1000);
        for (;;) {}
      });
      async function guard() { throw new Error("not allowed"); }
      export const forgotten = mutation(async (ctx, { name }) => {
        await add(ctx, name, 1000);
        guard();
      });
      export const digest = mutation(async (ctx, { name }) => {
        const value = await add(ctx, name, 1);
        await crypto.subtle.digest("SHA-256", new Uint8Array([value]));
        return value;
      });
      export const first = mutation(async (ctx, { table }) => { await ctx.db.insert(table, {}); return (await ctx.db.query(table).collect()).length; });
      export const read = query(async (ctx, { name }) => (await rows(ctx, name).first())?.value ?? null);
    `,
  });
});

afterAll(() => deployment.close());

async function settle(calls: readonly (readonly [name: string, args: object])[]) {
  const results = await Promise.allSettled(
    calls.map(([name, args]) => deployment.change(`counters:${name}`, args)),
  );
  return results.map((result) =>
    result.status === "fulfilled" ? result.value : String(result.reason).split("\n")[1],
  );
}

const repeated = (count: number, name: string, args: object) =>
  Array.from({ length: count }, () => [name, args] as const);

test("mutations asked for at once each go on from the one before", async () => {
  const results = await settle(repeated(40, "increment", { name: "a" }));
  expect(results).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  await expect(deployment.value("counters:read", { name: "a" })).resolves.toBe(40);
});

test("what a failed mutation wrote is not seen by the next one", async () => {
  const args = { name: "failing" };
  const results = await settle([
    ["increment", args],
    ["fail", args],
    ["increment", args],
    ["fail", args],
    ["increment", args],
  ]);
  expect(results.filter((result) => typeof result === "number")).toEqual([1, 2, 3]);
  await expect(deployment.value("counters:read", args)).resolves.toBe(3);
});

test("an endless mutation among others is the only one that fails, and writes nothing", async () => {
  const args = { name: "looping" };
  const results = await settle([
    ["increment", args],
    ["loop", args],
    ["increment", args],
    ["digest", args],
    ["increment", args],
  ]);
  expect(results).toEqual([1, "Function execution timed out (maximum duration: 1s)", 2, 3, 4]);
  await expect(deployment.value("counters:read", args)).resolves.toBe(4);
});

test("a rejection that nobody handles undoes the mutation it came from, not its neighbours", async () => {
  const listeners = process.listeners("unhandledRejection");
  for (const listener of listeners.filter((each) => !/prototypes/.test(each.toString()))) {
    process.removeListener("unhandledRejection", listener);
  }
  const args = { name: "stray" };
  const results = await settle([
    ["increment", args],
    ["forgotten", args],
    ["increment", args],
  ]);
  for (const listener of listeners) {
    if (!process.listeners("unhandledRejection").includes(listener)) {
      process.on("unhandledRejection", listener);
    }
  }
  expect(results).toEqual([1, "Uncaught Error: not allowed", 2]);
  await expect(deployment.value("counters:read", args)).resolves.toBe(2);
});

test("mutations that make the same new table at once make one", async () => {
  const results = await settle(repeated(3, "first", { table: "fresh" }));
  expect(results).toEqual([1, 2, 3]);
});
