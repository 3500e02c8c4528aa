import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";

/** Two mounts of a component that only writes, fails and waits. */
const PROJECT = {
  "convex.config": `
    import { defineApp } from "convex/server";
    import part from "./part/convex.config";
    const app = defineApp();
    app.use(part, { name: "a" });
    app.use(part, { name: "b" });
    export default app;
  `,
  "part/convex.config": `
    import { defineComponent } from "convex/server";
    export default defineComponent("part");
  `,
  "part/rows": `
    import { mutation, query } from "./_generated/server";
    const digest = () => crypto.subtle.digest("SHA-256", new TextEncoder().encode("x"));
    export const write = mutation((ctx, { value }) => ctx.db.insert("rows", { value }));
    export const writeLater = mutation(async (ctx, { value }) => {
      await digest();
      await ctx.db.insert("rows", { value });
      await digest();
    });
    export const fail = mutation(async (ctx, { value }) => {
      await ctx.db.insert("rows", { value });
      throw new Error("failed with " + value);
    });
    export const failLater = mutation(async (ctx, { value }) => {
      await ctx.db.insert("rows", { value });
      await digest();
      await ctx.scheduler.runAfter(0, "rows:write", { value: value + " by a job" });
      throw new Error("failed later with " + value);
    });
    export const forget = mutation(async (ctx, { value }) => {
      void ctx.db.insert("rows", { value });
    });
    export const stamp = mutation(async (ctx, { fails = false }) => {
      await ctx.db.insert("stamps", { at: ctx.db.vars.commitTs });
      if (fails) throw new Error("failed after stamping");
      return ctx.db.vars.commitTs;
    });
    export const stamps = query(async (ctx) =>
      (await ctx.db.query("stamps").collect()).map(({ at }) => at));
    export const values = query(async (ctx) =>
      (await ctx.db.query("rows").collect()).map(({ value }) => value));
    export const jobs = query(async (ctx) =>
      (await ctx.db.system.query("_scheduled_functions").collect()).length);
    export const clear = mutation(async (ctx) => {
      for (const { _id } of await ctx.db.query("rows").collect()) await ctx.db.delete(_id);
    });
  `,
  app: `
    import { components } from "./_generated/api";
    import { mutation, query } from "./_generated/server";
    const { a, b } = components;
    export const values = query(async (ctx) => ({
      a: await ctx.runQuery(a.rows.values),
      b: await ctx.runQuery(b.rows.values),
    }));
    export const clear = mutation(async (ctx) => {
      for (const { rows } of [a, b]) await ctx.runMutation(rows.clear);
    });
    export const atOnce = mutation(async (ctx) => {
      const results = await Promise.allSettled([
        ctx.runMutation(a.rows.write, { value: "a1" }),
        ctx.runMutation(b.rows.fail, { value: "b1" }),
        ctx.runMutation(a.rows.writeLater, { value: "a2" }),
        ctx.runMutation(b.rows.failLater, { value: "b2" }),
        ctx.runQuery(a.rows.values),
        ctx.runMutation(a.rows.fail, { value: "a3" }),
        ctx.runMutation(b.rows.write, { value: "b3" }),
      ]);
      return results.map(({ status, value, reason }) =>
        status === "rejected" ? reason.message.split("\\n")[0] : Array.isArray(value) ? value : "done");
    });
    export const unawaited = mutation(async (ctx) => {
      void ctx.runMutation(a.rows.write, { value: "a1" });
      void ctx.runMutation(b.rows.writeLater, { value: "b1" });
      void ctx.runMutation(a.rows.forget, { value: "a2" });
    });
    export const unawaitedFailure = mutation(async (ctx) => {
      await ctx.runMutation(a.rows.write, { value: "a1" });
      void ctx.runMutation(b.rows.fail, { value: "b1" });
    });
    export const failAfterAll = mutation(async (ctx) => {
      await ctx.runMutation(a.rows.writeLater, { value: "a1" });
      void ctx.runMutation(b.rows.writeLater, { value: "b1" });
      throw new Error("failed at the end");
    });
    export const writeAroundFailure = mutation(async (ctx) => {
      await ctx.db.insert("own", { value: "before" });
      await ctx.runMutation(a.rows.failLater, { value: "a1" }).catch(() => null);
      await ctx.runMutation(a.rows.write, { value: "a2" });
      await ctx.db.insert("own", { value: "after" });
      const own = await ctx.db.query("own").collect();
      for (const { _id } of own) await ctx.db.delete(_id);
      return own.map(({ value }) => value);
    });
    export const snapshot = mutation(async (ctx) => {
      await ctx.runMutation(a.rows.write, { value: "a1" });
      return {
        now: await ctx.runQuery(a.rows.values),
        atBegin: await ctx.runQuery(a.rows.values, {}, { useStaleSnapshot: true }),
      };
    });
    export const jobs = query((ctx) => ctx.runQuery(a.rows.jobs));
    export const stampAll = mutation(async (ctx) => {
      await ctx.db.insert("stamps", { at: ctx.db.vars.commitTs });
      await ctx.runMutation(a.rows.stamp, { fails: true }).catch(() => undefined);
      return [
        await ctx.runMutation(a.rows.stamp, {}),
        await ctx.runMutation(b.rows.stamp, {}),
        ctx.db.vars.commitTs,
      ];
    });
    export const stamps = query(async (ctx) => ({
      app: (await ctx.db.query("stamps").collect()).map(({ at }) => String(at)),
      a: (await ctx.runQuery(a.rows.stamps)).map(String),
      b: (await ctx.runQuery(b.rows.stamps)).map(String),
      latest: String(ctx.meta.getSnapshotTs()),
    }));
  `,
};

const format = "convex_encoded_json";
let backend: TestBackend;

beforeAll(async () => {
  backend = await startTestBackend();
  await backend.deploy(PROJECT);
}, 60_000);
afterAll(() => backend.dispose());
beforeEach(async () => {
  await backend.run("app:clear");
});

const values = () => backend.run("app:values");

test("calls that are started at once run in order, and a failing one undoes itself alone", async () => {
  expect(await backend.run("app:atOnce")).toEqual([
    "done",
    "Uncaught Error: failed with b1",
    "done",
    "Uncaught Error: failed later with b2",
    ["a1", "a2"],
    "Uncaught Error: failed with a3",
    "done",
  ]);
  expect(await values()).toEqual({ a: ["a1", "a2"], b: ["b3"] });
});

test("calls that nobody waits for are done before the commit, whatever they wait for", async () => {
  await backend.run("app:unawaited");
  expect(await values()).toEqual({ a: ["a1", "a2"], b: ["b1"] });
});

test("a failure that nobody waits for fails the mutation", async () => {
  await expect(backend.run("app:unawaitedFailure")).rejects.toThrow(/failed with b1/);
  expect(await values()).toEqual({ a: [], b: [] });
});

test("nothing that was started leaks into later transactions after a failure", async () => {
  await expect(backend.run("app:failAfterAll")).rejects.toThrow(/failed at the end/);
  await expect(backend.run("app:failAfterAll")).rejects.toThrow(/failed at the end/);
  expect(await values()).toEqual({ a: [], b: [] });
  await backend.run("app:unawaited");
  expect(await values()).toEqual({ a: ["a1", "a2"], b: ["b1"] });
});

test("what is written around a failed call stays, what it wrote and scheduled does not", async () => {
  expect(await backend.run("app:writeAroundFailure")).toEqual(["before", "after"]);
  expect(await values()).toEqual({ a: ["a2"], b: [] });
  expect(await backend.run("app:jobs")).toBe(0);
});

test("a query of the snapshot does not see what the mutation wrote in the component", async () => {
  expect(await backend.run("app:snapshot")).toEqual({ now: ["a1"], atBegin: [] });
});

test("rows that a mutation and its components stamp have the timestamp of their one commit", async () => {
  const snapshots: bigint[] = [];
  for (let commit = 1; commit <= 2; commit += 1) {
    const { latest } = (await backend.run("app:stamps")) as Stamps;
    const answer = await backend.post("/api/mutation", { path: "app:stampAll", args: {}, format });
    const { value } = answer.body as { value: { $integer: string }[] };
    const { app, a, b } = (await backend.run("app:stamps")) as Stamps;
    expect([app.length, a.length, b.length]).toEqual([commit, commit, commit]);
    expect([a, b]).toEqual([app, app]);
    const stamp = BigInt(app.at(-1) ?? "");
    const returned = value.map(({ $integer }) => Buffer.from($integer, "base64").readBigInt64LE());
    expect(returned).toEqual([stamp, stamp, stamp]);
    expect(stamp).toBeGreaterThan(BigInt(latest));
    snapshots.push(stamp);
  }
  expect(snapshots[1]).toBeGreaterThan(snapshots[0] ?? 0n);
});

interface Stamps {
  readonly app: string[];
  readonly a: string[];
  readonly b: string[];
  readonly latest: string;
}
