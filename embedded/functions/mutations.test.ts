import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";

import { OccConflictError } from "../database/database-error.ts";
import { requestOf, startTestDeployment, unwrap, type TestDeployment } from "./test-deployment.ts";
import { longestPauseMs, type BeforeCommit } from "./mutation-runner.ts";

const SOURCES = {
  counters: `
    import { queryGeneric as query, mutationGeneric as mutation } from "convex/server";
    import { ConvexError } from "convex/values";
    const find = async (ctx, name) => await ctx.db.query("counters").filter((q) => q.eq(q.field("name"), name)).first();
    export const increment = mutation(async (ctx, { name, by = 1 }) => {
      const row = await find(ctx, name);
      if (row === null) await ctx.db.insert("counters", { name, value: by });
      else await ctx.db.patch(row._id, { value: row.value + by });
      return (row?.value ?? 0) + by;
    });
    export const transfer = mutation(async (ctx, { from, to, amount }) => {
      const [source, target] = [await find(ctx, from), await find(ctx, to)];
      if (source === null || target === null || source.value < amount) return false;
      await ctx.db.patch(source._id, { value: source.value - amount });
      await ctx.db.patch(target._id, { value: (await ctx.db.get(target._id)).value + amount });
      return true;
    });
    export const read = query(async (ctx, { name }) => (await find(ctx, name))?.value ?? null);
    export const total = query(async (ctx) => (await ctx.db.query("counters").collect()).reduce((sum, row) => sum + row.value, 0));
    export const refuse = mutation(async (ctx, { name }) => { throw new ConvexError((await find(ctx, name)).value); });
    export const readOnly = mutation(async (ctx) => (await ctx.db.query("counters").collect()).length);
    export const now = mutation(async (ctx) => {
      await ctx.db.query("counters").collect();
      await ctx.db.insert("log", {});
      return Date.now();
    });
    export const big = mutation(async () => "x".repeat(2 ** 21));
    export const blind = mutation(async (ctx, { n }) => { await ctx.db.insert("log", { n }); });
  `,
};

async function start(onBeforeCommit?: BeforeCommit): Promise<TestDeployment> {
  const deployment = await startTestDeployment(SOURCES, onBeforeCommit ? { onBeforeCommit } : {});
  onTestFinished(() => deployment.close());
  return deployment;
}

test("two mutations on one row: the one that lost runs again and both take effect", async () => {
  const attempts: string[] = [];
  let deployment: TestDeployment | null = null;
  deployment = await start(async ({ path, attempt }) => {
    attempts.push(`${path} ${attempt}`);
    if (attempts.length === 2)
      await deployment?.change("counters:increment", { name: "a", by: 10 });
  });
  await deployment.change("counters:increment", { name: "a" });
  attempts.length = 1;
  await expect(deployment.change("counters:increment", { name: "a" })).resolves.toBe(12);
  await expect(deployment.value("counters:read", { name: "a" })).resolves.toBe(12);
  expect(attempts.filter((entry) => entry === "counters:increment 1")).toHaveLength(1);
});

test("a mutation that always loses gives up after four retries and changes nothing", async () => {
  let runs = 0;
  const deployment: TestDeployment = await start(({ path }) => {
    if (path !== "counters:increment") return;
    runs += 1;
    const transaction = deployment.database.begin();
    transaction.insert("", "counters", JSON.stringify({ name: `other ${runs}`, value: 0 }));
    deployment.database.commit(transaction);
  });
  await expect(deployment.mutation("counters:increment", { name: "a" })).rejects.toBeInstanceOf(
    OccConflictError,
  );
  expect(runs).toBe(5);
  await expect(deployment.value("counters:read", { name: "a" })).resolves.toBeNull();
}, 20_000);

test("the pauses between a mutation's retries double, up to two seconds", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6].map((attempt) => longestPauseMs(attempt));
  expect(longest).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
});

test("a scheduled mutation runs again until it meets no conflict, each time at its own time", async () => {
  const lost = 6;
  const times: number[] = [];
  const deployment: TestDeployment = await start(({ attempt }) => {
    times.push(deployment.clock.nowMs);
    deployment.clock.nowMs += 1_000;
    if (attempt === lost) return;
    const transaction = deployment.database.begin();
    transaction.insert("", "counters", JSON.stringify({ name: `other ${attempt}`, value: 0 }));
    deployment.database.commit(transaction);
  });
  const { setTimeout } = globalThis;
  const shortened = vi
    .spyOn(globalThis, "setTimeout")
    .mockImplementation((run: () => void) => setTimeout(run, 0));
  onTestFinished(() => shortened.mockRestore());
  const envelope = { begin: () => true, putOff: () => true, complete: () => undefined };
  const request = requestOf("counters:now", {}, { kind: "system" });
  const ran = await deployment.runner.runScheduledMutation(request, envelope);
  expect(new Set(times).size).toBe(lost + 1);
  expect(ran).toMatchObject({
    kind: "ran",
    outcome: { ok: true, valueJson: String(times.at(-1)) },
  });
});

test("mutations that only write do not conflict", async () => {
  let runs = 0;
  const deployment: TestDeployment = await start(() => {
    runs += 1;
    const transaction = deployment.database.begin();
    transaction.insert("", "log", JSON.stringify({ n: -runs }));
    deployment.database.commit(transaction);
  });
  await deployment.change("counters:blind", { n: 0 });
  runs = 0;
  await Promise.all([1, 2, 3].map((n) => deployment.change("counters:blind", { n })));
  expect(runs).toBe(3);
});

test("interleaved transfers end as if they had run one after the other", async () => {
  const transfer = fc.record({
    from: fc.constantFrom("a", "b", "c"),
    to: fc.constantFrom("a", "b", "c"),
    amount: fc.integer({ min: 0, max: 60 }),
    delay: fc.integer({ min: 0, max: 3 }),
  });
  const delays: number[] = [];
  const deployment = await start(async () => {
    for (let turn = delays.shift() ?? 0; turn > 0; turn -= 1) await new Promise(setImmediate);
  });
  for (const name of ["a", "b", "c"]) {
    await deployment.change("counters:increment", { name, by: 100 });
  }
  await fc.assert(
    fc.asyncProperty(fc.array(transfer, { minLength: 2, maxLength: 4 }), async (transfers) => {
      delays.splice(0, delays.length, ...transfers.map(({ delay }) => delay));
      const before = new Map<string, number>();
      for (const name of ["a", "b", "c"]) {
        before.set(name, (await deployment.value("counters:read", { name })) as number);
      }
      const outcomes = await Promise.all(
        transfers.map(({ from, to, amount }) =>
          deployment.mutation("counters:transfer", { from, to, amount }),
        ),
      );
      const inCommitOrder = transfers
        .map((move, index) => ({ move, outcome: outcomes[index]! }))
        .sort((left, right) =>
          left.outcome.ok && right.outcome.ok && left.outcome.ts < right.outcome.ts ? -1 : 1,
        );
      for (const { move, outcome } of inCommitOrder) {
        if (unwrap(outcome) !== true) continue;
        expect(before.get(move.from)).toBeGreaterThanOrEqual(move.amount);
        before.set(move.from, before.get(move.from)! - move.amount);
        before.set(move.to, before.get(move.to)! + move.amount);
      }
      for (const [name, value] of before) {
        await expect(deployment.value("counters:read", { name })).resolves.toBe(value);
      }
      await expect(deployment.value("counters:total")).resolves.toBe(300);
    }),
    { numRuns: 15 },
  );
}, 60_000);

test("a repeat of a socket's request returns the stored result and does nothing again", async () => {
  const deployment = await start();
  const session = { sessionId: "0f0e", requestId: 7 };
  const send = () =>
    deployment.runner.runMutation(requestOf("counters:increment", { name: "a" }), session);
  const first = await send();
  await deployment.change("counters:increment", { name: "a" });
  const second = await send();
  expect(second).toEqual(first);
  await expect(deployment.value("counters:read", { name: "a" })).resolves.toBe(2);
  const other = await deployment.runner.runMutation(
    requestOf("counters:increment", { name: "a" }),
    { ...session, requestId: 8 },
  );
  expect(unwrap(other)).toBe(3);
});

test("a result larger than a document may be is remembered like any other", async () => {
  const deployment = await start();
  const session = { sessionId: "0f0e", requestId: 1 };
  const send = () => deployment.runner.runMutation(requestOf("counters:big"), session);
  const first = await send();
  expect(unwrap(first)).toHaveLength(2 ** 21);
  expect(await send()).toEqual(first);
});

test("the same request twice at once takes effect once", async () => {
  const deployment = await start();
  const session = { sessionId: "0f0e", requestId: 1 };
  const [first, second] = await Promise.all(
    [0, 1].map(() =>
      deployment.runner.runMutation(requestOf("counters:increment", { name: "a" }), session),
    ),
  );
  expect({ ...second, ts: null }).toEqual({ ...first, ts: null });
  await expect(deployment.value("counters:read", { name: "a" })).resolves.toBe(1);
});

test("a failed request is not remembered", async () => {
  const deployment = await start();
  const session = { sessionId: "0f0e", requestId: 1 };
  const bad = await deployment.runner.runMutation(requestOf("counters:nothing"), session);
  expect(bad.ok).toBe(false);
  const good = await deployment.runner.runMutation(
    requestOf("counters:increment", { name: "a" }),
    session,
  );
  expect(unwrap(good)).toBe(1);
});

test("a mutation without writes commits at its snapshot, unless a session has to remember it", async () => {
  const deployment = await start();
  const before = deployment.database.latestTs;
  const plain = await deployment.mutation("counters:readOnly");
  expect(plain).toMatchObject({ ok: true, ts: before });
  const remembered = await deployment.runner.runMutation(requestOf("counters:readOnly"), {
    sessionId: "0f0e",
    requestId: 1,
  });
  expect(remembered.ok && remembered.ts > before).toBe(true);
});

test("the next mutation starts before the previous one's flush is done", async () => {
  const deployment = await start();
  const { database } = deployment;
  const flushes: bigint[] = [];
  const flushed = database.flushed.bind(database);
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  database.flushed = async (ts) => {
    flushes.push(ts);
    await gate;
    await flushed(ts);
  };
  const answered: number[] = [];
  const running = [1, 2].map((n) =>
    deployment.change("counters:increment", { name: "a" }).then(() => answered.push(n)),
  );
  while (flushes.length < 2) await new Promise(setImmediate);
  expect(answered).toEqual([]);
  release();
  await Promise.all(running);
  expect(answered).toEqual([1, 2]);
});

test("a failure is told once what it may have read is durable", async () => {
  const deployment = await start();
  const { database } = deployment;
  const committed = deployment.change("counters:increment", { name: "a" });
  const refused = deployment.runner.runMutation(requestOf("counters:refuse", { name: "a" }));
  const outcome = await refused;
  expect(outcome).toMatchObject({ ok: false, errorDataJson: "1" });
  const { latestTs } = database;
  const inTurn = { isDurable: false };
  void database.flushed(latestTs).then(() => (inTurn.isDurable = true));
  await Promise.resolve();
  await Promise.resolve();
  expect(inTurn.isDurable).toBe(true);
  await committed;
});

test("a scheduled mutation commits its envelope with its writes, and alone when it fails", async () => {
  const deployment = await start();
  const seen: (string | null)[] = [];
  const envelope = {
    begin: () => true,
    putOff: () => true,
    complete: (
      transaction: Parameters<
        Parameters<typeof deployment.runner.runScheduledMutation>[1]["begin"]
      >[0],
      { error }: { readonly error: string | null },
    ) => {
      seen.push(error);
      transaction.insert("", "envelopes", "{}");
    },
  };
  const system = { kind: "system" } as const;
  const request = requestOf("counters:increment", { name: "a" }, system);
  const ran = await deployment.runner.runScheduledMutation(request, envelope);
  expect(ran).toMatchObject({ kind: "ran", outcome: { ok: true, valueJson: "1" } });
  const failed = await deployment.runner.runScheduledMutation(
    requestOf("counters:transfer", { from: 1n.toString(), amount: "x", to: null }, system),
    envelope,
  );
  expect(failed.kind).toBe("ran");
  expect(deployment.database.begin().count("", "envelopes")).toBe(2);
  const dropped = await deployment.runner.runScheduledMutation(request, {
    ...envelope,
    begin: () => false,
  });
  expect(dropped).toEqual({ kind: "dropped" });
  await expect(deployment.value("counters:read", { name: "a" })).resolves.toBe(1);
});
