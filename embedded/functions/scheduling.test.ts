import { afterAll, beforeAll, expect, test } from "vitest";

import { findJob, listJobs, removeJob, setJobState } from "../runtime/job-records.ts";
import { requestOf, startTestDeployment, unwrap, type TestDeployment } from "./test-deployment.ts";

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    jobs: `
      import { queryGeneric as query, mutationGeneric as mutation, makeFunctionReference as ref } from "convex/server";
      export const later = mutation(async (ctx, { delay, args }) => await ctx.scheduler.runAfter(delay, ref("jobs:work"), args));
      export const laterThenFail = mutation(async (ctx) => { await ctx.scheduler.runAfter(0, ref("jobs:work"), {}); throw new Error("no"); });
      export const at = mutation(async (ctx, { ms }) => await ctx.scheduler.runAt(ms, ref("jobs:work"), {}));
      export const laterNowhere = mutation(async (ctx) => await ctx.scheduler.runAfter(0, ref("nowhere:absent"), {}));
      export const laterAbsent = mutation(async (ctx) => await ctx.scheduler.runAfter(0, ref("jobs:absent"), {}));
      export const cancel = mutation(async (ctx, { id }) => { await ctx.scheduler.cancel(id); });
      export const cancelSelf = mutation(async (ctx, { id }) => { await ctx.scheduler.cancel(id); });
      export const jobs = query(async (ctx) => await ctx.db.system.query("_scheduled_functions").collect());
      export const job = query(async (ctx, { id }) => await ctx.db.system.get(id));
      export const work = mutation(async (ctx) => (await ctx.meta.getRequestMetadata()).scheduledFunctionId);
      export const handle = mutation(async (ctx) => await Convex.asyncSyscall("1.0/createFunctionHandle", JSON.stringify({ name: "jobs:work" })).then(JSON.parse));
      export const byHandle = mutation(async (ctx, { handle }) => await ctx.scheduler.runAfter(0, handle, {}));
    `,
  });
});

afterAll(() => deployment.close());

test("scheduling writes what functions see and what the scheduler needs", async () => {
  const id = await deployment.change("jobs:later", { delay: 5_000, args: { n: 1 } });
  const dueAt = deployment.clock.nowMs + 5_000;
  await expect(deployment.value("jobs:job", { id })).resolves.toMatchObject({
    _id: id,
    name: "jobs.js:work",
    args: [{ n: 1 }],
    scheduledTime: dueAt,
    state: { kind: "pending" },
  });
  expect(findJob(deployment.database.begin(), id as string)).toMatchObject({
    jobId: id,
    ownerPath: "",
    componentPath: "",
    path: "jobs.js:work",
    argsJson: '[{"n":1}]',
    status: "pending",
    dueAt,
  });
});

test("a mutation that fails schedules nothing", async () => {
  const before = ((await deployment.value("jobs:jobs")) as unknown[]).length;
  await expect(deployment.change("jobs:laterThenFail")).rejects.toThrow("no");
  await expect(deployment.value("jobs:jobs")).resolves.toHaveLength(before);
});

test("what nobody could run cannot be scheduled", async () => {
  await expect(deployment.change("jobs:laterAbsent")).rejects.toThrow(
    "Attempted to schedule function, but no exported function absent found in the file: jobs.js. Did " +
      "you forget to export it?",
  );
  await expect(deployment.change("jobs:laterNowhere")).rejects.toThrow(
    "Attempted to schedule function at nonexistent path: nowhere.js",
  );
});

test("jobs come in the order in which they are due", async () => {
  for (const delay of [3_000, 1_000, 2_000]) {
    await deployment.change("jobs:later", { delay, args: {} });
  }
  const due = [...listJobs(deployment.database.begin(), "pending")].map(({ dueAt }) => dueAt);
  expect(due).toEqual([...due].sort((left, right) => left - right));
});

test("canceling a pending job cancels it, a finished one stays as it is", async () => {
  const id = (await deployment.change("jobs:later", { delay: 1, args: {} })) as string;
  await deployment.change("jobs:cancel", { id });
  await expect(deployment.value("jobs:job", { id })).resolves.toMatchObject({
    state: { kind: "canceled" },
    completedTime: deployment.clock.nowMs,
  });
  const done = (await deployment.change("jobs:later", { delay: 1, args: {} })) as string;
  const transaction = deployment.database.begin();
  setJobState(transaction, findJob(transaction, done)!, { kind: "success" }, 7);
  deployment.database.commit(transaction);
  await deployment.change("jobs:cancel", { id: done });
  await expect(deployment.value("jobs:job", { id: done })).resolves.toMatchObject({
    state: { kind: "success" },
    completedTime: 7,
  });
  const removal = deployment.database.begin();
  removeJob(removal, findJob(removal, done)!);
  deployment.database.commit(removal);
  await expect(deployment.value("jobs:job", { id: done })).resolves.toBeNull();
  await deployment.change("jobs:cancel", { id: done });
});

test("a scheduled mutation knows its job and cannot cancel it", async () => {
  const id = (await deployment.change("jobs:later", { delay: 1, args: {} })) as string;
  const caller = { kind: "system", scheduledFunctionId: id } as const;
  const seen = await deployment.runner.runMutation(requestOf("jobs:work", {}, caller));
  expect(unwrap(seen)).toBe(id);
  const canceled = await deployment.runner.runMutation(
    requestOf("jobs:cancelSelf", { id }, caller),
  );
  expect(!canceled.ok && canceled.errorMessage).toContain("A mutation cannot cancel itself");
});

test("times too far away and ids that are none are refused", async () => {
  await expect(deployment.change("jobs:at", { ms: 0 })).rejects.toThrow(
    "is more than 5 years in the past",
  );
  await expect(deployment.change("jobs:cancel", { id: "x" })).rejects.toThrow(
    "Invalid scheduled function ID",
  );
});

test("a function handle schedules what it was made for", async () => {
  const handle = (await deployment.change("jobs:handle")) as string;
  expect(handle).toMatch(/^function:\/\//);
  const id = (await deployment.change("jobs:byHandle", { handle })) as string;
  expect(findJob(deployment.database.begin(), id)?.path).toBe("jobs.js:work");
});
