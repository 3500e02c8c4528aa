import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { findJob, listJobs, setJobState } from "../runtime/job-records.ts";
import { requestOf, startTestDeployment, unwrap, type TestDeployment } from "./test-deployment.ts";
import type { Caller } from "./types.ts";

const SOURCES = {
  acts: `
    import { queryGeneric as query, mutationGeneric as mutation, actionGeneric as action, internalMutationGeneric as internalMutation, makeFunctionReference as ref } from "convex/server";
    import { ConvexError } from "convex/values";
    export const add = internalMutation(async (ctx, { n }) => { await ctx.db.insert("numbers", { n }); return n; });
    export const addTwice = action(async (ctx) => {
      await ctx.runMutation(ref("acts:add"), { n: 1 });
      const seen = await ctx.runQuery(ref("acts:sum"));
      try { await ctx.runMutation(ref("acts:failing")); } catch (error) { console.log(error.message.split("\\n")[0]); }
      await ctx.runMutation(ref("acts:add"), { n: 2 });
      return [seen, await ctx.runQuery(ref("acts:sum"))];
    });
    export const sum = query(async (ctx) => (await ctx.db.query("numbers").collect()).reduce((sum, { n }) => sum + n, 0));
    export const failing = internalMutation(async (ctx) => { await ctx.db.insert("numbers", { n: 1000 }); throw new Error("undone"); });
    export const rethrow = action(async (ctx) => {
      try { await ctx.runMutation(ref("acts:convexError")); } catch (error) { return [error instanceof ConvexError, error.data]; }
    });
    export const convexError = internalMutation(async () => { throw new ConvexError({ code: "X" }); });
    export const throwData = action(async () => { throw new ConvexError("plain"); });
    export const whoami = query(async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null);
    export const identity = action(async (ctx) => [(await ctx.auth.getUserIdentity())?.subject ?? null, await ctx.runQuery(ref("acts:whoami"))]);
    export const download = action(async (ctx, { url }) => await (await fetch(url)).text());
    export const wait = action(async () => { const start = Date.now(); await new Promise((r) => setTimeout(r, 20)); return Date.now() > start; });
    export const environment = action(async () => [process.env.COLOUR ?? null, process.env.CONVEX_SITE_URL, process.env.PATH ?? null, typeof process.exit]);
    export const crash = action(async () => { const hog = []; for (;;) hog.push(new Array(1e6).fill({})); });
    export const stray = action(async () => { (async () => { throw new Error("strayed"); })(); await new Promise((r) => setTimeout(r, 50)); return "survived"; });
    export const late = action(async () => { setTimeout(() => { throw new Error("late"); }, 1); await new Promise((r) => setTimeout(r, 50)); });
    export const nested = action(async (ctx) => await ctx.runAction(ref("nodes:version")));
    export const schedule = action(async (ctx, { delay }) => await ctx.scheduler.runAfter(delay, ref("acts:add"), { n: 5 }));
    export const scheduleAbsent = action(async (ctx) => await ctx.scheduler.runAfter(0, ref("acts:absent"), {}));
    export const cancel = action(async (ctx, { id }) => { await ctx.scheduler.cancel(id); });
    export const files = action(async (ctx) => {
      const id = await ctx.storage.store(new Blob(["hello"], { type: "text/plain" }));
      const blob = await ctx.storage.get(id);
      const before = [await blob.text(), blob.type, (await ctx.storage.getMetadata(id)).size, typeof (await ctx.storage.getUrl(id))];
      await ctx.storage.delete(id);
      return [...before, await ctx.storage.get(id), await ctx.storage.getUrl(id)];
    });
    export const badDigest = action(async (ctx) => await ctx.storage.store(new Blob(["x"]), { sha256: "AAAA" }));
    export const logs = action(async () => { console.log("one", { a: [1] }); console.error("two"); });
    export const interleaved = action(async (ctx, { name }) => {
      for (let i = 0; i < 3; i++) { console.log(name); await new Promise((r) => setTimeout(r, 1)); }
    });
    export const random = action(async () => crypto.randomUUID());
    export const nothing = action(async () => undefined);
    export const fileIn = mutation(async (ctx, { text }) => {
      const id = await ctx.storage.store(new Blob([text], { type: "text/x" }));
      const url = await ctx.storage.generateUploadUrl();
      return [id, await (await ctx.storage.get(id)).text(), await ctx.db.system.get(id), url];
    });
    export const dropFile = mutation(async (ctx, { id, fail }) => { await ctx.storage.delete(id); if (fail) throw new Error("kept"); });
    export const fileUrl = query(async (ctx, { id }) => await ctx.storage.getUrl(id));
  `,
  nodes: `"use node";
    import { actionGeneric as action } from "convex/server";
    import { readFileSync } from "node:fs";
    import os from "os";
    export const version = action(async () => process.version + typeof readFileSync + typeof os.cpus);
    export const environment = action(async () => [process.env.COLOUR ?? null, process.env.PATH ?? null]);
  `,
};

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment(SOURCES);
});

afterAll(() => deployment.close());

async function act(path: string, args: object = {}, caller?: Caller): Promise<unknown> {
  return unwrap(await deployment.runner.runAction(requestOf(path, args, caller)));
}

test("each call of an action is a transaction of its own", async () => {
  const outcome = await deployment.runner.runAction(requestOf("acts:addTwice"));
  expect(unwrap(outcome)).toEqual([1, 3]);
  expect(outcome.logLines).toEqual(["[LOG] 'Uncaught Error: undone'"]);
});

test("a ConvexError crosses from mutation to action to client", async () => {
  await expect(act("acts:rethrow")).resolves.toEqual([true, { code: "X" }]);
  const thrown = await deployment.runner.runAction(requestOf("acts:throwData"));
  expect(thrown).toMatchObject({ ok: false, errorDataJson: '"plain"' });
});

test("an action and what it calls see the caller", async () => {
  const identity = {
    tokenIdentifier: "i|ann",
    attributesJson: '{"subject":"ann"}',
    expiresAt: null,
  };
  await expect(act("acts:identity", {}, { kind: "client", identity })).resolves.toEqual([
    "ann",
    "ann",
  ]);
  await expect(act("acts:identity")).resolves.toEqual([null, null]);
  await expect(act("acts:identity", {}, { kind: "system" })).resolves.toEqual([null, null]);
});

test("actions fetch, wait and use real randomness", async () => {
  const server = createServer((_, response) => response.end("fetched"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await expect(act("acts:download", { url: `http://127.0.0.1:${port}/` })).resolves.toBe("fetched");
  await expect(act("acts:wait")).resolves.toBe(true);
  expect(await act("acts:random")).not.toBe(await act("acts:random"));
  await expect(act("acts:nothing")).resolves.toBeNull();
});

test("actions see the deployment's variables, changed ones at their next run, and none of the host's", async () => {
  deployment.setVariables({ COLOUR: "red" });
  await expect(act("acts:environment")).resolves.toEqual([
    "red",
    "http://127.0.0.1:3210/http",
    null,
    "undefined",
  ]);
  await expect(act("nodes:environment")).resolves.toEqual(["red", null]);
  deployment.setVariables({ COLOUR: "blue" });
  await expect(act("nodes:environment")).resolves.toEqual(["blue", null]);
});

test('"use node" modules have Node.js, also when called from another action', async () => {
  await expect(act("nodes:version")).resolves.toBe(`${process.version}functionfunction`);
  await expect(act("acts:nested")).resolves.toBe(`${process.version}functionfunction`);
});

test("a rejection or exception that nobody catches fails the action it came from, and no other", async () => {
  const [stray, late, fine] = await Promise.all([
    deployment.runner.runAction(requestOf("acts:stray")),
    deployment.runner.runAction(requestOf("acts:late")),
    deployment.runner.runAction(requestOf("acts:wait")),
  ]);
  expect(!stray.ok && stray.errorMessage).toContain("Uncaught Error: strayed");
  expect(!late.ok && late.errorMessage).toContain("Uncaught Error: late");
  expect(fine.ok).toBe(true);
});

test("an action that eats all memory fails; the next one runs", async () => {
  const crashed = await deployment.runner.runAction(requestOf("acts:crash"));
  expect(!crashed.ok && crashed.errorMessage).toContain("ran out of memory");
  await expect(act("acts:nothing")).resolves.toBeNull();
}, 60_000);

test("log lines belong to the action that wrote them", async () => {
  const outcomes = await Promise.all(
    ["a", "b"].map((name) => deployment.runner.runAction(requestOf("acts:interleaved", { name }))),
  );
  expect(outcomes.map(({ logLines }) => logLines)).toEqual([
    Array(3).fill("[LOG] 'a'"),
    Array(3).fill("[LOG] 'b'"),
  ]);
  const { logLines } = await deployment.runner.runAction(requestOf("acts:logs"));
  expect(logLines).toEqual(["[LOG] 'one' { a: [ 1 ] }", "[ERROR] 'two'"]);
});

test("an action schedules and cancels at once", async () => {
  const id = (await act("acts:schedule", { delay: 60_000 })) as string;
  const job = findJob(deployment.database.begin(), id);
  expect(job).toMatchObject({ path: "acts.js:add", argsJson: '[{"n":5}]', status: "pending" });
  await act("acts:cancel", { id });
  expect([...listJobs(deployment.database.begin(), "pending")]).toEqual([]);
  await expect(act("acts:cancel", { id: "nonsense" })).rejects.toThrow(
    "Invalid scheduled function ID",
  );
});

test("an action cannot schedule what nobody could run", async () => {
  await expect(act("acts:scheduleAbsent")).rejects.toThrow(
    "Attempted to schedule function, but no exported function absent found in the file: acts.js. Did " +
      "you forget to export it?",
  );
});

test("what a canceled job schedules is canceled from the start", async () => {
  const parent = (await act("acts:schedule", { delay: 1 })) as string;
  const transaction = deployment.database.begin();
  setJobState(
    transaction,
    findJob(transaction, parent)!,
    { kind: "canceled" },
    deployment.clock.nowMs,
  );
  deployment.database.commit(transaction);
  const caller: Caller = { kind: "system", scheduledFunctionId: parent };
  const child = (await act("acts:schedule", { delay: 1 }, caller)) as string;
  expect(findJob(deployment.database.begin(), child)?.status).toBe("done");
});

test("actions store, read and delete files", async () => {
  await expect(act("acts:files")).resolves.toEqual([
    "hello",
    "text/plain",
    5,
    "string",
    null,
    null,
  ]);
  await expect(act("acts:badDigest")).rejects.toThrow("Sha256 mismatch");
});

test("mutations store and read files, and deleting one is undone with the mutation", async () => {
  const [id, text, row, url] = (await deployment.change("acts:fileIn", { text: "inside" })) as [
    string,
    string,
    object,
    string,
  ];
  expect(text).toBe("inside");
  expect(row).toMatchObject({ _id: id, size: 6, contentType: "text/x" });
  expect(url).toBe("http://127.0.0.1:3210/api/storage/upload?token=token");
  await expect(deployment.change("acts:dropFile", { id, fail: true })).rejects.toThrow("kept");
  await expect(deployment.value("acts:fileUrl", { id })).resolves.toMatch(
    /^http:\/\/127\.0\.0\.1:3210\/api\/storage\/[0-9a-f-]{36}$/,
  );
  await deployment.change("acts:dropFile", { id, fail: false });
  await expect(deployment.value("acts:fileUrl", { id })).resolves.toBeNull();
  await expect(deployment.change("acts:dropFile", { id, fail: false })).rejects.toThrow(
    `storage id ${id} not found`,
  );
});
