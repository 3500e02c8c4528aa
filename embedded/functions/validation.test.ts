import { afterAll, beforeAll, expect, test } from "vitest";

import { requestOf, startTestDeployment, unwrap, type TestDeployment } from "./test-deployment.ts";
import type { Caller } from "./types.ts";

const ADMIN: Caller = { kind: "admin", actingAs: null };
const SYSTEM: Caller = { kind: "system" };

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    checked: `
      import { queryGeneric as query, mutationGeneric as mutation, actionGeneric as action, internalQueryGeneric as internalQuery,
        internalMutationGeneric as internalMutation, makeFunctionReference as ref } from "convex/server";
      import { v } from "convex/values";
      export const echo = query({ args: { text: v.string(), count: v.optional(v.number()) }, returns: v.string(), handler: async (ctx, { text }) => text });
      export const badReturn = query({ args: {}, returns: v.object({ n: v.number() }), handler: async () => ({ n: "one" }) });
      export const badAction = action({ args: { n: v.number() }, returns: v.string(), handler: async (ctx, { n }) => n });
      export const withId = query({ args: { id: v.id("things") }, handler: async (ctx, { id }) => (await ctx.db.get(id))?.name ?? null });
      export const make = mutation({ args: { table: v.string() }, handler: async (ctx, { table }) => await ctx.db.insert(table, { name: table }) });
      export const secret = internalQuery({ args: {}, handler: async () => "secret" });
      export const hidden = internalMutation({ args: { n: v.number() }, handler: async (ctx, { n }) => n });
      export const viaMutation = mutation(async (ctx) => [await ctx.runQuery(ref("checked:secret")), await ctx.runMutation(ref("checked:hidden"), { n: 1 })]);
      export const viaMutationBad = mutation(async (ctx) => await ctx.runMutation(ref("checked:hidden"), { n: "x" }));
      export const viaAction = action(async (ctx) => await ctx.runQuery(ref("checked:secret")));
      export const anything = query(async (ctx, args) => args);
      export const plain = async () => 1;
      export default query(async () => "default");
    `,
    "nested/deep": `
      import { queryGeneric as query } from "convex/server";
      export const where = query(async () => "deep");
    `,
  });
});

afterAll(() => deployment.close());

test.each([
  [
    "checked:echo",
    { text: 1 },
    "ArgumentValidationError: Value does not match validator.\nPath: .text",
  ],
  ["checked:echo", {}, "Object is missing the required field `text`"],
  [
    "checked:echo",
    { text: "a", more: 1 },
    "Object contains extra field `more` that is not in the validator.",
  ],
  ["checked:badReturn", {}, "ReturnsValidationError: Value does not match validator.\nPath: .n"],
])("%s with %j is refused in Convex's words", async (path, args, message) => {
  await expect(deployment.value(path, args)).rejects.toThrow(message);
});

test("actions are validated, too", async () => {
  const run = async (args: object) =>
    unwrap(await deployment.runner.runAction(requestOf("checked:badAction", args)));
  await expect(run({ n: "x" })).rejects.toThrow("ArgumentValidationError");
  await expect(run({ n: 1 })).rejects.toThrow("ReturnsValidationError");
});

test("an id of another table does not pass as an argument", async () => {
  const id = await deployment.change("checked:make", { table: "things" });
  const other = await deployment.change("checked:make", { table: "others" });
  await expect(deployment.value("checked:withId", { id })).resolves.toBe("things");
  await expect(deployment.value("checked:withId", { id: other })).rejects.toThrow(
    'Found ID "' + String(other) + '" from table `others`',
  );
  await expect(deployment.value("checked:withId", { id: "nonsense" })).rejects.toThrow(
    "ArgumentValidationError",
  );
});

test.each(["checked:secret", "checked:missing", "missing:list", "checked:plain", "../x:y", ""])(
  "%s cannot be told from a function that does not exist",
  async (path) => {
    await expect(deployment.value(path)).rejects.toThrow(
      `Server Error\nCould not find public function for '${path}'.`,
    );
    const action = await deployment.runner.runAction(requestOf(path));
    expect(!action.ok && action.errorMessage).toContain("Could not find public function for");
    const mutation = await deployment.mutation(path);
    expect(!mutation.ok && mutation.errorMessage).toContain("Could not find public function for");
  },
);

test("internal functions are for admins, the system and other functions", async () => {
  for (const caller of [ADMIN, SYSTEM]) {
    expect(unwrap(await deployment.query("checked:secret", {}, caller))).toBe("secret");
  }
  await expect(deployment.value("checked:secret")).rejects.toThrow("Could not find");
  await expect(deployment.change("checked:viaMutation")).resolves.toEqual(["secret", 1]);
  const viaAction = await deployment.runner.runAction(requestOf("checked:viaAction"));
  expect(unwrap(viaAction)).toBe("secret");
});

test("arguments of nested calls are validated", async () => {
  await expect(deployment.change("checked:viaMutationBad")).rejects.toThrow(
    "ArgumentValidationError: Value does not match validator.\nPath: .n",
  );
});

test("a function called as what it is not says so", async () => {
  await expect(deployment.change("checked:echo", { text: "a" })).rejects.toThrow(
    "Trying to execute checked.js:echo as Mutation, but it is defined as Query.",
  );
});

test.each([
  ["checked", "default"],
  ["checked:default", "default"],
  ["checked.js:default", "default"],
  ["nested/deep:where", "deep"],
  ["nested/deep.js:where", "deep"],
])("the path %s is understood", async (path, result) => {
  await expect(deployment.value(path)).resolves.toBe(result);
});

test("arguments that are no Convex values are refused without running anything", async () => {
  for (const argsJson of ['[{"a":{"$integer":"x"}}]', "[1]", "[{},{}]", "nonsense", '[{"$x":1}]']) {
    const request = { ...requestOf("checked:anything"), argsJson };
    const query = await deployment.runner.runQuery({ ...request, journal: null });
    expect(!query.ok && query.errorMessage).toMatch(/Invalid arguments for checked\.js:anything/);
    const mutation = await deployment.runner.runMutation({ ...request, path: "checked:make" });
    expect(mutation.ok).toBe(false);
  }
});

test("special values survive the way in and out", async () => {
  const values = {
    int: { $integer: "AQAAAAAAAAA=" },
    negativeZero: { $float: "AAAAAAAAAIA=" },
    bytes: { $bytes: "AAEC" },
    text: "π \u0000",
    list: [null, true, { a: [] }],
  };
  await expect(deployment.value("checked:anything", values)).resolves.toEqual(values);
});

test("clients cannot reach into components", async () => {
  const request = { ...requestOf("checked:echo", { text: "a" }), componentPath: "child" };
  const outcome = await deployment.runner.runQuery({ ...request, journal: null });
  expect(!outcome.ok && outcome.errorMessage).toContain("Could not find public function");
});

test("runAny finds out what a function is; functionType tells", async () => {
  const any = async (path: string, args?: object) =>
    unwrap(await deployment.runner.runAny(requestOf(path, args)));
  await expect(any("checked:echo", { text: "q" })).resolves.toBe("q");
  await expect(any("checked:viaMutation")).resolves.toEqual(["secret", 1]);
  await expect(any("checked:viaAction")).resolves.toBe("secret");
  await expect(any("checked:secret")).rejects.toThrow("Could not find public function");
  await expect(any("?")).rejects.toThrow("Could not find public function");
  await expect(deployment.runner.functionType("", "checked:viaAction")).resolves.toBe("action");
  await expect(deployment.runner.functionType("", "checked.js:secret")).resolves.toBe("query");
  await expect(deployment.runner.functionType("", "checked:none")).resolves.toBeNull();
  await expect(deployment.runner.functionType("", "??")).resolves.toBeNull();
});
