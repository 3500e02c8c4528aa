import { makeFunctionReference } from "convex/server";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";

import { fixtureSources, startTestBackend, type TestBackend } from "./test-backend.ts";
import { notes } from "./test-functions.ts";

/** What never ends or takes everything, as a statement. */
const BAD = {
  loop: "for (;;);",
  microtasks: "await (async () => { for (;;) await null; })();",
  regex: `/^(a+)+$/.test("a".repeat(60) + "b");`,
  recursion: "(function again() { again(); })();",
  result: `return "x".repeat(20_000_000);`,
  heap: "const all = []; for (;;) all.push(new Array(20_000_000).fill(1.5));",
  never: "await new Promise(() => {});",
  logs: `for (;;) console.log("x".repeat(1000));`,
};

const functionsOf = (builder: string) => `
  import { ${builder} } from "./_generated/server";
  ${Object.entries(BAD)
    .map(
      ([name, code]) => `export const ${name} = ${builder}({ handler: async () => { ${code} } });`,
    )
    .join("\n")}
`;

const SOURCES = {
  ...fixtureSources("notes"),
  good: `
    import { action } from "./_generated/server";
    export const echo = action({ handler: async (_, { text }) => text });
  `,
  badQueries: functionsOf("query"),
  badMutations: functionsOf("mutation"),
  badActions: functionsOf("action"),
  http: `
    import { httpRouter } from "convex/server";
    import { httpAction } from "./_generated/server";
    const http = httpRouter();
    const route = (name, handler) =>
      http.route({ path: "/" + name, method: "GET", handler: httpAction(handler) });
    ${Object.entries(BAD)
      .map(([name, code]) => `route("${name}", async () => { ${code} });`)
      .join("\n")}
    route("throws", async () => { throw new Error("secret of the code"); });
    route("ok", async () => new Response("ok"));
    export default http;
  `,
};

const echo = makeFunctionReference<"action", { text: string }, string>("good:echo");

let backend: TestBackend;
let client: ConvexHttpClient;

beforeAll(async () => {
  backend = await startTestBackend({ exposesDetails: false });
  client = new ConvexHttpClient(backend.url, { logger: false });
  await backend.deploy(SOURCES);
}, 60_000);
afterAll(() => backend.dispose());

/**
 * Calls others while something bad runs; resolves once the bad call is over and all were answered, to
 * how often they all were before it was over. What blocks the engine once may be over before anybody
 * is answered.
 */
async function othersGoOn(bad: Promise<unknown>): Promise<number> {
  const state = { isOver: false };
  const over = bad.catch(() => undefined).finally(() => (state.isOver = true));
  const name = `others ${Math.random()}`;
  let [count, before] = [0, 0];
  do {
    expect(await client.mutation(notes.increment, { name })).toBe((count += 1));
    expect(await client.query(notes.counter, { name })).toBe(count);
    expect(await client.action(echo, { text: "a" })).toBe("a");
    expect(await (await fetch(`${backend.url}/http/ok`)).text()).toBe("ok");
    if (!state.isOver) before = count;
  } while (!state.isOver);
  await over;
  return before;
}

const ENDED: Readonly<Record<keyof typeof BAD, RegExp>> = {
  loop: /timed out/,
  microtasks: /timed out/,
  regex: /timed out/,
  recursion: /Maximum call stack size exceeded/,
  result: /too large|Invalid string length/,
  heap: /out of memory|timed out/,
  never: /will never resolve/,
  logs: /timed out/,
};

const transactional = Object.keys(BAD) as (keyof typeof BAD)[];

test.each(transactional)(
  "a query with %s fails, and others are answered",
  async (name) => {
    const bad = client.query(makeFunctionReference<"query">(`badQueries:${name}`));
    await othersGoOn(bad);
    await expect(bad).rejects.toThrow(ENDED[name]);
  },
  60_000,
);

test("what never returns has a little of the processor's time and no more", async () => {
  const before = process.cpuUsage();
  const loop = makeFunctionReference<"query">("badQueries:loop");
  await expect(client.query(loop)).rejects.toThrow(ENDED.loop);
  const { user, system } = process.cpuUsage(before);
  // Its second and a half, and what the process does besides.
  expect((user + system) / 1e6).toBeLessThan(8);
}, 60_000);

test.each(transactional)(
  "a mutation with %s fails, and others are answered",
  async (name) => {
    const bad = client.mutation(makeFunctionReference<"mutation">(`badMutations:${name}`));
    await othersGoOn(bad);
    await expect(bad).rejects.toThrow(ENDED[name]);
  },
  60_000,
);

const blocking = ["loop", "microtasks", "regex", "logs"] as const;

test.each([
  ["queries", "badQueries", "query"],
  ["mutations", "badMutations", "mutation"],
] as const)(
  "%s that never return keep others waiting for some of them, not for all",
  async (_, module, type) => {
    const other = await startTestBackend();
    await other.deploy(SOURCES);
    const caller = new ConvexHttpClient(other.url, { logger: false });
    const calls = blocking.flatMap((name) =>
      // Different arguments, so that no result is shared.
      Array.from({ length: 5 }, (__, call) => [`${module}:${name}`, { call }] as const),
    );
    let ended = 0;
    const bad = calls.map(([path, args]) =>
      fetch(`${other.url}/api/${type}`, { method: "POST", body: JSON.stringify({ path, args }) })
        .catch(() => undefined)
        .finally(() => (ended += 1)),
    );
    const answers: unknown[] = [];
    for (let count = 1; count <= 5; count += 1) {
      answers.push(await caller.mutation(notes.increment, { name: "other" }));
      answers.push(await caller.query(notes.counter, { name: "other" }));
      expect(await caller.action(echo, { text: "a" })).toBe("a");
      expect(await (await fetch(`${other.url}/http/ok`)).text()).toBe("ok");
    }
    expect(answers).toEqual([1, 2, 3, 4, 5].flatMap((count) => [count, count]));
    // The first of each were unknown, and some more had their turn in between.
    expect(ended).toBeLessThan(calls.length - blocking.length);
    await other.dispose();
    await Promise.all(bad);
  },
  120_000,
);

const ending = ["recursion", "result", "heap"] as const;
const unending = ["loop", "microtasks", "regex", "never", "logs"] as const;

test.each(ending)(
  "an action with %s fails, and others go on",
  async (name) => {
    const bad = client.action(makeFunctionReference<"action">(`badActions:${name}`));
    await othersGoOn(bad);
    await expect(bad).rejects.toThrow(ENDED[name]);
  },
  90_000,
);

test.each(ending)(
  "an HTTP action with %s fails, and others go on",
  async (name) => {
    const bad = fetch(`${backend.url}/http/${name}`);
    await othersGoOn(bad);
    expect((await bad).status).toBe(500);
  },
  90_000,
);

test("actions and HTTP actions that never end keep nobody else from an answer", async () => {
  const other = await startTestBackend();
  await other.deploy(SOURCES);
  const ended: string[] = [];
  for (const name of unending) {
    const body = JSON.stringify({ path: `badActions:${name}`, args: {} });
    for (const bad of [
      fetch(`${other.url}/http/${name}`),
      fetch(`${other.url}/api/action`, { method: "POST", body }),
    ]) {
      void bad.catch(() => undefined).then(() => ended.push(name));
    }
  }
  const caller = new ConvexHttpClient(other.url, { logger: false });
  for (let call = 0; call < 3; call += 1) {
    expect(await caller.action(echo, { text: "a" })).toBe("a");
    expect(await (await fetch(`${other.url}/http/ok`)).text()).toBe("ok");
  }
  expect(ended).toEqual([]);
  await other.dispose();
}, 120_000);

test("a subscription goes on while somebody else's query loops", async () => {
  const watcher = new ConvexClient(backend.url, {
    webSocketConstructor: WebSocket as never,
    logger: false,
  });
  const seen: number[] = [];
  watcher.onUpdate(notes.counter, { name: "watched" }, (value) => seen.push(value));
  const bad = client.query(makeFunctionReference<"query">("badQueries:loop"));
  bad.catch(() => undefined);
  for (let value = 1; value <= 3; value += 1) {
    expect(await watcher.mutation(notes.increment, { name: "watched" })).toBe(value);
  }
  expect(seen.at(-1)).toBe(3);
  await watcher.close();
}, 30_000);

test("a module that never ends fails its push, and others go on", async () => {
  const push = backend.deploy({ ...SOURCES, endless: "for (;;); export const a = 1;" });
  expect(await othersGoOn(push)).toBeGreaterThan(0);
  await expect(push).rejects.toThrow(/Failed to analyze endless.js/);
}, 90_000);

test("a production deployment tells nobody where its HTTP actions fail", async () => {
  const hidden = await fetch(`${backend.url}/http/throws`);
  expect(hidden.status).toBe(500);
  expect(await hidden.json()).toEqual({
    code: expect.stringMatching(/^\[Request ID: [0-9a-f]{16}\] Server Error$/) as string,
  });
});
