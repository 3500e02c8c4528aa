import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    runs: `
      import { queryGeneric as query, mutationGeneric as mutation, internalQueryGeneric as internalQuery,
        internalMutationGeneric as internalMutation, makeFunctionReference as ref } from "convex/server";
      import { v, ConvexError } from "convex/values";

      export const add = mutation(async (ctx, { text }) => await ctx.db.insert("notes", { text }));
      export const texts = query(async (ctx) => (await ctx.db.query("notes").collect()).map((n) => n.text));

      export const stuck = query(async () => await new Promise(() => {}));
      export const loop = query(async () => { for (;;) {} });
      export const asyncLoop = query(async () => { for (;;) await null; });
      export const busyWithReads = query(async (ctx) => { for (;;) await ctx.db.query("notes").first(); });
      export const stubborn = query(async (ctx) => {
        for (;;) { try { await ctx.db.query("notes").first(); } catch {} }
      });

      async function guard() { throw new Error("not allowed"); }
      export const forgottenGuard = mutation(async (ctx) => {
        guard();
        await ctx.db.insert("notes", { text: "guarded" });
      });
      export const lateCatch = mutation(async (ctx) => {
        const failing = guard();
        await ctx.db.insert("notes", { text: "caught" });
        try { await failing; } catch {}
      });
      export const unawaited = mutation(async (ctx) => { ctx.db.insert("notes", { text: "unawaited" }); });
      export const unawaitedBad = mutation(async (ctx) => {
        await ctx.db.insert("notes", { text: "before" });
        ctx.db.delete("nonsense");
      });
      export const thrower = mutation(async (ctx) => {
        await ctx.db.insert("notes", { text: "thrown away" });
        throw new ConvexError({ code: "NOPE", n: 1n });
      });
      export const throwText = query(async () => { throw "just text"; });

      export const failing = internalMutation(async (ctx) => {
        await ctx.db.insert("notes", { text: "inner" });
        throw new Error("inner failed");
      });
      export const failingData = internalMutation(async (ctx) => { throw new ConvexError({ code: "INNER" }); });
      export const outer = mutation(async (ctx) => {
        await ctx.db.insert("notes", { text: "outer" });
        try { await ctx.runMutation(ref("runs:failing")); } catch (error) {
          await ctx.db.insert("notes", { text: "caught " + /inner failed/.test(error.message) });
        }
        return await ctx.runQuery(ref("runs:texts"));
      });
      export const outerData = mutation(async (ctx) => {
        try { await ctx.runMutation(ref("runs:failingData")); } catch (error) {
          return [error instanceof ConvexError, error.data];
        }
      });
      export const parallel = mutation(async (ctx) => {
        const results = await Promise.all([
          ctx.runMutation(ref("runs:add"), { text: "p1" }),
          ctx.db.insert("notes", { text: "p2" }),
          ctx.runMutation(ref("runs:add"), { text: "p3" }),
        ]);
        const all = await ctx.db.query("notes").collect();
        return all.slice(-3).map((n) => n.text);
      });
      export const deep = mutation({ args: { n: v.number() }, handler: async (ctx, { n }) =>
        n === 0 ? 0 : 1 + await ctx.runMutation(ref("runs:deep"), { n: n - 1 }) });
      export const stale = mutation(async (ctx) => {
        const before = (await ctx.runQuery(ref("runs:texts"))).length;
        await ctx.db.insert("notes", { text: "stale" });
        const hidden = (await ctx.runQuery(ref("runs:texts"), {}, { useStaleSnapshot: true })).length;
        const seen = (await ctx.runQuery(ref("runs:texts"))).length;
        return [hidden - before, seen - before];
      });
      export const mutationFromQuery = query(async (ctx) => {
        await Convex.asyncSyscall("1.0/runUdf", JSON.stringify({ udfType: "mutation", name: "runs:add", args: {} }));
      });
      export const writeFromQuery = query(async (ctx) => {
        await Convex.asyncSyscall("1.0/insert", JSON.stringify({ table: "notes", value: {} }));
      });
      export const nestedStuck = mutation(async (ctx) => {
        try { await ctx.runQuery(ref("runs:stuck")); } catch (error) { return error.message; }
      });
      export const metrics = mutation(async (ctx) => {
        await ctx.db.insert("notes", { text: "metered" });
        const metrics = await ctx.meta.getTransactionMetrics();
        return [metrics.documentsWritten.used, metrics.documentsWritten.remaining];
      });
      export const metadata = query(async (ctx) => await ctx.meta.getFunctionMetadata());
      export const undefinedResult = query(async () => undefined);
      export const unknownSyscall = query(async () => { await Convex.asyncSyscall("1.0/nonsense", "{}"); });
      export const returnsQuery = query(async (ctx) => ctx.db.query("notes"));
    `,
    broken: `
      import { queryGeneric as query } from "convex/server";
      export const fine = query(async () => 1);
      if (globalThis.Convex && process.env.BREAK) throw new Error("broken at import");
    `,
  });
});

afterAll(() => deployment.close());

/** Vitest reports rejections of realms as its own errors, because it listens to the process, too. */
async function withoutVitestListeners<T>(run: () => Promise<T>): Promise<T> {
  const listeners = process.listeners("unhandledRejection");
  const [own] = listeners.filter((listener) => /prototypes/.test(listener.toString()));
  for (const listener of listeners) {
    if (listener !== own) process.removeListener("unhandledRejection", listener);
  }
  try {
    return await run();
  } finally {
    for (const listener of listeners) {
      if (listener !== own) process.on("unhandledRejection", listener);
    }
  }
}

test("a promise that nothing can resolve is reported at once", async () => {
  await expect(deployment.value("runs:stuck")).rejects.toThrow(
    "Returned promise will never resolve",
  );
});

test("a nested call that never resolves fails for its caller to catch", async () => {
  await expect(deployment.change("runs:nestedStuck")).resolves.toBe(
    "Returned promise will never resolve",
  );
});

test.each(["loop", "asyncLoop", "busyWithReads", "stubborn"])(
  "an endless loop (%s) is ended and the realm stays usable",
  async (name) => {
    await expect(deployment.value(`runs:${name}`)).rejects.toThrow(
      "Function execution timed out (maximum duration: 1s)",
    );
    await expect(deployment.value("runs:undefinedResult")).resolves.toBeNull();
  },
);

test.each([
  ["of others is not the function's", 0, true],
  ["of its own is over at its next read", 1e12, false],
])("the processor's time %s", async (_whose, user, isFine) => {
  let clockMs = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => (clockMs += 2_000));
  vi.spyOn(process, "cpuUsage").mockReturnValue({ user, system: 0 });
  const texts = deployment.value("runs:texts", { isFine });
  if (isFine) await expect(texts).resolves.toBeInstanceOf(Array);
  else await expect(texts).rejects.toThrow("timed out (maximum duration: 1s)");
});

test("a rejection that nobody handles fails the mutation and undoes it", async () => {
  await withoutVitestListeners(async () => {
    await expect(deployment.change("runs:forgottenGuard")).rejects.toThrow(
      "Uncaught Error: not allowed",
    );
  });
  expect(await deployment.value("runs:texts")).not.toContain("guarded");
});

test("a rejection that is handled later in the same run is none", async () => {
  await deployment.change("runs:lateCatch");
  expect(await deployment.value("runs:texts")).toContain("caught");
});

test("a write that was not awaited still happens", async () => {
  await deployment.change("runs:unawaited");
  expect(await deployment.value("runs:texts")).toContain("unawaited");
});

test("a failing call that was not awaited fails the mutation", async () => {
  await withoutVitestListeners(async () => {
    await expect(deployment.change("runs:unawaitedBad")).rejects.toThrow("Unable to decode ID");
  });
  expect(await deployment.value("runs:texts")).not.toContain("before");
});

test("a thrown ConvexError undoes the writes and carries its data", async () => {
  const outcome = await deployment.mutation("runs:thrower");
  expect(outcome).toMatchObject({ ok: false });
  expect(!outcome.ok && JSON.parse(outcome.errorDataJson ?? "null")).toEqual({
    code: "NOPE",
    n: { $integer: "AQAAAAAAAAA=" },
  });
  expect(!outcome.ok && outcome.errorMessage).toMatch(
    /^\[Request ID: 0123456789abcdef\] Server Error\nUncaught ConvexError: .*NOPE/,
  );
  expect(await deployment.value("runs:texts")).not.toContain("thrown away");
});

test("a thrown value that is no error is shown as text", async () => {
  await expect(deployment.value("runs:throwText")).rejects.toThrow(
    "Server Error\nUncaught just text",
  );
});

test("stack lines name the original files", async () => {
  const outcome = await deployment.mutation("runs:thrower");
  expect(!outcome.ok && outcome.errorMessage).toMatch(/\n {4}at .*runs\.ts:\d+:\d+/);
});

test("a nested mutation that fails undoes its own writes only", async () => {
  const texts = await deployment.change("runs:outer");
  expect(texts).toEqual(expect.arrayContaining(["outer", "caught true"]));
  expect(texts).not.toContain("inner");
});

test("a ConvexError of a nested mutation arrives as ConvexError", async () => {
  await expect(deployment.change("runs:outerData")).resolves.toEqual([true, { code: "INNER" }]);
});

test("calls made at once run in the order in which they were made", async () => {
  await expect(deployment.change("runs:parallel")).resolves.toEqual(["p1", "p2", "p3"]);
});

test("nesting is bounded", async () => {
  await expect(deployment.change("runs:deep", { n: 8 })).resolves.toBe(8);
  await expect(deployment.change("runs:deep", { n: 9 })).rejects.toThrow(
    "Cross component call depth limit exceeded",
  );
});

test("a query on the stale snapshot sees nothing of the mutation's own writes", async () => {
  await expect(deployment.change("runs:stale")).resolves.toEqual([0, 1]);
});

test("queries can neither write nor run mutations", async () => {
  await expect(deployment.value("runs:mutationFromQuery")).rejects.toThrow(
    "Cannot call a mutation function from a query function",
  );
  await expect(deployment.value("runs:writeFromQuery")).rejects.toThrow(
    "Unknown async operation 1.0/insert",
  );
});

test("an unknown operation is refused by name", async () => {
  await expect(deployment.value("runs:unknownSyscall")).rejects.toThrow(
    "Unknown async operation 1.0/nonsense",
  );
});

test("undefined is returned as null, a query object is refused", async () => {
  await expect(deployment.value("runs:undefinedResult")).resolves.toBeNull();
  await expect(deployment.value("runs:returnsQuery")).rejects.toThrow("Return value is a Query");
});

test("functions can ask for their metrics and name", async () => {
  await expect(deployment.change("runs:metrics")).resolves.toEqual([1, 15_999]);
  await expect(deployment.value("runs:metadata")).resolves.toEqual({
    name: "runs:metadata",
    componentPath: "",
    type: "query",
    visibility: "public",
  });
});

test("a module that fails at import fails its functions, and works once the reason is gone", async () => {
  await expect(deployment.value("broken:fine")).resolves.toBe(1);
  deployment.setVariables({ BREAK: "yes" });
  await expect(deployment.value("broken:fine")).rejects.toThrow("broken at import");
  deployment.setVariables({ BREAK: null });
  await expect(deployment.value("broken:fine")).resolves.toBe(1);
});
