import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";

import { requestOf, startTestDeployment, unwrap, type TestDeployment } from "./test-deployment.ts";
import type { Caller, Identity, LiveQuery } from "./types.ts";

const SOURCES = {
  items: `
    import { queryGeneric as query, mutationGeneric as mutation } from "convex/server";
    export const list = query(async (ctx, { box }) => {
      console.log("run");
      return (await ctx.db.query("items").withIndex("by_box", (q) => q.eq("box", box)).collect()).map((item) => item.name);
    });
    export const get = query(async (ctx, { id }) => (await ctx.db.get(id))?.name ?? null);
    export const put = mutation(async (ctx, { box, name }) => await ctx.db.insert("items", { box, name }));
    export const rename = mutation(async (ctx, { id, name }) => { await ctx.db.patch(id, { name, renamed: Math.random() }); });
    export const drop = mutation(async (ctx, { id }) => { await ctx.db.delete(id); });
    export const drain = mutation(async (ctx, { box }) => {
      for (const item of await ctx.db.query("items").withIndex("by_box", (q) => q.eq("box", box)).collect()) await ctx.db.delete(item._id);
    });
    export const whoami = query(async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null);
    export const random = query(async () => Math.random());
    export const sometimesMine = query(async (ctx) => {
      const rows = await ctx.db.query("items").collect();
      return rows.length === 0 ? Math.random() : [Math.random(), (await ctx.auth.getUserIdentity())?.subject ?? null];
    });
    export const large = query(async (_, { box }) => Math.random() + "x".repeat(9_000_000));
    export const timed = query(async () => Date.now());
    export const firstOf = query(async (ctx, { box }) =>
      (await ctx.db.query("items").withIndex("by_box", (q) => q.eq("box", box)).first())?.name ?? null);
    export const failing = query(async (ctx) => {
      if ((await ctx.db.query("items").collect()).length === 0) throw new Error("empty");
      return "filled";
    });
    export const page = query(async (ctx, opts) => (await ctx.db.query("items").order("desc").paginate(opts)).page.map((item) => item.name));
  `,
};

const SCHEMA = {
  tables: [
    {
      tableName: "items",
      indexes: [{ indexDescriptor: "by_box", fields: ["box"] }],
      searchIndexes: [],
      vectorIndexes: [],
      documentType: { type: "any" },
    },
  ],
  schemaValidation: false,
};

async function start(): Promise<TestDeployment> {
  const deployment = await startTestDeployment(SOURCES);
  onTestFinished(() => deployment.close());
  await deployment.setSchema(SCHEMA);
  return deployment;
}

function user(subject: string): Caller {
  const identity: Identity = {
    tokenIdentifier: `issuer|${subject}`,
    attributesJson: JSON.stringify({
      subject,
      issuer: "issuer",
      tokenIdentifier: `issuer|${subject}`,
    }),
    expiresAt: null,
  };
  return { kind: "client", identity };
}

function watch(
  deployment: TestDeployment,
  path: string,
  args: object = {},
  caller?: Caller,
): { readonly live: LiveQuery; readonly calls: () => number } {
  let calls = 0;
  const request = { ...requestOf(path, args, caller), journal: null };
  const live = deployment.runner.watch(request, () => (calls += 1));
  return { live, calls: () => calls };
}

const evaluate = async (deployment: TestDeployment, { live }: { live: LiveQuery }) =>
  await live.evaluate(deployment.database.latestTs);

test("callers who ask the same share one run until a commit touches what it read", async () => {
  const deployment = await start();
  const first = await deployment.query("items:random");
  const second = await deployment.query("items:random", {}, user("ann"));
  expect(second).toBe(first);
  await deployment.change("items:put", { box: "a", name: "x" });
  expect(await deployment.query("items:random")).toBe(first);
  const listed = await deployment.query("items:list", { box: "a" });
  await deployment.change("items:put", { box: "b", name: "y" });
  expect(await deployment.query("items:list", { box: "a" })).toBe(listed);
  await deployment.change("items:put", { box: "a", name: "z" });
  expect(unwrap(await deployment.query("items:list", { box: "a" }))).toEqual(["x", "z"]);
});

test("a result that depends on the caller is never shown to another", async () => {
  const deployment = await start();
  const results = [];
  for (const caller of [user("ann"), user("bob"), user("ann")]) {
    results.push(unwrap(await deployment.query("items:whoami", {}, caller)));
  }
  results.push(unwrap(await deployment.query("items:whoami")));
  expect(results).toEqual(["ann", "bob", "ann", null]);
});

test("a question may be put in other words; the same words from another are his own question", async () => {
  const deployment = await start();
  const ask = async (path: string, argsJson: string, caller?: Caller) => {
    const request = { ...requestOf(path, {}, caller), argsJson, journal: null };
    return unwrap(await deployment.runner.runQuery(request));
  };
  const random = await ask("items:random", "[{}]");
  const wordings = ["[{}]", "[ { } ]", "[]", "[ { } ]", "[{}]"];
  for (const wording of wordings) expect(await ask("items:random", wording)).toBe(random);
  const callers = [undefined, user("ann"), undefined, user("bob"), user("ann"), undefined];
  const names = [];
  for (const caller of callers) names.push(await ask("items:whoami", "[{}]", caller));
  expect(names).toEqual([null, "ann", null, "bob", "ann", null]);
});

test("a result that starts to depend on the caller stops being shared", async () => {
  const deployment = await start();
  const ann = watch(deployment, "items:sometimesMine", {}, user("ann"));
  const bob = watch(deployment, "items:sometimesMine", {}, user("bob"));
  expect(await evaluate(deployment, ann)).toBe(await evaluate(deployment, bob));
  await deployment.change("items:put", { box: "a", name: "x" });
  expect((unwrap(await evaluate(deployment, ann)) as unknown[])[1]).toBe("ann");
  expect((unwrap(await evaluate(deployment, bob)) as unknown[])[1]).toBe("bob");
});

test("after a commit, a result that was everybody's is computed once for all who watch it", async () => {
  const deployment = await start();
  const watchers = ["ann", "bob", "cyd"].map((name) =>
    watch(deployment, "items:list", { box: "a" }, user(name)),
  );
  for (const watcher of watchers) await evaluate(deployment, watcher);
  await deployment.change("items:put", { box: "a", name: "x" });
  const [first, ...others] = await Promise.all(
    watchers.map((watcher) => evaluate(deployment, watcher)),
  );
  expect(unwrap(first!)).toEqual(["x"]);
  for (const other of others) expect(other).toBe(first);
});

test("a result that is known needs no waiting", async () => {
  const deployment = await start();
  const [first, second] = [1, 2].map(() => watch(deployment, "items:list", { box: "a" }));
  const latest = ({ live }: { live: LiveQuery }) => live.evaluate(deployment.database.latestTs);
  expect(latest(first!)).toBeInstanceOf(Promise);
  const outcome = await latest(first!);
  await deployment.change("items:put", { box: "b", name: "x" });
  expect(latest(second!)).toBe(outcome);
  expect(latest(first!)).toBe(outcome);
});

test("watchers are told once per invalidation, inside the commit", async () => {
  const deployment = await start();
  const watcher = watch(deployment, "items:list", { box: "a" });
  expect(watcher.live.isFresh).toBe(false);
  await evaluate(deployment, watcher);
  expect(watcher.live.isFresh).toBe(true);
  const transaction = deployment.database.begin();
  transaction.insert("", "items", JSON.stringify({ box: "a", name: "direct" }));
  deployment.database.commit(transaction);
  expect(watcher.calls()).toBe(1);
  expect(watcher.live.isFresh).toBe(false);
  await deployment.change("items:put", { box: "a", name: "more" });
  expect(watcher.calls()).toBe(1);
  expect(unwrap(await evaluate(deployment, watcher))).toEqual(["direct", "more"]);
  await deployment.change("items:put", { box: "b", name: "elsewhere" });
  expect(watcher.calls()).toBe(1);
});

test("those who ask at the same moment under different identities are all told", async () => {
  const deployment = await start();
  const watchers = [user("ann"), user("bob"), undefined].map((caller) =>
    watch(deployment, "items:list", { box: "a" }, caller),
  );
  await Promise.all(watchers.map((watcher) => evaluate(deployment, watcher)));
  await deployment.change("items:put", { box: "a", name: "one" });
  expect(watchers.map(({ live }) => live.isFresh)).toEqual([false, false, false]);
});

test("however many queries are watched, each is told", async () => {
  const deployment = await start();
  const watchers = Array.from({ length: 2_100 }, (_, box) =>
    watch(deployment, "items:list", { box: `box ${box}` }),
  );
  await Promise.all(watchers.map((watcher) => evaluate(deployment, watcher)));
  for (const box of [0, 1_999, 2_000, 2_099]) {
    const watcher = watchers[box]!;
    expect(watcher.live.isFresh).toBe(true);
    await deployment.change("items:put", { box: `box ${box}`, name: "one" });
    expect(watcher.live.isFresh).toBe(false);
    expect(watchers.filter(({ live }) => !live.isFresh)).toHaveLength(1);
    await evaluate(deployment, watcher);
  }
});

test("an empty range and a missing document are watched, too", async () => {
  const deployment = await start();
  const id = await deployment.change("items:put", { box: "z", name: "gone" });
  await deployment.change("items:drop", { id });
  const range = watch(deployment, "items:list", { box: "new" });
  const document = watch(deployment, "items:get", { id });
  expect(unwrap(await evaluate(deployment, range))).toEqual([]);
  expect(unwrap(await evaluate(deployment, document))).toBeNull();
  await deployment.change("items:put", { box: "new", name: "first" });
  expect([range.calls(), document.calls()]).toEqual([1, 0]);
});

test("a query that stopped early is not re-run by what lies behind", async () => {
  const deployment = await start();
  await deployment.change("items:put", { box: "a", name: "first" });
  const watcher = watch(deployment, "items:firstOf", { box: "a" });
  await evaluate(deployment, watcher);
  await deployment.change("items:put", { box: "a", name: "second" });
  expect(watcher.calls()).toBe(0);
});

test("a re-run with the same result gives the identical outcome", async () => {
  const deployment = await start();
  const id = await deployment.change("items:put", { box: "a", name: "same" });
  const watchers = [1, 2].map(() => watch(deployment, "items:list", { box: "a" }));
  const before = await Promise.all(watchers.map((watcher) => evaluate(deployment, watcher)));
  expect(before[0]).toBe(before[1]);
  await deployment.change("items:rename", { id, name: "same" });
  expect(watchers.map(({ calls }) => calls())).toEqual([1, 1]);
  const after = await Promise.all(watchers.map((watcher) => evaluate(deployment, watcher)));
  expect(after[0]).toBe(before[0]);
  expect(after[1]).toBe(before[0]);
});

test("many watchers of one query cause one run per invalidation", async () => {
  const deployment = await start();
  const watchers = Array.from({ length: 50 }, () => watch(deployment, "items:random"));
  const outcomes = await Promise.all(watchers.map((watcher) => evaluate(deployment, watcher)));
  expect(new Set(outcomes).size).toBe(1);
});

test("a failing query is watched like any other", async () => {
  const deployment = await start();
  const watcher = watch(deployment, "items:failing");
  const failed = await evaluate(deployment, watcher);
  expect(failed.ok).toBe(false);
  await deployment.change("items:put", { box: "a", name: "x" });
  expect(watcher.calls()).toBe(1);
  expect(unwrap(await evaluate(deployment, watcher))).toBe("filled");
});

test("a deploy and a changed environment variable re-run what depends on them", async () => {
  const deployment = await start();
  const watcher = watch(deployment, "items:random");
  const before = await evaluate(deployment, watcher);
  await deployment.push(SOURCES);
  expect(watcher.calls()).toBe(0);
  await deployment.push({
    items: SOURCES.items.replace("async () => Math.random()", "async () => 'deployed'"),
  });
  expect(watcher.calls()).toBe(1);
  const after = await evaluate(deployment, watcher);
  expect(unwrap(after)).toBe("deployed");
  expect(after).not.toBe(before);
});

test("queries evaluated at one timestamp all show that snapshot", async () => {
  const deployment = await start();
  await deployment.change("items:put", { box: "a", name: "one" });
  const ts = deployment.database.latestTs;
  const watcher = watch(deployment, "items:list", { box: "a" });
  await deployment.change("items:put", { box: "a", name: "two" });
  expect(unwrap(await watcher.live.evaluate(ts))).toEqual(["one"]);
  expect(watcher.live.isFresh).toBe(false);
  expect(unwrap(await evaluate(deployment, watcher))).toEqual(["one", "two"]);
});

test("a result that read the clock is not given to newcomers for long", async () => {
  const deployment = await start();
  const first = unwrap(await deployment.query("items:timed"));
  deployment.clock.nowMs += 10_000;
  expect(unwrap(await deployment.query("items:timed"))).toBe(first);
  deployment.clock.nowMs += 10_000;
  expect(unwrap(await deployment.query("items:timed"))).toBe((first as number) + 20_000);
});

test("a live page keeps its extent, a newcomer's page starts afresh", async () => {
  const deployment = await start();
  for (const name of ["1", "2", "3"]) await deployment.change("items:put", { box: "a", name });
  const args = { numItems: 2, cursor: null };
  const watcher = watch(deployment, "items:page", args);
  expect(unwrap(await evaluate(deployment, watcher))).toEqual(["3", "2"]);
  await deployment.change("items:put", { box: "a", name: "4" });
  expect(unwrap(await evaluate(deployment, watcher))).toEqual(["4", "3", "2"]);
  const newcomer = watch(deployment, "items:page", args);
  expect(unwrap(await evaluate(deployment, newcomer))).toEqual(["4", "3"]);
});

test("a released watcher hears nothing more", async () => {
  const deployment = await start();
  const watcher = watch(deployment, "items:list", { box: "a" });
  await evaluate(deployment, watcher);
  watcher.live.release();
  await deployment.change("items:put", { box: "a", name: "x" });
  expect(watcher.calls()).toBe(0);
});

test("live results always equal fresh ones, and only touched queries are re-run", async () => {
  const deployment = await start();
  const boxes = ["a", "b", "c"];
  const naive = new Map<string, string[]>(boxes.map((box) => [box, []]));
  const watchers = boxes.map((box) => ({ box, ...watch(deployment, "items:list", { box }) }));
  for (const watcher of watchers) await evaluate(deployment, watcher);
  const step = fc.record({
    box: fc.constantFrom(...boxes),
    name: fc.constantFrom("x", "y", "z"),
    kind: fc.constantFrom("put", "put", "drain"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
      for (const { box, name, kind } of steps) {
        const before = watchers.map(({ calls }) => calls());
        await deployment.change(`items:${kind}`, kind === "put" ? { box, name } : { box });
        const isChanged = kind === "put" || naive.get(box)!.length > 0;
        naive.set(box, kind === "put" ? [...naive.get(box)!, name] : []);
        for (const [index, watcher] of watchers.entries()) {
          const isTouched = watcher.box === box && isChanged;
          expect(watcher.calls() - before[index]!).toBe(isTouched ? 1 : 0);
          expect(unwrap(await evaluate(deployment, watcher))).toEqual(naive.get(watcher.box));
        }
      }
    }),
    { numRuns: 20 },
  );
});

test("results that nobody watches are bounded in length too", async () => {
  const deployment = await start();
  const large = async (box: number) =>
    String(await deployment.value("items:large", { box })).slice(0, 12);
  const results: string[] = [];
  for (let box = 0; box < 9; box += 1) results.push(await large(box));
  expect(await large(8)).toBe(results[8]);
  expect(await large(5)).toBe(results[5]);
  expect(await large(0)).not.toBe(results[0]);
});

test("a result is told of commits once it is asked for again, and until then looks at them", async () => {
  const deployment = await start();
  const { database } = deployment;
  const subscribe = vi.spyOn(database, "subscribe");
  const first = await deployment.query("items:list", { box: "a" });
  expect(subscribe).toHaveBeenCalledTimes(0);
  await deployment.change("items:put", { box: "b", name: "elsewhere" });
  expect(await deployment.query("items:list", { box: "a" })).toBe(first);
  expect(subscribe).toHaveBeenCalledTimes(1);
  await deployment.change("items:put", { box: "a", name: "x" });
  expect(unwrap(await deployment.query("items:list", { box: "a" }))).toEqual(["x"]);
  await deployment.change("items:put", { box: "a", name: "y" });
  expect(unwrap(await deployment.query("items:list", { box: "a" }))).toEqual(["x", "y"]);
});

test("a result that is asked for rarely is kept over however many commits from its second time on", async () => {
  const deployment = await start();
  const others = async () => {
    for (let n = 0; n < 70; n += 1) await deployment.change("items:put", { box: "b", name: "x" });
  };
  const results = [];
  for (let n = 0; n < 3; n += 1) {
    results.push(await deployment.query("items:random"));
    await others();
  }
  expect(results[1]).not.toBe(results[0]);
  expect(results[2]).toBe(results[1]);
});
