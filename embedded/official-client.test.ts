import { createServer, type Server, type Socket } from "node:net";

import { BaseConvexClient, ConvexClient, ConvexHttpClient } from "convex/browser";
import type { FunctionReference } from "convex/server";
import { ConvexError, type Value } from "convex/values";
import { exportJWK, exportPKCS8, generateKeyPair, importPKCS8, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";

import { fixtureSources, startTestBackend, type TestBackend } from "./test-backend.ts";
import { digest, notes } from "./test-functions.ts";

let backend: TestBackend;
const openClients: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  backend = await startTestBackend();
  await backend.setVariables({ JWKS: '{"keys":[]}' });
  await backend.deploy(fixtureSources("notes"));
}, 60_000);

afterEach(async () => {
  await Promise.all(openClients.splice(0).map((client) => client.close()));
});
afterAll(() => backend.dispose());

function connect(url = backend.url): ConvexClient {
  const client = new ConvexClient(url, {
    webSocketConstructor: WebSocket as unknown as typeof globalThis.WebSocket,
    logger: false,
  });
  openClients.push(client);
  return client;
}

/** Collects what a subscription reports. */
function watch<Args extends Record<string, Value>, T>(
  client: ConvexClient,
  query: FunctionReference<"query", "public", Args, T>,
  args: Args,
) {
  const values: T[] = [];
  client.onUpdate(query, args, (value) => void values.push(value));
  return { values };
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 5 });

/** A TCP proxy in front of the backend whose connections can be cut. */
async function startCutter() {
  const sockets = new Set<Socket>();
  const { port } = new URL(backend.url);
  const { connect: connectTo } = await import("node:net");
  const server: Server = createServer((socket) => {
    const upstream = connectTo(Number(port), "127.0.0.1");
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as { port: number };
  openClients.push({ close: () => Promise.resolve(void server.close()) });
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

test("a subscription shows each write of another client, live", async () => {
  const [reader, writer] = [connect(), connect()];
  const live = watch(reader, notes.list, { author: "live" });
  await until(() => expect(live.values).toEqual([[]]));
  await writer.mutation(notes.add, { author: "live", text: "one" });
  await until(() => expect(live.values.at(-1)).toMatchObject([{ text: "one" }]));
  await writer.mutation(notes.add, { author: "someone else", text: "two" });
  await writer.mutation(notes.add, { author: "live", text: "three" });
  await until(() => expect(live.values).toHaveLength(3));
  expect(live.values[2]).toMatchObject([{ text: "one" }, { text: "three" }]);
});

test("a mutation's promise resolves, and by then its client's queries show it", async () => {
  const client = connect();
  const live = watch(client, notes.counter, { name: "own write" });
  await until(() => expect(live.values).toEqual([0]));
  await client.mutation(notes.increment, { name: "own write" });
  expect(live.values.at(-1)).toBe(1);
});

test("an optimistic update shows at once and gives way to the result", async () => {
  const seen: unknown[] = [];
  const client = new BaseConvexClient(
    backend.url,
    () => void seen.push(client.localQueryResult("notes:counter", { name: "optimistic" })),
    { webSocketConstructor: WebSocket as unknown as typeof globalThis.WebSocket, logger: false },
  );
  openClients.push(client);
  client.subscribe("notes:counter", { name: "optimistic" });
  await until(() => expect(seen).toEqual([0]));
  const result = client.mutation(
    "notes:increment",
    { name: "optimistic" },
    {
      optimisticUpdate: (store) => store.setQuery(notes.counter, { name: "optimistic" }, 100),
    },
  );
  expect(seen).toEqual([0, 100]);
  await result;
  expect(seen.at(-1)).toBe(1);
});

test("a thrown ConvexError arrives with its data, any other error as text", async () => {
  const client = connect();
  const id = await client.mutation(notes.add, { author: "errors", text: "x" });
  expect(await client.mutation(notes.star, { id })).toBe(1);
  const missing = id.slice(0, -1) + (id.endsWith("0") ? "1" : "0");
  await expect(client.mutation(notes.star, { id: missing })).rejects.toThrow();
  await expect(client.mutation(notes.crash, {})).rejects.toThrow(/crashed on purpose/);
  await expect(client.mutation(notes.addInternally, { author: "a", text: "b" })).rejects.toThrow(
    /Could not find public function/,
  );
  const http = new ConvexHttpClient(backend.url, { logger: false });
  await expect(http.mutation(notes.add, { author: "1" } as never)).rejects.toThrow(
    /ArgumentValidationError/,
  );
});

test("a mutation whose socket is cut happens exactly once", async () => {
  const cutter = await startCutter();
  const client = connect(cutter.url);
  const live = watch(client, notes.counter, { name: "cut" });
  await until(() => expect(live.values).toEqual([0]));
  const results: Promise<unknown>[] = [];
  for (let round = 0; round < 5; round += 1) {
    for (let index = 0; index < 4; index += 1) {
      results.push(client.mutation(notes.increment, { name: "cut" }));
    }
    await new Promise((resolve) => setTimeout(resolve, round));
    cutter.cut();
    await until(() => expect(client.connectionState().isWebSocketConnected).toBe(true));
  }
  const values = await Promise.all(results);
  expect(values).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(live.values.at(-1)).toBe(20);
}, 30_000);

test("queries of a client that was cut off are right again after it reconnects", async () => {
  const cutter = await startCutter();
  const client = connect(cutter.url);
  const live = watch(client, notes.counter, { name: "away" });
  await until(() => expect(live.values).toEqual([0]));
  cutter.cut();
  await backend.run("notes:increment", { name: "away" });
  await until(() => expect(live.values).toEqual([0, 1]));
});

test("actions of both environments answer over the socket", async () => {
  const client = connect();
  const before = (await backend.run("notes:count")) as number;
  expect(await client.action(notes.twice, { text: "t" })).toBe(before + 2);
  expect(await client.action(digest.sha256, { text: "abc" })).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

test("a pushed change of the code and a changed variable re-run what reads them", async () => {
  const client = connect();
  const live = watch(client, notes.variable, {});
  await until(() => expect(live.values).toEqual(["unset"]));
  await backend.setVariables({ GREETING: "hello" });
  await until(() => expect(live.values).toEqual(["unset", "hello"]));
  const sources = fixtureSources("notes");
  const changed = sources["notes"]!.replace('?? "unset"', '+ "!"');
  await backend.deploy({ ...sources, notes: changed });
  await until(() => expect(live.values.at(-1)).toBe("hello!"));
  await backend.deploy(sources);
  await backend.setVariables({ GREETING: null });
});

test("a page keeps its rows together while rows are added and removed around it", async () => {
  const client = connect();
  for (const text of ["1", "2", "3", "4"]) {
    await client.mutation(notes.add, { author: "pages", text });
  }
  const paginationOpts = { numItems: 2, cursor: null };
  const first = watch(client, notes.page, { paginationOpts });
  await until(() => expect(first.values).toHaveLength(1));
  expect(first.values[0]?.page.map(({ text }) => text)).toEqual(["4", "3"]);
  await client.mutation(notes.add, { author: "pages", text: "5" });
  expect(first.values.at(-1)?.page.map(({ text }) => text)).toEqual(["5", "4", "3"]);
  expect(first.values.at(-1)?.continueCursor).toBe(first.values[0]?.continueCursor);
});

async function signer() {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const jwks = { keys: [{ use: "sig", ...(await exportJWK(publicKey)) }] };
  const key = await importPKCS8(await exportPKCS8(privateKey), "RS256");
  const issuer = `${backend.url}/http`;
  const sign = (subject: string, lifeSeconds = 3600) => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({})
      .setProtectedHeader({ alg: "RS256" })
      .setIssuer(issuer)
      .setAudience("convex")
      .setSubject(subject)
      .setIssuedAt(now)
      .setExpirationTime(now + lifeSeconds)
      .sign(key);
  };
  return { jwks, sign };
}

test("a token that the deployment signed itself signs a client in, and out again", async () => {
  const { jwks, sign } = await signer();
  await backend.setVariables({ JWKS: JSON.stringify(jwks) });
  const client = connect();
  const live = watch(client, notes.viewer, {});
  await until(() => expect(live.values).toEqual([null]));
  const changes: boolean[] = [];
  const tokens: string[] = [];
  client.setAuth(
    async () => {
      const token = await sign("ada");
      tokens.push(token);
      return token;
    },
    (isAuthenticated) => void changes.push(isAuthenticated),
  );
  await until(() => expect(live.values.at(-1)).toBe("ada"));
  expect(changes).toEqual([true]);
  // Once it is signed in the client asks for a fresh token, with which it would sign in again.
  await until(() => expect(tokens).toHaveLength(2));
  client.client.clearAuth();
  await until(() => expect(live.values.at(-1)).toBeNull());

  const http = new ConvexHttpClient(backend.url, { auth: await sign("grace"), logger: false });
  expect(await http.query(notes.viewer, {})).toBe("grace");
  await backend.setVariables({ JWKS: '{"keys":[]}' });
});

test("a client with a foreign token gives up signing in but goes on as a guest", async () => {
  const { sign } = await signer();
  const client = connect();
  const changes: boolean[] = [];
  client.setAuth(
    () => sign("mallory"),
    (isAuthenticated) => void changes.push(isAuthenticated),
  );
  const live = watch(client, notes.viewer, {});
  await until(() => expect(live.values).toEqual([null]));
  expect(changes).not.toContain(true);
  const http = new ConvexHttpClient(backend.url, { auth: await sign("mallory"), logger: false });
  await expect(http.query(notes.viewer, {})).rejects.toThrow(/InvalidAuthHeader/);
}, 30_000);

test("the HTTP client reads, writes, reads at one timestamp and decodes int64", async () => {
  const http = new ConvexHttpClient(backend.url, { logger: false });
  await http.mutation(notes.add, { author: "http", text: "over http" });
  expect(await http.query(notes.search, { words: "over ht" })).toEqual(["over http"]);
  expect(await http.query(notes.int64, {})).toBe(42n);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only caller of query_at_ts
  expect(await http.consistentQuery(notes.counter, { name: "none" })).toBe(0);
  await expect(http.query(notes.star as never, {})).rejects.toThrow();
});

test("ConvexError data crosses HTTP", async () => {
  const http = new ConvexHttpClient(backend.url, { logger: false });
  const sources = fixtureSources("notes");
  const id = await http.mutation(notes.add, { author: "gone", text: "x" });
  const removing = sources["notes"]!.replace(
    "const note = await ctx.db.get(id);",
    "await ctx.db.delete(id); const note = await ctx.db.get(id);",
  );
  await backend.deploy({ ...sources, notes: removing });
  const error: unknown = await http.mutation(notes.star, { id }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConvexError);
  expect((error as ConvexError<Value>).data).toEqual({ code: "NOT_FOUND", what: "note" });
  await backend.deploy(sources);
});
