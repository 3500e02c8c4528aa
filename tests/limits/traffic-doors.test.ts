/** Limits of traffic as remote callers meet them, through a running deployment's own doors. */
import { once } from "node:events";
import { connect } from "node:net";

import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";

import { startTestBackend, type TestBackend } from "#embedded/test-backend.ts";

const MB = 1024 * 1024;
const PATIENCE = { timeout: 15_000, interval: 10 };
/** A function that is slow to write large answers waits behind others, for as long as it ran. */
const PATIENCE_WITH_LARGE = { timeout: 60_000, interval: 10 };
const REFUSED = "429 TooManyConcurrentRequests";
/** 1013 is said why; who does not read that within a second is cut off with 1006. */
const SENT_AWAY = { code: expect.toBeOneOf([1013, 1006]) as number };
/** More than the system keeps for a socket; less than a socket or all may leave unread. */
const LARGE = 15 * MB;
/** A rate whose burst of two does not come back while a test runs. */
const TWICE = 0.2;

const SOURCES = {
  "auth.config": `
    const { CONVEX_CLOUD_URL } = process.env;
    export default { providers: [{
      type: "customJwt",
      issuer: CONVEX_CLOUD_URL,
      jwks: CONVEX_CLOUD_URL + "/.well-known/jwks.json",
      algorithm: "ES256",
    }] };
  `,
  calls: `
    import { action, mutation, query } from "./_generated/server";
    import { makeFunctionReference as ref } from "convex/server";
    export const sign = mutation((ctx, { sub }) => ctx.auth.signJwt({ claims: { sub }, expiresInSeconds: 600 }));
    export const text = query((_ctx, { length }) => "x".repeat(length));
    export const writtenText = mutation(async (ctx, { table, length }) => {
      await ctx.db.insert(table, {});
      return "x".repeat(length);
    });
    export const count = query(async (ctx, { table }) => (await ctx.db.query(table).collect()).length);
    export const note = mutation((ctx, { table }) => ctx.db.insert(table, {}));
    export const hang = action(async (ctx) => {
      await ctx.runMutation(ref("calls:note"), { table: "begun" });
      while ((await ctx.runQuery(ref("calls:count"), { table: "released" })) === 0) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });
  `,
};

const LIMITS = [
  "actions=2",
  "waitingCalls=2",
  `callsPerSecondOfIdentity=${TWICE}`,
  "watchedQueries=3",
  "watchedArgumentBytes=4000",
  "watchedResultBytes=5000",
  `unreadBytesPerSocket=${MB}`,
  `unreadBytes=${16 * MB}`,
  `incompleteBytes=${MB}`,
];

let shared: TestBackend;
beforeAll(async () => {
  shared = await startRemote(LIMITS);
  await shared.deploy(SOURCES);
}, 60_000);
afterAll(() => shared.dispose());

/** A deployment behind a proxy that says where its callers are. */
function startRemote(limits: readonly string[]): Promise<TestBackend> {
  return startTestBackend({ limits, trustedProxies: ["127.0.0.1", "::ffff:127.0.0.1"] });
}

async function startForTest(limits: readonly string[]): Promise<TestBackend> {
  const backend = await startRemote(limits);
  onTestFinished(() => backend.dispose());
  return backend;
}

const addressOf = (caller: number) => ({ "X-Forwarded-For": `203.0.113.${caller}` });

/** POSTs a call; returns its status and the code of a refusal. */
async function call(
  caller: number,
  type: "mutation" | "action",
  path: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const body = { path, args: path === "calls:note" ? { table: "noted" } : {} };
  const sent = { ...addressOf(caller), ...headers };
  const answer = await shared.post(`/api/${type}`, body, sent);
  const { code } = answer.body as { code?: string };
  return code === undefined ? String(answer.status) : `${answer.status} ${code}`;
}

/** Statuses of four requests, one after the other. */
async function visitOften({ url }: TestBackend): Promise<number[]> {
  const statuses: number[] = [];
  while (statuses.length < 4) statuses.push((await fetch(`${url}/version`)).status);
  return statuses;
}

/** A socket of a caller: when it is refused, `refusal` says how. */
async function open({ url }: TestBackend, caller: number) {
  const address = `${url.replace("http", "ws")}/api/1.48.0/sync`;
  const socket = new WebSocket(address, { headers: addressOf(caller) });
  onTestFinished(() => socket.terminate());
  const frames: { readonly type: string }[] = [];
  socket.on("message", (data: Buffer) => frames.push(JSON.parse(data.toString()) as never));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  const refusal = await new Promise<string | null>((resolve) => {
    socket.once("open", () => resolve(null));
    socket.on("error", ({ message }) => resolve(message));
  });
  const send = (message: object) => socket.send(JSON.stringify(message));
  const count = (type: string) => frames.filter((frame) => frame.type === type).length;
  const told = (type: string, times: number) =>
    new Promise<"told">((resolve) => {
      const look = () => {
        if (count(type) >= times) resolve("told");
      };
      look();
      socket.on("message", look);
    });
  let querySet = 0;
  /** Adds queries by their ids and arguments, and resolves when the server has answered or hung up. */
  async function watch(queries: Readonly<Record<number, object>>, removed: readonly number[] = []) {
    const baseVersion = querySet;
    querySet += 1;
    const modifications = [
      ...removed.map((queryId) => ({ type: "Remove", queryId })),
      ...Object.entries(queries).map(([queryId, args]) => {
        return { type: "Add", queryId: Number(queryId), udfPath: "calls:text", args: [args] };
      }),
    ];
    send({ type: "ModifyQuerySet", baseVersion, newVersion: querySet, modifications });
    return await Promise.race([told("Transition", querySet), closed]);
  }
  const askForLarge = (requestId: number, table: string) =>
    send({
      type: "Mutation",
      requestId,
      udfPath: "calls:writtenText",
      args: [{ table, length: LARGE }],
    });
  return { socket, refusal, closed, count, told, watch, askForLarge };
}

test("callers on this machine are limited only when that is asked for", async () => {
  const trusting = await startForTest([`requestsPerSecond=${TWICE}`]);
  expect(await visitOften(trusting)).toEqual([200, 200, 200, 200]);
  const strict = await startForTest([`requestsPerSecond=${TWICE}`, "loopback=1"]);
  expect(await visitOften(strict)).toEqual([200, 200, 429, 429]);
});

test("so many sockets are open in all, and one more when one is gone", async () => {
  const backend = await startForTest(["sockets=2"]);
  const first = await open(backend, 1);
  expect([first.refusal, (await open(backend, 2)).refusal]).toEqual([null, null]);
  expect((await open(backend, 3)).refusal).toMatch(/429/);
  first.socket.terminate();
  await vi.waitFor(async () => expect((await open(backend, 3)).refusal).toBeNull(), PATIENCE);
});

test("an address opens so many sockets in a second, another one as many", async () => {
  const backend = await startForTest([`connectsPerSecond=${TWICE}`]);
  const refusals: (string | null)[] = [];
  for (const caller of [1, 1, 1, 2]) refusals.push((await open(backend, caller)).refusal);
  expect(refusals).toEqual([null, null, expect.stringMatching(/429/), null]);
});

test("an address keeps so many connections open", async () => {
  const backend = await startForTest(["connectionsPerAddress=2", "loopback=1"]);
  const ask = async () => {
    const socket = connect(Number(new URL(backend.url).port), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    socket.write("GET /version HTTP/1.1\r\nHost: x\r\n\r\n");
    const answered = once(socket, "data").then(([data]) => String(data).slice(0, 12));
    return await Promise.race([answered, once(socket, "close").then(() => "hung up")]);
  };
  expect([await ask(), await ask(), await ask()]).toEqual([
    "HTTP/1.1 200",
    "HTTP/1.1 200",
    "hung up",
  ]);
});

test("an identity makes so many calls, whatever addresses they come from", async () => {
  const tokenOf = async (sub: string) => ({
    Authorization: `Bearer ${(await shared.run("calls:sign", { sub })) as string}`,
  });
  const [ada, bob] = [await tokenOf("ada"), await tokenOf("bob")];
  const note = (caller: number, headers = {}) => call(caller, "mutation", "calls:note", headers);
  expect([await note(1, ada), await note(2, ada), await note(3, ada)]).toEqual([
    "200",
    "200",
    REFUSED,
  ]);
  expect([await note(1), await note(3, bob)]).toEqual(["200", "200"]);
});

test("so many actions run, one of each of two addresses, and as many wait", async () => {
  const hang = (caller: number) => call(caller, "action", "calls:hang");
  const begun = async () => expect(await shared.run("calls:count", { table: "begun" })).toBe(2);
  const running = [hang(1), hang(2)];
  await vi.waitFor(begun, PATIENCE);
  const others = [hang(1), hang(1), hang(3), hang(4)];
  expect(await Promise.race(others)).toBe(REFUSED);
  await begun();
  await shared.run("calls:note", { table: "released" });
  expect(await Promise.all(running)).toEqual(["200", "200"]);
  expect((await Promise.all(others)).toSorted()).toEqual(["200", "200", REFUSED, REFUSED]);
});

test("a socket watches so many queries, and others in place of those it gives up", async () => {
  const { watch, closed } = await open(shared, 5);
  const args = { length: 1 };
  expect(await watch({ 0: args, 1: args, 2: args })).toBe("told");
  expect(await watch({ 3: args }, [0])).toBe("told");
  await watch({ 4: args });
  expect(await closed).toEqual({ code: 1013, reason: "TooManyConcurrentRequests" });
});

test("a socket watches queries with so many bytes of arguments", async () => {
  const { watch, closed } = await open(shared, 6);
  const args = { length: 1, more: "x".repeat(1_900) };
  expect(await watch({ 0: args, 1: args })).toBe("told");
  expect(await watch({ 2: args }, [0])).toBe("told");
  await watch({ 3: args });
  expect(await closed).toEqual({ code: 1013, reason: "TooManyConcurrentRequests" });
});

test("a socket watches queries with so many bytes of results", async () => {
  const { watch, closed } = await open(shared, 7);
  expect(await watch({ 0: { length: 2_400 }, 1: { length: 2_401 } })).toBe("told");
  expect(await watch({ 2: { length: 2_402 } }, [0])).toBe("told");
  await watch({ 3: { length: 2_403 } });
  expect(await closed).toEqual({ code: 1013, reason: "TooManyConcurrentRequests" });
});

test("a client that leaves more unread than a socket may is sent away", async () => {
  const { socket, askForLarge, closed, count } = await open(shared, 8);
  socket.pause();
  for (const requestId of [0, 1, 2]) askForLarge(requestId, "unread");
  await untilAnswered("unread", 3);
  socket.resume();
  const { code } = await closed;
  // The reason comes behind the answer that was on its way, which is lost to who is cut off.
  expect([code, count("MutationResponse")]).toBeOneOf([
    [1013, 1],
    [1006, 1],
    [1006, 0],
  ]);
}, 90_000);

test("when clients leave too much unread together, some are sent away and others stay", async () => {
  const slow = await Promise.all([9, 10, 11, 12].map((caller) => open(shared, caller)));
  for (const { socket, askForLarge } of slow) {
    socket.pause();
    askForLarge(0, "unreadTogether");
  }
  await untilAnswered("unreadTogether", slow.length);
  for (const { socket } of slow) socket.resume();
  // Who is sent away may read what was on its way to it, and is then told nothing more.
  const ends = await Promise.all(slow.map(({ watch }) => watch({ 0: { length: 1 } })));
  const sentAway = ends.filter((end) => end !== "told");
  expect(sentAway).toMatchObject(sentAway.map(() => SENT_AWAY));
  expect(sentAway.length).toBeGreaterThan(0);
  expect(sentAway.length).toBeLessThan(slow.length);
}, 90_000);

/** A commit made once one behind those of the sockets was answered is answered after them. */
async function untilAnswered(table: string, rows: number): Promise<void> {
  const written = async () => expect(await shared.run("calls:count", { table })).toBe(rows);
  await vi.waitFor(written, PATIENCE_WITH_LARGE);
  await shared.run("calls:note", { table: "behind" });
  await shared.run("calls:note", { table: "behind" });
}

test("frames that are begun and not finished are bounded in all", async () => {
  const attackers = await Promise.all([13, 14, 15, 16].map((caller) => open(shared, caller)));
  const other = await open(shared, 17);
  for (const { socket } of attackers) socket.send("x".repeat(0.4 * MB), { fin: false });
  await Promise.race(attackers.map(({ closed }) => closed));
  expect(await other.watch({ 0: { length: 1 } })).toBe("told");
  const left = attackers.filter(({ socket }) => socket.readyState === WebSocket.OPEN);
  expect(left.length).toBeGreaterThan(0);
});
