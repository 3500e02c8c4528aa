/** How many queries and mutations of remote callers have a turn at a time, and what the others hear. */
import { once } from "node:events";

import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";

import { DEFAULT_TRAFFIC_LIMITS } from "./lib/traffic-limits.ts";
import { startTestBackend, type TestBackend } from "./test-backend.ts";

/** Keep their turns for a while, without the engine's thread: far longer than it takes to ask them all. */
const SOURCES = {
  slow: `
    import { mutation, query } from "./_generated/server";
    async function derive(text) {
      const bytes = new TextEncoder().encode(text);
      const key = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
      const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes, iterations: 250_000 };
      return (await crypto.subtle.deriveBits(how, key, 256)).byteLength;
    }
    export const read = query({ handler: (_ctx, { text }) => derive(text) });
    export const write = mutation({ handler: async (ctx, { text }) => {
      await ctx.db.insert("written", { text });
      return await derive(text);
    } });
    export const quick = query({ handler: () => 1 });
    export const written = query({ handler: async (ctx) => (await ctx.db.query("written").collect()).length });
  `,
};

const WAITING = 2;
const TURNS = 16;
const CALLERS = TURNS + WAITING + 2;

let backend: TestBackend;
let calls = 0;
beforeAll(async () => {
  backend = await startTestBackend({
    trustedProxies: ["127.0.0.1", "::ffff:127.0.0.1"],
    limits: [`waitingCalls=${WAITING}`],
  });
  await backend.deploy(SOURCES);
}, 60_000);
afterAll(() => backend.dispose());

const addressOf = (caller: number) => ({ "X-Forwarded-For": `203.0.113.${caller + 1}` });
const argsOfNext = () => ({ text: `call ${(calls += 1)}` });

async function call(caller: number, address: string, path: string): Promise<string> {
  const args = path === "slow:quick" ? {} : argsOfNext();
  const { status, body } = await backend.post(address, { path, args }, addressOf(caller));
  return status === 200 ? "answered" : `${status} ${(body as { code: string }).code}`;
}

test.for([
  ["queries", "/api/query", "slow:read"],
  ["mutations", "/api/mutation", "slow:write"],
] as const)(
  "sixteen %s have a turn, as many wait as may, and the others are told to come back",
  { timeout: 60_000 },
  async ([kind, address, path]) => {
    expect(DEFAULT_TRAFFIC_LIMITS[kind]).toBe(TURNS);
    const outcomes = await Promise.all(
      Array.from({ length: CALLERS }, (_, caller) => call(caller, address, path)),
    );
    const refused = outcomes.filter((outcome) => outcome !== "answered");
    expect(refused).toEqual(
      Array.from({ length: CALLERS - TURNS - WAITING }, () => "429 TooManyConcurrentRequests"),
    );
  },
);

test("one address has two turns and half the places of those who wait; others go on", async () => {
  const mine = Promise.all(Array.from({ length: 5 }, () => call(0, "/api/query", "slow:read")));
  await expect(call(1, "/api/query", "slow:quick")).resolves.toBe("answered");
  const outcomes = await mine;
  expect(outcomes.filter((outcome) => outcome === "answered")).toHaveLength(2 + WAITING / 2);
}, 60_000);

test("sockets' queries wait their turn, and mutations that find no place close their socket", async () => {
  const before = (await backend.run("slow:written")) as number;
  const sockets = await Promise.all(Array.from({ length: CALLERS }, (_, caller) => open(caller)));
  const watched = sockets.map((socket) => nextOf(socket, "Transition", { queryId: 0 }));
  for (const socket of sockets) {
    const modification = { type: "Add", queryId: 0, udfPath: "slow:read", args: [argsOfNext()] };
    const change = { baseVersion: 0, newVersion: 1, modifications: [modification] };
    socket.send(JSON.stringify({ type: "ModifyQuerySet", ...change }));
  }
  expect(await Promise.all(watched)).toEqual(sockets.map(() => "Transition"));

  const answered = sockets.map((socket) => nextOf(socket, "MutationResponse", { result: 32 }));
  for (const socket of sockets) {
    const mutation = { requestId: 0, udfPath: "slow:write", args: [argsOfNext()] };
    socket.send(JSON.stringify({ type: "Mutation", ...mutation }));
  }
  const outcomes = (await Promise.all(answered)).toSorted();
  expect(outcomes).toEqual([
    ...Array.from({ length: CALLERS - TURNS - WAITING }, () => "1013"),
    ...Array.from({ length: TURNS + WAITING }, () => "MutationResponse"),
  ]);
  await expect(backend.run("slow:written")).resolves.toBe(before + TURNS + WAITING);
  for (const socket of sockets) socket.terminate();
}, 60_000);

async function open(caller: number): Promise<WebSocket> {
  const address = `${backend.url.replace("http", "ws")}/api/1.48.0/sync`;
  const socket = new WebSocket(address, { headers: addressOf(caller) });
  await once(socket, "open");
  const sessionId = `00000000-0000-4000-8000-${String(caller).padStart(12, "0")}`;
  const introduction = { sessionId, connectionCount: 0, lastCloseReason: "InitialConnect" };
  socket.send(JSON.stringify({ type: "Connect", ...introduction }));
  return socket;
}

/** The type of the next message that has such a part, or the code with which the socket closes. */
function nextOf(socket: WebSocket, type: string, part: object): Promise<string> {
  return new Promise((resolve) => {
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string; modifications?: unknown[] };
      if (message.type !== type) return;
      const candidates = [message, ...(message.modifications ?? [])];
      const matches = (candidate: unknown) => {
        const fields = candidate as Record<string, unknown>;
        return Object.entries(part).every(([name, value]) => fields[name] === value);
      };
      if (candidates.some(matches)) resolve(type);
    });
    socket.on("close", (code) => resolve(String(code)));
  });
}
