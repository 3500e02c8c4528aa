import { afterAll, beforeAll, expect, test } from "vitest";

import { requestOf, startTestDeployment, unwrap, type TestDeployment } from "./test-deployment.ts";
import type { Caller } from "./types.ts";

const PRELUDE = `
  import { queryGeneric as query, mutationGeneric as mutation, actionGeneric as action, internalQueryGeneric, internalMutationGeneric, makeFunctionReference as ref } from "convex/server";
`;

const SOURCES = {
  meta: `
    ${PRELUDE}
    const all = (ctx) => ctx.db.query("rows").collect();
    const used = async (ctx) => Object.fromEntries(Object.entries(await ctx.meta.getTransactionMetrics()).map(([name, { used }]) => [name, used]));
    const remaining = async (ctx) => Object.fromEntries(Object.entries(await ctx.meta.getTransactionMetrics()).map(([name, { remaining }]) => [name, remaining]));
    const message = (error) => error.message.split("\\n")[0].slice(0, 120);

    export const work = mutation(async (ctx) => {
      const start = await used(ctx);
      const id = await ctx.db.insert("rows", { n: 1 });
      await ctx.db.get(id);
      await ctx.db.get(id);
      await ctx.db.patch(id, { n: 2 });
      await all(ctx);
      await ctx.scheduler.runAfter(60_000, ref("meta:noop"), { text: "12345" });
      return { start, end: await used(ctx), left: await remaining(ctx) };
    });
    export const noop = mutation(async () => null);
    export const fill = mutation(async (ctx, { count }) => { for (let n = 0; n < count; n += 1) await ctx.db.insert("rows", { n }); });
    export const left = internalQueryGeneric(async (ctx) => await remaining(ctx));
    export const readAll = internalQueryGeneric(async (ctx) => (await all(ctx)).length);
    export const writeTwice = internalMutationGeneric(async (ctx) => {
      await ctx.db.insert("rows", { n: 1 });
      try {
        await ctx.db.insert("rows", { n: 2 });
        return "wrote two";
      } catch (error) {
        return message(error);
      }
    });
    export const deeper = internalQueryGeneric(async (ctx) => await ctx.runQuery(ref("meta:left"), {}, { transactionLimits: { documentsRead: 1000 } }));
    export const limited = mutation(async (ctx) => {
      const rows = (await all(ctx)).length;
      const run = (reference, transactionLimits) => ctx.runQuery(ref(reference), {}, { transactionLimits }).catch(message);
      return {
        rows,
        left: (await run("meta:left", { documentsRead: 7, bytesWritten: 10 })),
        deeper: (await run("meta:deeper", { documentsRead: 7 })).documentsRead,
        enough: await run("meta:readAll", { documentsRead: rows }),
        tooMany: await run("meta:readAll", { documentsRead: rows - 1 }),
        outside: (await all(ctx)).length,
        bad: await run("meta:readAll", { documentsRead: 1.5 }),
        negative: await run("meta:readAll", { bytesRead: -1 }),
      };
    });
    export const limitedWrite = mutation(async (ctx) => await ctx.runMutation(ref("meta:writeTwice"), {}, { transactionLimits: { documentsWritten: 1 } }));
    export const schedule = internalMutationGeneric(async (ctx) => { for (let n = 0; n < 3; n += 1) await ctx.scheduler.runAfter(60_000, ref("meta:noop"), { n }); });
    export const limitedSchedule = mutation(async (ctx) => await ctx.runMutation(ref("meta:schedule"), {}, { transactionLimits: { functionsScheduled: 2 } }).catch(message));
    export const limitedArgs = mutation(async (ctx) => await ctx.runMutation(ref("meta:schedule"), {}, { transactionLimits: { scheduledFunctionArgsBytes: 20 } }).catch(message));

    export const stale = mutation(async (ctx) => {
      const before = (await all(ctx)).length;
      await ctx.db.insert("rows", { n: 1 });
      const reads = (await used(ctx)).documentsRead;
      const hidden = await ctx.runQuery(ref("meta:readAll"), {}, { useStaleSnapshot: true });
      const seen = await ctx.runQuery(ref("meta:readAll"), {});
      return { grown: seen - before, hidden: hidden - before, uncounted: (await used(ctx)).documentsRead - reads - seen };
    });
    export const staleFromQuery = query(async (ctx) => await ctx.runQuery(ref("meta:readAll"), {}, { useStaleSnapshot: true }));
    export const blindCopy = mutation(async (ctx) => {
      const count = await ctx.runQuery(ref("meta:readAll"), {}, { useStaleSnapshot: true });
      await ctx.db.insert("copies", { count });
    });
    export const sum = mutation(async (ctx) => { await ctx.db.insert("copies", { count: await ctx.runQuery(ref("meta:readAll"), {}) }); });

    export const about = query(async (ctx) => [await ctx.meta.getFunctionMetadata(), await ctx.meta.getDeploymentMetadata()]);
    export const aboutMutation = mutation(async (ctx) => [await ctx.meta.getFunctionMetadata(), await ctx.meta.getRequestMetadata()]);
    export const aboutInternal = internalMutationGeneric(async (ctx) => [await ctx.meta.getFunctionMetadata(), await ctx.meta.getRequestMetadata()]);
    export const aboutAction = action(async (ctx) => [
      await ctx.meta.getFunctionMetadata(),
      await ctx.meta.getRequestMetadata(),
      await ctx.runMutation(ref("meta:aboutInternal"), {}),
      await ctx.meta.getDeploymentMetadata(),
    ]);
    export default query(async (ctx) => (await ctx.meta.getFunctionMetadata()).name);
    export const snapshot = query(async (ctx) => String(ctx.meta.getSnapshotTs()));
    export const snapshotAndCommit = mutation(async (ctx) => {
      await ctx.db.insert("stamps", { at: ctx.db.vars.commitTs });
      const stamps = await ctx.db.query("stamps").collect();
      return [ctx.meta.getSnapshotTs(), stamps.slice(0, -1).every(({ at }) => at <= ctx.meta.getSnapshotTs()), ctx.db.vars.commitTs];
    });

    export const system = mutation(async (ctx) => {
      const jobId = await ctx.scheduler.runAfter(60_000, ref("meta:noop"), {});
      const userId = await ctx.db.insert("rows", { n: 1 });
      const attempt = async (task) => { try { return await task(); } catch (error) { return message(error); } };
      const job = await ctx.db.system.get(jobId);
      return {
        job: [job.name, job.state.kind, job._id === jobId],
        listed: (await ctx.db.system.query("_scheduled_functions").order("desc").first())._id === jobId,
        byTable: (await ctx.db.system.get("_scheduled_functions", jobId))._id === jobId,
        normalized: [ctx.db.system.normalizeId("_scheduled_functions", jobId) === jobId, ctx.db.system.normalizeId("_storage", jobId)],
        filtered: (await ctx.db.system.query("_scheduled_functions").filter((q) => q.eq(q.field("_id"), jobId)).collect()).length,
        files: (await ctx.db.system.query("_storage").collect()).length,
        asUser: await attempt(() => ctx.db.get(jobId)),
        userAsSystem: await attempt(() => ctx.db.system.get(userId)),
        patched: await attempt(() => ctx.db.patch(jobId, { name: "x" })),
        hidden: await attempt(() => ctx.db.system.query("_modules").collect()),
        secret: await attempt(() => ctx.db.system.query("_session_requests").collect()),
      };
    });
  `,
};

let deployment: TestDeployment;
beforeAll(async () => {
  deployment = await startTestDeployment(SOURCES);
});
afterAll(() => deployment.close());

test("metrics count what was used and what remains of every limit", async () => {
  const { start, end, left } = (await deployment.change("meta:work")) as Record<string, object>;
  const nothing = Object.fromEntries(Object.keys(end!).map((name) => [name, 0]));
  expect(start).toEqual(nothing);
  // {n} is 2+1+1+9 bytes, its id and creation time another 3+1+34 and 13+1+9.
  const document = expect.closeTo(73, -1) as number;
  expect(end).toEqual({
    ...nothing,
    documentsRead: 4,
    bytesRead: expect.any(Number) as number,
    databaseQueries: 2,
    documentsWritten: 2,
    bytesWritten: expect.any(Number) as number,
    functionsScheduled: 1,
    scheduledFunctionArgsBytes: 2 + 2 + 4 + 1 + 7,
  });
  const { bytesRead, bytesWritten } = end as { bytesRead: number; bytesWritten: number };
  expect([bytesRead / 4, bytesWritten / 2]).toEqual([document, document]);
  expect(left).toEqual({
    documentsRead: 32_000 - 4,
    bytesRead: 2 ** 24 - bytesRead,
    databaseQueries: 4_096 - 2,
    documentsWritten: 16_000 - 2,
    bytesWritten: 2 ** 24 - bytesWritten,
    functionsScheduled: 1_000 - 1,
    scheduledFunctionArgsBytes: 2 ** 24 - 16,
    filesRead: expect.any(Number) as number,
    fileReadBytes: expect.any(Number) as number,
    filesWritten: expect.any(Number) as number,
    fileWriteBytes: expect.any(Number) as number,
  });
});

test("a nested call can be given less, never more, and its caller goes on", async () => {
  await deployment.change("meta:fill", { count: 5 });
  const found = (await deployment.change("meta:limited")) as Record<string, unknown>;
  const rows = found["rows"] as number;
  expect(found["left"]).toMatchObject({ documentsRead: 7, bytesWritten: 10 });
  expect(found["left"]).toMatchObject({ documentsWritten: 16_000 });
  expect(found["deeper"]).toBe(7);
  expect(found["enough"]).toBe(rows);
  expect(found["tooMany"]).toContain(
    `Too many documents read in a single function execution (limit: ${3 * rows - 1})`,
  );
  expect(found["outside"]).toBe(rows);
  expect(found["bad"]).toContain("Invalid argument `transactionLimits`");
  expect(found["negative"]).toContain("Invalid argument `transactionLimits`");
});

test("a write beyond the limit is not made, even when its error is caught", async () => {
  const before = deployment.database.begin().count("", "rows");
  await expect(deployment.change("meta:limitedWrite")).resolves.toBe(
    "Too many writes in a single function execution (limit: 1)",
  );
  expect(deployment.database.begin().count("", "rows")).toBe(before + 1);
  await expect(deployment.change("meta:limitedSchedule")).resolves.toContain(
    "Too many functions scheduled by this mutation (limit: 2)",
  );
  await expect(deployment.change("meta:limitedArgs")).resolves.toContain(
    "Too large total size of the arguments of scheduled functions from this mutation (limit: 20 bytes)",
  );
});

test("the stale snapshot hides own writes, is not counted and makes no conflict", async () => {
  await expect(deployment.change("meta:stale")).resolves.toEqual({
    grown: 1,
    hidden: 0,
    uncounted: 0,
  });
  await expect(deployment.value("meta:staleFromQuery")).rejects.toThrow(
    "only supported in mutations",
  );
  const runs: string[] = [];
  const conflicting = await startTestDeployment(SOURCES, {
    onBeforeCommit: async ({ path, attempt }) => {
      if (path === "meta:fill") return;
      runs.push(path);
      if (attempt === 0) await conflicting.change("meta:fill", { count: 1 });
    },
  });
  await conflicting.change("meta:blindCopy");
  await conflicting.change("meta:sum");
  await conflicting.close();
  expect(runs).toEqual(["meta:blindCopy", "meta:sum", "meta:sum"]);
});

test("functions know their name, their deployment and the request", async () => {
  await expect(deployment.value("meta:about")).resolves.toEqual([
    { name: "meta:about", componentPath: "", type: "query", visibility: "public" },
    { name: "test", region: null, class: "s16" },
  ]);
  await expect(deployment.value("meta")).resolves.toBe("meta");
  const request = { ip: "127.0.0.1", userAgent: "test", requestId: "0123456789abcdef" };
  const metadata = { ...request, scheduledFunctionId: null, authToken: "a.b.c" };
  const identity = {
    tokenIdentifier: "i|s",
    attributesJson: "{}",
    expiresAt: null,
    token: "a.b.c",
  };
  const caller: Caller = { kind: "client", identity };
  const mutation = await deployment.mutation("meta:aboutMutation", {}, caller);
  expect(unwrap(mutation)).toEqual([
    { name: "meta:aboutMutation", componentPath: "", type: "mutation", visibility: "public" },
    metadata,
  ]);
  const action = await deployment.runner.runAction(requestOf("meta:aboutAction", {}, caller));
  expect(unwrap(action)).toEqual([
    { name: "meta:aboutAction", componentPath: "", type: "action", visibility: "public" },
    metadata,
    [
      { name: "meta:aboutInternal", componentPath: "", type: "mutation", visibility: "internal" },
      metadata,
    ],
    { name: "test", region: null, class: "s16" },
  ]);
  const anonymous = await deployment.mutation("meta:aboutMutation");
  expect(unwrap(anonymous)).toMatchObject([{}, { authToken: null }]);
});

test("the snapshot's timestamp is at or after every commit it shows, before the own one", async () => {
  const decode = (outcome: { valueJson?: string }) => outcome.valueJson ?? "";
  const first = await deployment.mutation("meta:snapshotAndCommit");
  const second = await deployment.mutation("meta:snapshotAndCommit");
  const stamps = [first, second].map((outcome) => {
    const [snapshot, isAfter, commit] = JSON.parse(decode(outcome as never)) as [
      { $integer: string },
      boolean,
      { $integer: string },
    ];
    const read = ({ $integer }: { $integer: string }) =>
      Buffer.from($integer, "base64").readBigInt64LE();
    expect(isAfter).toBe(true);
    return { snapshot: read(snapshot), commit: read(commit) };
  });
  expect(stamps[0]!.snapshot).toBeLessThan(stamps[0]!.commit);
  expect(stamps[1]!.snapshot).toBeGreaterThanOrEqual(stamps[0]!.commit);
  const { ts } = first as { ts: bigint };
  expect(ts).toBe(stamps[0]!.commit);
  await expect(deployment.value("meta:snapshot")).resolves.toBe(
    String(deployment.database.latestTs),
  );
});

test("db.system shows jobs and files, read-only, and nothing else of the system", async () => {
  await expect(deployment.change("meta:system")).resolves.toEqual({
    job: ["meta.js:noop", "pending", true],
    listed: true,
    byTable: true,
    normalized: [true, null],
    filtered: 1,
    files: 0,
    asUser: "System tables can only be accessed with db.system.",
    userAsSystem: "User tables cannot be accessed with db.system.",
    patched: "System tables can only be accessed with db.system.",
    hidden: expect.stringContaining("_modules") as string,
    secret: expect.stringContaining("_session_requests") as string,
  });
});
