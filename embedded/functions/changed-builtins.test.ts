/** What a function changes of the globals and builtins that calls share is gone with the call. */
import { afterEach, beforeEach, expect, test } from "vitest";

import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

let deployment: TestDeployment;

beforeEach(async () => {
  deployment = await startTestDeployment({
    polyfill: `
      Array.prototype.lastOfAll = function () { return this[this.length - 1]; };
      globalThis.polyfilled = () => "by the polyfill";
    `,
    victims: `
      import "./polyfill";
      import { mutationGeneric as mutation } from "convex/server";
      export const insert = mutation(async (ctx) => {
        await ctx.db.insert("notes", { text: "kept" });
        return (await ctx.db.query("notes").collect()).map(({ text }) => text);
      });
      export const polluted = mutation(async () => [{}.isAdmin ?? null, globalThis.leaked ?? null]);
      export const polyfilled = mutation(async () => [[1, 2].lastOfAll(), globalThis.polyfilled()]);
      export const touch = mutation(async () => null);
      export const address = mutation(async () => new URL("/a", "http://b").pathname);
    `,
    other: `
      import { mutationGeneric as mutation } from "convex/server";
      Array.prototype.firstOfAll = function () { return this[0]; };
      export const first = mutation(async () => [[1, 2].firstOfAll(), {}.isAdmin ?? null]);
    `,
    critical: `
      import { mutationGeneric as mutation } from "convex/server";
      let isBusy = false;
      export const enter = mutation(async (_, { isEndless }) => {
        if (isBusy) throw new Error("busy for ever");
        isBusy = true;
        try {
          while (isEndless);
        } finally {
          isBusy = false;
        }
        return "left";
      });
    `,
    vandals: `
      import { mutationGeneric as mutation, makeFunctionReference as ref } from "convex/server";
      export const merge = mutation(async () => { Object.prototype.isAdmin = true; });
      export const leak = mutation(async () => { globalThis.leaked = "a secret"; });
      export const then = mutation(async () => { Promise.prototype.then = () => { throw new Error("no"); }; });
      export const map = mutation(async () => { Array.prototype.map = () => { throw new Error("no"); }; });
      export const promise = mutation(async () => { globalThis.Promise = null; });
      export const iterator = mutation(async () => {
        Object.getPrototypeOf([].values()).next = () => { throw new Error("no"); };
      });
      export const stringify = mutation(async () => { JSON.stringify = () => "nonsense"; });
      export const url = mutation(async () => {
        Object.defineProperty(URL.prototype, "pathname", { get: () => { throw new Error("no"); } });
      });
      export const refusing = mutation(async () => {
        Object.prototype.isAdmin = true;
        throw new Error("and fails");
      });
      export const nested = mutation(async (ctx) => {
        await ctx.runMutation(ref("vandals:leak"));
        await ctx.runMutation(ref("vandals:map"));
      });
    `,
  });
  await deployment.change("victims:touch");
});
afterEach(() => deployment.close());

test.each(["then", "map", "promise", "iterator"])(
  "after a call has broken a builtin (%s) others run as if it had not",
  async (name) => {
    await deployment.change("victims:insert");
    await deployment.change(`vandals:${name}`);
    expect(await deployment.change("victims:insert")).toEqual(["kept", "kept"]);
    expect(await deployment.change("victims:polluted")).toEqual([null, null]);
  },
);

test("what a call adds to Object.prototype or the globals the next does not see", async () => {
  await deployment.change("vandals:merge");
  await deployment.change("vandals:leak");
  expect(await deployment.change("victims:polluted")).toEqual([null, null]);
});

test("a class that realms share with the engine is put right again", async () => {
  await deployment.mutation("vandals:url");
  expect(await deployment.change("victims:address")).toBe("/a");
  expect(new URL("/c", "http://d").pathname).toBe("/c");
});

test("a nested call's changes go as its caller's do", async () => {
  await deployment.change("vandals:nested");
  expect(await deployment.change("victims:polluted")).toEqual([null, null]);
  expect(await deployment.change("victims:insert")).toEqual(["kept"]);
  await deployment.change("vandals:nested");
  await deployment.change("vandals:nested");
});

test("a function that fails among its own changes fails with its own error, and is undone", async () => {
  await expect(deployment.change("vandals:refusing")).rejects.toThrow("and fails");
  expect(await deployment.change("victims:polluted")).toEqual([null, null]);
});

test("what nothing shows is found after some hundred calls", async () => {
  await deployment.mutation("vandals:stringify");
  for (let call = 0; call < 256; call += 1) await deployment.mutation("victims:touch");
  expect(await deployment.change("victims:address")).toBe("/a");
});

test("what modules add while they are evaluated stays, whenever they are", async () => {
  expect(await deployment.change("victims:polyfilled")).toEqual([2, "by the polyfill"]);
  await deployment.change("vandals:merge");
  expect(await deployment.change("other:first")).toEqual([1, null]);
  expect(await deployment.change("victims:polyfilled")).toEqual([2, "by the polyfill"]);
});

test("a call that is cut off while its module's state is in between leaves others a fresh module", async () => {
  const enter = (isEndless: boolean) => deployment.change("critical:enter", { isEndless });
  expect(await enter(false)).toBe("left");
  await expect(enter(true)).rejects.toThrow("timed out");
  expect(await enter(false)).toBe("left");
}, 30_000);
