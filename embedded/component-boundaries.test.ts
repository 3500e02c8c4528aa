import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";

/** Functions that promise a text, and break the promise when they are told to. */
const CHECKED = `
  import { v } from "convex/values";
  import { internal } from "./_generated/api";
  import { action, internalMutation, mutation, query } from "./_generated/server";
  const text = { args: { value: v.string() }, returns: v.string() };
  const result = (value) => (value === "break it" ? 1 : value);
  export const read = query({ ...text, handler: (ctx, { value }) => result(value) });
  export const write = mutation({
    ...text,
    handler: async (ctx, { value }) => {
      await ctx.db.insert("rows", { value });
      await ctx.scheduler.runAfter(3_600_000, internal.checked.nothing, {});
      return result(value);
    },
  });
  export const act = action({ ...text, handler: (ctx, { value }) => result(value) });
  export const nothing = internalMutation(() => null);
  export const kept = query(async (ctx) => {
    const jobs = await ctx.db.system.query("_scheduled_functions").collect();
    return {
      rows: (await ctx.db.query("rows").collect()).map(({ value }) => value),
      jobs: jobs.filter(({ state }) => state.kind === "pending").length,
    };
  });
  export const job = query(async (ctx, { id }) => (await ctx.db.system.get(id)).state);
  export const clear = mutation(async (ctx) => {
    for (const { _id } of await ctx.db.query("rows").collect()) await ctx.db.delete(_id);
    for (const { _id } of await ctx.db.system.query("_scheduled_functions").collect()) {
      await ctx.scheduler.cancel(_id);
    }
  });
`;

/** The app and a component have the same functions, and call each other's. */
const PROJECT = {
  "convex.config": `
    import { defineApp } from "convex/server";
    import part from "./part/convex.config";
    const app = defineApp();
    app.use(part);
    export default app;
  `,
  "part/convex.config": `
    import { defineComponent } from "convex/server";
    export default defineComponent("part");
  `,
  checked: CHECKED,
  "part/checked": CHECKED,
  "part/callers": `
    import { action, mutation, query } from "./_generated/server";
    const call = (ctx, { type, handle, args }) =>
      ({ query: ctx.runQuery, mutation: ctx.runMutation, action: ctx.runAction })[type](handle, args);
    export const fromQuery = query(call);
    export const fromMutation = mutation(call);
    export const fromAction = action(call);
    export const schedule = mutation((ctx, { handle, args }) =>
      ctx.scheduler.runAfter(0, handle, args));
  `,
  app: `
    import { createFunctionHandle } from "convex/server";
    import { api, components } from "./_generated/api";
    import { action, mutation, query } from "./_generated/server";
    const { part } = components;
    const names = { query: "read", mutation: "write", action: "act" };
    const handleOf = (type) => createFunctionHandle(api.checked[names[type]]);
    /** Calls the component's function, or has the component call the app's. */
    const calling = (from, caller) => async (ctx, { into, type, args }) => {
      const run = { query: ctx.runQuery, mutation: ctx.runMutation, action: ctx.runAction };
      if (into === "part") return await run[type](part.checked[names[type]], args);
      return await run[from](part.callers[caller], { type, handle: await handleOf(type), args });
    };
    const callFromMutation = calling("mutation", "fromMutation");
    export const fromQuery = query(calling("query", "fromQuery"));
    export const fromMutation = mutation(callFromMutation);
    export const fromAction = action(calling("action", "fromAction"));
    export const writeAndCatch = mutation(async (ctx, wanted) => {
      await ctx.db.insert("rows", { value: "before" });
      await ctx.runMutation(part.checked.write, { value: "before" });
      const error = await callFromMutation(ctx, wanted).catch(({ message }) => message);
      await ctx.db.insert("rows", { value: "after" });
      return error;
    });
    export const schedule = mutation(async (ctx, { into, type, args }) => {
      if (into === "part") {
        return await ctx.scheduler.runAfter(0, part.checked[names[type]], args);
      }
      const handle = await handleOf(type);
      return await ctx.runMutation(part.callers.schedule, { handle, args });
    });
    export const job = query((ctx, { into, id }) =>
      ctx.runQuery((into === "part" ? api : part).checked.job, { id }));
    export const kept = query(async (ctx) => ({
      app: await ctx.runQuery(api.checked.kept),
      part: await ctx.runQuery(part.checked.kept),
    }));
    export const clear = mutation(async (ctx) => {
      for (const { checked } of [api, part]) await ctx.runMutation(checked.clear);
    });
  `,
};

const WRONG_ARGS = { value: 1 };
const WRONG_RESULT = { value: "break it" };
const NOTHING = { rows: [], jobs: 0 };
/** Across the boundary: from the app, or from the component by a handle. */
const SIDES = ["part", "app"] as const;
/** Who calls what. */
const CALLS = [
  ["fromQuery", "query"],
  ["fromMutation", "query"],
  ["fromMutation", "mutation"],
  ["fromAction", "query"],
  ["fromAction", "mutation"],
  ["fromAction", "action"],
] as const;

let backend: TestBackend;

beforeAll(async () => {
  backend = await startTestBackend();
  await backend.deploy(PROJECT);
}, 60_000);
afterAll(() => backend.dispose());
beforeEach(async () => {
  await backend.run("app:clear");
});

const kept = () => backend.run("app:kept");

for (const into of SIDES) {
  for (const [from, type] of CALLS) {
    const calling = (args: object) => backend.run(`app:${from}`, { into, type, args });

    test(`a call ${from} of a function (${type}) of the ${into} is checked on its way in and out`, async () => {
      expect(await calling({ value: "right" })).toBe("right");
      await backend.run("app:clear");
      await expect(calling(WRONG_ARGS)).rejects.toThrow(/ArgumentValidationError/);
      await expect(calling({})).rejects.toThrow(/ArgumentValidationError/);
      await expect(calling(WRONG_RESULT)).rejects.toThrow(/ReturnsValidationError/);
      expect(await kept()).toEqual({ app: NOTHING, part: NOTHING });
    });
  }

  test(`a mutation of the ${into} that is refused at the boundary leaves nothing when its caller goes on`, async () => {
    for (const [args, message] of [
      [WRONG_ARGS, /ArgumentValidationError/],
      [WRONG_RESULT, /ReturnsValidationError/],
    ] as const) {
      await backend.run("app:clear");
      const error = await backend.run("app:writeAndCatch", { into, type: "mutation", args });
      expect(error).toMatch(message);
      expect(await kept()).toEqual({
        app: { rows: ["before", "after"], jobs: 0 },
        part: { rows: ["before"], jobs: 1 },
      });
    }
  });

  for (const type of ["mutation", "action"]) {
    /** How the job ended. */
    const runScheduled = async (args: object) => {
      const id = await backend.run("app:schedule", { into, type, args });
      return await vi.waitFor(
        async () => {
          const state = (await backend.run("app:job", { into, id })) as { readonly kind: string };
          expect(state.kind).toMatch(/success|failed/);
          return state;
        },
        { timeout: 10_000 },
      );
    };

    test(`a scheduled ${type} of the ${into} fails over wrong arguments and results, and writes nothing`, async () => {
      expect(await runScheduled({ value: "right" })).toMatchObject({ kind: "success" });
      await backend.run("app:clear");
      for (const [args, message] of [
        [WRONG_ARGS, /ArgumentValidationError/],
        [WRONG_RESULT, /ReturnsValidationError/],
      ] as const) {
        const error = expect.stringMatching(message) as string;
        expect(await runScheduled(args)).toMatchObject({ kind: "failed", error });
      }
      expect(await kept()).toEqual({ app: NOTHING, part: NOTHING });
    });
  }
}
