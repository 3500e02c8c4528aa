import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    many: `
      import { queryGeneric as query } from "convex/server";
      export const echo = query(async (ctx, { n }) => { console.log(n); return n; });
      export const loop = query(async () => { for (;;) {} });
      export const slow = query(async (ctx, { ms, n }) => { const end = performanceNow() + ms; while (performanceNow() < end); return n; });
      export const digest = query(async (ctx, { n }) => {
        await crypto.subtle.digest("SHA-256", new Uint8Array([n]));
        return n;
      });
      async function guard() { throw new Error("not allowed"); }
      export const forgotten = query(async () => { guard(); return "leaked"; });
      const performanceNow = () => { let n = 0; for (let i = 0; i < 1e5; i++) n += i; return (globalThis.ticks = (globalThis.ticks ?? 0) + 1); };
    `,
  });
});

afterAll(() => deployment.close());

async function settle(calls: readonly (readonly [path: string, args: object])[]) {
  const results = await Promise.allSettled(
    calls.map(([path, args]) => deployment.value(`many:${path}`, args)),
  );
  return results.map((result) =>
    result.status === "fulfilled" ? result.value : String(result.reason).split("\n")[1],
  );
}

test("queries asked for at once each get their own result and log lines", async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, n) => deployment.query("many:echo", { n })),
  );
  expect(outcomes.map(({ logLines }) => logLines)).toEqual(outcomes.map((_, n) => [`[LOG] ${n}`]));
});

test("an endless query among others is the only one that fails", async () => {
  const results = await settle([
    ["echo", { n: 100 }],
    ["loop", {}],
    ["echo", { n: 101 }],
    ["digest", { n: 102 }],
  ]);
  expect(results).toEqual([100, "Function execution timed out (maximum duration: 1s)", 101, 102]);
});

test("a rejection that nobody handles fails the query it came from, not its neighbours", async () => {
  const listeners = process.listeners("unhandledRejection");
  for (const listener of listeners.filter((each) => !/prototypes/.test(each.toString()))) {
    process.removeListener("unhandledRejection", listener);
  }
  const results = await settle([
    ["echo", { n: 200 }],
    ["forgotten", {}],
    ["digest", { n: 201 }],
    ["echo", { n: 202 }],
  ]);
  for (const listener of listeners) {
    if (!process.listeners("unhandledRejection").includes(listener)) {
      process.on("unhandledRejection", listener);
    }
  }
  expect(results).toEqual([200, "Uncaught Error: not allowed", 201, 202]);
});

test("queries that wait for WebCrypto wait side by side", async () => {
  const calls = Array.from({ length: 20 }, (_, n) => ["digest", { n }] as const);
  await expect(settle(calls)).resolves.toEqual(calls.map(([, { n }]) => n));
});

test("slow queries asked for at once all get their result", async () => {
  const calls = Array.from({ length: 20 }, (_, n) => ["slow", { ms: 100, n }] as const);
  await expect(settle(calls)).resolves.toEqual(calls.map(([, { n }]) => n));
});
