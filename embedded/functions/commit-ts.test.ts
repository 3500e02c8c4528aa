import { expect, onTestFinished, test } from "vitest";

import { int64Of, type JsonValue } from "../values/json-value.ts";
import type { BeforeCommit } from "./mutation-runner.ts";
import { requestOf, startTestDeployment, type TestDeployment } from "./test-deployment.ts";
import type { MutationOutcome } from "./types.ts";

const SOURCES = {
  stamps: `
    import { queryGeneric as query, mutationGeneric as mutation, actionGeneric as action, internalMutationGeneric, internalQueryGeneric, makeFunctionReference as ref } from "convex/server";
    import { ConvexError, jsonToConvex, v } from "convex/values";
    const placeholder = jsonToConvex({ $commitTs: null });
    const all = (ctx) => ctx.db.query("stamps").withIndex("by_at").collect();
    export const add = mutation(async (ctx, { name }) => {
      await ctx.db.insert("stamps", { name, at: ctx.db.vars.commitTs });
      return { at: [ctx.db.vars.commitTs] };
    });
    export const list = query(async (ctx) => await all(ctx));
    export const addNumber = mutation(async (ctx, { at }) => { await ctx.db.insert("stamps", { name: "n", at }); });
    export const readBack = mutation(async (ctx) => {
      const { commitTs } = ctx.db.vars;
      const id = await ctx.db.insert("stamps", { name: "own", at: commitTs, twice: [commitTs] });
      const read = await ctx.db.get(id);
      const range = await ctx.db.query("stamps").withIndex("by_at", (q) => q.eq("at", commitTs)).collect();
      const after = await ctx.db.query("stamps").withIndex("by_at", (q) => q.gt("at", 9223372036854775806n)).collect();
      const filtered = await ctx.db.query("stamps").filter((q) => q.gte(q.field("at"), 9223372036854775807n)).collect();
      await ctx.db.patch(id, { name: "patched" });
      const [patched] = (await all(ctx)).slice(-1);
      return {
        isSame: read.at === commitTs && read.twice[0] === commitTs && patched.at === commitTs,
        counts: [range.length, after.length, filtered.length],
        at: patched.at,
      };
    });
    export const stamp = internalMutationGeneric({
      args: { at: v.commitTs() },
      returns: v.object({ given: v.int64(), own: v.commitTs() }),
      handler: async (ctx, { at }) => {
        await ctx.db.insert("stamps", { name: "nested", at });
        if (at === 3n) throw new Error("nested fails");
        return { given: at, own: ctx.db.vars.commitTs };
      },
    });
    export const echo = internalQueryGeneric(async (_ctx, { at }) => ({ at }));
    export const relay = internalQueryGeneric(async (ctx) => await ctx.runQuery(ref("stamps:echo"), { at: (await all(ctx)).at(-1).at }));
    export const nest = mutation(async (ctx) => {
      const { commitTs } = ctx.db.vars;
      const stamped = await ctx.runMutation(ref("stamps:stamp"), { at: commitTs });
      await ctx.runMutation(ref("stamps:stamp"), { at: 3n }).catch(() => undefined);
      const echoed = await ctx.runQuery(ref("stamps:echo"), { at: commitTs });
      const rows = await all(ctx);
      return [stamped, echoed.at, echoed.at === commitTs, rows.length];
    });
    export const nestInQuery = mutation(async (ctx) => {
      await ctx.db.insert("stamps", { name: "x", at: ctx.db.vars.commitTs });
      await ctx.runQuery(ref("stamps:relay"), {});
    });
    export const schedule = mutation(async (ctx) => { await ctx.scheduler.runAfter(0, ref("stamps:stamp"), { at: ctx.db.vars.commitTs }); });
    export const leak = query(async () => [placeholder]);
    export const actionLeak = action(async () => [placeholder]);
    export const errorLeak = mutation(async (ctx) => { throw new ConvexError({ at: ctx.db.vars.commitTs }); });
    export const deepError = mutation(async () => { throw new ConvexError(Array(64).fill().reduce((data) => [data], [1])); });
    export const fromAction = action(async (ctx) => await ctx.runMutation(ref("stamps:add"), { name: "action" }));
  `,
};

const SCHEMA = {
  tables: [
    {
      tableName: "stamps",
      indexes: [{ indexDescriptor: "by_at", fields: ["at"] }],
      searchIndexes: [],
      documentType: { type: "any" },
    },
  ],
  schemaValidation: true,
};

async function start(onBeforeCommit?: BeforeCommit): Promise<TestDeployment> {
  const deployment = await startTestDeployment(SOURCES, onBeforeCommit ? { onBeforeCommit } : {});
  onTestFinished(() => deployment.close());
  await deployment.setSchema(SCHEMA);
  return deployment;
}

/** A mutation's commit timestamp and its value, integers as bigints. */
function committed(outcome: MutationOutcome): { ts: bigint; value: unknown } {
  if (!outcome.ok) throw new Error(outcome.errorMessage);
  return { ts: outcome.ts, value: decode(outcome.valueJson) };
}

function decode(json: string): unknown {
  return JSON.parse(json, (_, value: JsonValue) => {
    const isInteger = typeof value === "object" && value !== null && "$integer" in value;
    return isInteger ? int64Of(value) : value;
  }) as unknown;
}

async function rows(deployment: TestDeployment): Promise<{ name: string; at: bigint }[]> {
  const outcome = await deployment.query("stamps:list");
  if (!outcome.ok) throw new Error(outcome.errorMessage);
  return decode(outcome.valueJson) as { name: string; at: bigint }[];
}

test("a document and the mutation's result carry the commit's timestamp", async () => {
  const deployment = await start();
  const { ts, value } = committed(await deployment.mutation("stamps:add", { name: "a" }));
  expect(value).toEqual({ at: [ts] });
  expect(await rows(deployment)).toMatchObject([{ name: "a", at: ts }]);
  const next = committed(await deployment.mutation("stamps:add", { name: "b" }));
  expect(await rows(deployment)).toMatchObject([
    { name: "a", at: ts },
    { name: "b", at: next.ts },
  ]);
});

test("a mutation reads its own placeholders back, after every earlier timestamp", async () => {
  const deployment = await start();
  await deployment.mutation("stamps:add", { name: "a" });
  const { ts, value } = committed(await deployment.mutation("stamps:readBack"));
  expect(value).toEqual({ isSame: true, counts: [1, 1, 1], at: ts });
  expect((await rows(deployment)).at(-1)).toMatchObject({ name: "patched", at: ts, twice: [ts] });
});

test("placeholders go through nested calls and what a failed one wrote is gone", async () => {
  const deployment = await start();
  const { ts, value } = committed(await deployment.mutation("stamps:nest"));
  expect(value).toEqual([{ given: ts, own: ts }, ts, true, 1]);
  expect(await rows(deployment)).toMatchObject([{ name: "nested", at: ts }]);
});

test("a run repeated after a conflict carries the timestamp of the commit that counts", async () => {
  let attempts = 0;
  const deployment: TestDeployment = await start(async ({ path }) => {
    if (path !== "stamps:readBack") return;
    attempts += 1;
    if (attempts === 1) await deployment.mutation("stamps:add", { name: "other" });
  });
  const { ts, value } = committed(await deployment.mutation("stamps:readBack"));
  expect(attempts).toBe(2);
  expect(value).toMatchObject({ at: ts });
  const found = await rows(deployment);
  expect(found.map(({ name }) => name)).toEqual(["other", "patched"]);
  expect(found[1]?.at).toBe(ts);
  expect(found[0]?.at).toBeLessThan(ts);
});

test("a socket's repeated request gets the first answer with its timestamp", async () => {
  const deployment = await start();
  const session = { sessionId: "0f0e", requestId: 1 };
  const send = () => deployment.runner.runMutation(requestOf("stamps:add", { name: "a" }), session);
  const first = committed(await send());
  expect(first.value).toEqual({ at: [first.ts] });
  await deployment.mutation("stamps:add", { name: "b" });
  expect(committed(await send())).toEqual(first);
});

test("an action gets the timestamp, no placeholder", async () => {
  const deployment = await start();
  const outcome = await deployment.runner.runAction(requestOf("stamps:fromAction"));
  const [row] = await rows(deployment);
  expect(outcome.ok && decode(outcome.valueJson)).toEqual({ at: [row?.at] });
});

test("a placeholder is refused in scheduled arguments, from clients, and from query to query", async () => {
  const deployment = await start();
  const reserved = "Field name $commitTs starts with '$', which is reserved.";
  await expect(deployment.change("stamps:schedule")).rejects.toThrow(reserved);
  const placeholder = { at: { $commitTs: null } };
  await expect(deployment.change("stamps:addNumber", placeholder)).rejects.toThrow(reserved);
  await expect(deployment.value("stamps:list", placeholder)).rejects.toThrow(reserved);
  const action = await deployment.runner.runAction(requestOf("stamps:fromAction", placeholder));
  expect(action).toMatchObject({ ok: false });
  await expect(deployment.change("stamps:nestInQuery")).rejects.toThrow(reserved);
  expect(await rows(deployment)).toEqual([]);
});

test("queries, actions and errors cannot hand a placeholder out", async () => {
  const deployment = await start();
  await expect(deployment.value("stamps:leak")).rejects.toThrow(
    "Function stamps.js:leak return value invalid: queries cannot return an unresolved commit timestamp",
  );
  const action = await deployment.runner.runAction(requestOf("stamps:actionLeak"));
  expect(action.ok ? "" : action.errorMessage).toContain(
    "Function stamps.js:actionLeak return value invalid: Field name $commitTs starts with '$'",
  );
  await expect(deployment.change("stamps:errorLeak")).rejects.toThrow("timestamp is unresolved");
});

test("a ConvexError with data that is no value is an error about that data", async () => {
  const deployment = await start();
  const failed = await deployment.mutation("stamps:deepError");
  expect(failed).not.toHaveProperty("errorDataJson");
  expect(failed.ok ? "" : failed.errorMessage).toContain(
    "ConvexError with invalid data: Value is too nested",
  );
});
