import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    world: `
      import { queryGeneric as query, mutationGeneric as mutation, makeFunctionReference as ref } from "convex/server";
      const importedAt = Date.now();
      const importedRandom = Math.random();
      export const clock = query(async (ctx) => {
        const before = Date.now();
        for (let i = 0; i < 1e6; i++) Math.sqrt(i);
        return { same: before === Date.now(), now: before, made: new Date().getTime(),
          text: Date() === new Date().toString(), instance: new Date() instanceof Date,
          given: new Date(5).getTime(), parts: new Date(2020, 1, 29).getFullYear(),
          performance: performance.now() - performance.now(), nested: await ctx.runQuery(ref("world:now")),
          formatted: new Intl.DateTimeFormat("en", { timeZone: "UTC", year: "numeric" }).format() ===
            String(new Date().getUTCFullYear()) };
      });
      export const now = query(async () => Date.now());
      export const imported = query(async () => [importedAt, importedRandom]);
      export const random = mutation(async () => ({
        float: Math.random(), uuid: crypto.randomUUID(), bytes: [...crypto.getRandomValues(new Uint8Array(4))] }));
      export const forbidden = query(async () => {
        const messages = [];
        for (const attempt of [
          () => fetch("http://127.0.0.1"),
          () => setTimeout(() => {}, 1),
          () => crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]),
        ]) {
          try { await attempt(); messages.push("allowed"); } catch (error) { messages.push(error.message.split(".")[0]); }
        }
        return messages;
      });
      export const variable = query(async () => process.env.COLOUR ?? null);
      export const system = query(async () => [process.env.CONVEX_CLOUD_URL, process.env.CONVEX_SITE_URL]);
      export const hostVariable = query(async () => process.env.PATH ?? null);
      export const web = query(async () => {
        const url = new URL("/a?b=1", "http://example.com");
        let isTypeError = false;
        try { new URL("nonsense"); } catch (error) { isTypeError = error instanceof TypeError; }
        const bytes = new TextEncoder().encode("hé");
        const cloned = structuredClone({ a: [1, new Map([["k", new Date(3)]])] });
        return { path: url.pathname, search: url.searchParams.get("b"), isTypeError, length: bytes.length,
          isBytes: bytes instanceof Uint8Array, base64: btoa("abc") + atob("YWJj"), cloned: cloned.a[1].get("k").getTime(),
          header: new Headers({ "X-A": "1" }).get("x-a"), json: await new Response('{"z":1}').json(),
          text: await new Blob(["blob"]).text(), aborted: AbortSignal.abort().aborted };
      });
      export const stored = new AsyncLocalStorage();
      export const local = query(async () => await stored.run("value", async () => { await null; return stored.getStore(); }));
      let counter = 0;
      export const loose = query(async () => (counter += 1));
      export const logs = query(async () => {
        console.log("text", 1, { a: [1, "x"] }, null);
        console.warn(new Error("warned").message);
        console.debug(undefined); console.info(true); console.error("bad");
        console.log({ get trap() { throw new Error("trap"); } });
      });
      export const manyLogs = query(async () => { for (let i = 0; i < 400; i++) console.log(i); console.log("x"); });
      export const longLog = query(async () => console.log("x".repeat(100000)));
    `,
  });
});

afterAll(() => deployment.close());

test("time stands still during a function, nested ones included", async () => {
  deployment.clock.nowMs = 1_800_000_000_123;
  const seen = (await deployment.value("world:clock")) as Record<string, unknown>;
  expect(seen).toMatchObject({
    same: true,
    now: 1_800_000_000_123,
    made: 1_800_000_000_123,
    nested: 1_800_000_000_123,
    text: true,
    instance: true,
    given: 5,
    parts: 2020,
    performance: 0,
    formatted: true,
  });
});

test("modules see the time and randomness of their push, whenever they are evaluated", async () => {
  const first = await deployment.value("world:imported");
  deployment.clock.nowMs += 60_000;
  deployment.setVariables({ UNRELATED: "1" });
  expect(await deployment.value("world:imported")).toEqual(first);
});

test("every run has its own randomness", async () => {
  const [first, second] = [
    (await deployment.change("world:random")) as Record<string, unknown>,
    (await deployment.change("world:random")) as Record<string, unknown>,
  ];
  expect(first["uuid"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  expect(first["float"]).not.toBe(second["float"]);
  expect(first["uuid"]).not.toBe(second["uuid"]);
  expect(first["bytes"]).not.toEqual(second["bytes"]);
});

test("what only actions may do is refused by name", async () => {
  await expect(deployment.value("world:forbidden")).resolves.toEqual([
    "Can't use fetch() in queries and mutations",
    "Can't use setTimeout in queries and mutations",
    "Can't use cryptographic randomness in queries and mutations",
  ]);
});

test("environment variables are the deployment's, never the host's", async () => {
  await expect(deployment.value("world:hostVariable")).resolves.toBeNull();
  await expect(deployment.value("world:system")).resolves.toEqual([
    "http://127.0.0.1:3210",
    "http://127.0.0.1:3210/http",
  ]);
});

test("a result follows the environment variable that it read", async () => {
  await expect(deployment.value("world:variable")).resolves.toBeNull();
  deployment.setVariables({ COLOUR: "teal" });
  await expect(deployment.value("world:variable")).resolves.toBe("teal");
  deployment.setVariables({ COLOUR: null });
  await expect(deployment.value("world:variable")).resolves.toBeNull();
});

test("the web platform's classes work and throw errors of the realm", async () => {
  await expect(deployment.value("world:web")).resolves.toEqual({
    path: "/a",
    search: "1",
    isTypeError: true,
    length: 3,
    isBytes: true,
    base64: "YWJjabc",
    cloned: 3,
    header: "1",
    json: { z: 1 },
    text: "blob",
    aborted: true,
  });
});

test("AsyncLocalStorage is a global", async () => {
  await expect(deployment.value("world:local")).resolves.toBe("value");
});

test("console calls become log lines rendered like Convex renders them", async () => {
  const outcome = await deployment.query("world:logs");
  expect(outcome.logLines).toEqual([
    "[LOG] 'text' 1 { a: [ 1, 'x' ] } null",
    "[WARN] 'warned'",
    "[DEBUG] undefined",
    "[INFO] true",
    "[ERROR] 'bad'",
    "[LOG] [unprintable value]",
  ]);
});

test("log lines are bounded in number and length", async () => {
  const many = await deployment.query("world:manyLogs");
  expect(many.logLines).toHaveLength(256);
  expect(many.logLines.at(-1)).toMatch(/^\[ERROR\] Log overflow/);
  const long = await deployment.query("world:longLog");
  expect(long.logLines[0]).toMatch(/ \(truncated due to length\)$/);
  expect(Buffer.byteLength(long.logLines[0]!)).toBeLessThan(32 * 1024 + 100);
});
