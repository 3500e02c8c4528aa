import type { ChildProcess } from "node:child_process";
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";

import { ConvexHttpClient } from "convex/browser";
import { beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";

import { temporaryFolder } from "./storage/test-folder.ts";
import { exitOf } from "./test-announcement.ts";
import { fixtureSources, pushTo, startTestBackend } from "./test-backend.ts";
import { notes } from "./test-functions.ts";
import { startProgram } from "./test-program.ts";

const SESSION = "11111111-2222-4333-8444-555555555555";
const PATIENCE = { timeout: 20_000 };
let folder: string;

beforeEach(() => void (folder = temporaryFolder()));

/** Functions that take their time, next to those of the notes. */
const SLOW = {
  slow: `
    import { action, httpAction, mutation, query } from "./_generated/server";
    export const hang = action({ handler: () => new Promise(() => {}) });
    export const spin = action({ handler: () => { for (;;); } });
    export const loop = query({ handler: () => { for (;;); } });
    export const loopOnWrite = mutation({ handler: () => { for (;;); } });
  `,
  http: `
    import { httpRouter } from "convex/server";
    import { httpAction } from "./_generated/server";
    const http = httpRouter();
    http.route({ path: "/spin", method: "GET", handler: httpAction(() => { for (;;); }) });
    http.route({ path: "/hang", method: "GET", handler: httpAction(() => new Promise(() => {})) });
    export default http;
  `,
};

function start(port = "0") {
  return startProgram(["--port", port, "--data", join(folder, "data")]);
}

/** Sends SIGTERM; resolves to the exit code and how long the end took, in milliseconds. */
async function terminate(child: ChildProcess) {
  const begunAt = performance.now();
  child.kill("SIGTERM");
  const code = await exitOf(child);
  return { code, tookMs: performance.now() - begunAt };
}

interface Frame {
  readonly type: string;
  readonly requestId?: number;
  readonly success?: boolean;
  readonly result?: unknown;
}

/** A sync socket that notes what it is told, and why it is closed. */
async function openSocket(url: string) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/1.48.0/sync`);
  const frames: Frame[] = [];
  socket.on("message", (data: Buffer) => frames.push(JSON.parse(data.toString()) as Frame));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const send = (message: object) => socket.send(JSON.stringify(message));
  send({ type: "Connect", sessionId: SESSION, connectionCount: 0, lastCloseReason: null });
  send({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [] });
  const responses = () => frames.filter(({ type }) => type === "MutationResponse");
  return { socket, frames, closed, send, responses };
}

const increment = (requestId: number) => ({
  type: "Mutation",
  requestId,
  udfPath: "notes:increment",
  args: [{ name: "counter" }],
});

test("a stream of mutations over a socket is answered or safely sent again", async () => {
  const first = await start();
  await pushTo(first.url, first.adminKey, fixtureSources("notes"));
  const before = await openSocket(first.url);
  let sent = 0;
  const stream = setInterval(() => {
    while (sent - before.responses().length < 100) before.send(increment((sent += 1)));
  }, 5);
  await vi.waitFor(() => expect(before.responses().length).toBeGreaterThan(100), PATIENCE);
  const { code, tookMs } = await terminate(first.child);
  clearInterval(stream);
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(5_000);
  expect(await before.closed).toEqual({
    code: 1013,
    reason: "InternalServerError: the deployment is restarting",
  });
  expect(before.responses().every(({ success }) => success)).toBe(true);

  // What the official client does: the same session sends everything that has no Transition yet.
  const second = await start(new URL(first.url).port);
  const after = await openSocket(second.url);
  for (let requestId = 1; requestId <= sent; requestId += 1) after.send(increment(requestId));
  await vi.waitFor(() => expect(after.responses()).toHaveLength(sent), PATIENCE);
  const results = new Map(after.responses().map(({ requestId, result }) => [requestId, result]));
  for (const { requestId, result } of before.responses()) {
    expect(results.get(requestId)).toBe(result);
  }
  const client = new ConvexHttpClient(second.url, { logger: false });
  expect(await client.query(notes.counter, { name: "counter" })).toBe(sent);
  after.socket.close();
}, 90_000);

/** POSTs over a connection that is kept; resolves to the status, or to the code of a failure. */
function post(agent: Agent, url: string, body: object): Promise<number | string> {
  return new Promise((resolve) => {
    const request = httpRequest(`${url}/api/mutation`, { method: "POST", agent }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
    request.once("error", (error) => resolve("code" in error ? String(error.code) : "?"));
    request.end(JSON.stringify(body));
  });
}

test("a mutation sent over HTTP is answered, or refused before it began", async () => {
  const { child, url, adminKey } = await start();
  await pushTo(url, adminKey, fixtureSources("notes"));
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const call = { path: "notes:increment", args: { name: "http" } };
  const outcomes = new Map<number | string, number>();
  const streams = Array.from({ length: 8 }, async () => {
    for (let isUp = true; isUp;) {
      const outcome = await post(agent, url, call);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      isUp = outcome === 200;
    }
  });
  await vi.waitFor(() => expect(outcomes.get(200) ?? 0).toBeGreaterThan(100), PATIENCE);
  const { code } = await terminate(child);
  expect(code).toBe(0);
  await Promise.all(streams);
  // 503 says that nothing happened, and so does a connection that could not be made.
  expect([...outcomes.keys()].filter((key) => key !== "ECONNREFUSED").sort()).toEqual([200, 503]);

  const restarted = await start();
  const client = new ConvexHttpClient(restarted.url, { logger: false });
  expect(await client.query(notes.counter, { name: "http" })).toBe(outcomes.get(200));
}, 90_000);

test("it ends in time whatever hangs: actions, HTTP actions, stuck clients, half requests, a push", async () => {
  const { child, url, adminKey, output } = await start();
  await pushTo(url, adminKey, { ...fixtureSources("notes"), ...SLOW });
  const client = new ConvexHttpClient(url, { logger: false });
  const call = (path: string) =>
    fetch(`${url}/api/action`, { method: "POST", body: JSON.stringify({ path, args: {} }) });
  const hanging = [call("slow:hang"), call("slow:spin"), fetch(`${url}/http/hang`)];
  const ended = Promise.allSettled(hanging);
  const stuck = await openSocket(url);
  stuck.send({ type: "Action", requestId: 9, udfPath: "slow:hang", args: [{}] });
  // Neither reads nor answers a close frame.
  stuck.socket.pause();
  const half = connect(Number(new URL(url).port), "127.0.0.1");
  half.on("error", () => undefined);
  half.write("POST /api/deploy2/start_push HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{");
  const push = pushTo(url, adminKey, {
    ...fixtureSources("notes"),
    endless: "for (;;); export const never = 1;",
  });
  push.catch(() => undefined);
  await client.mutation(notes.increment, { name: "last" });
  const { code, tookMs } = await terminate(child);
  expect(output.text).not.toMatch(/Error/);
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(5_000);
  await ended;
  stuck.socket.terminate();
}, 60_000);

test.each([
  ["one mutation", { "mutation slow:loopOnWrite": 1 }],
  ["twenty mutations", { "mutation slow:loopOnWrite": 20 }],
  ["a query beside actions", { "query slow:loop": 1, "action slow:spin": 1, "http spin": 1 }],
])(
  "it ends in time when %s computes without end, and nothing acknowledged is lost",
  async (_what, calls) => {
    const { child, url, adminKey, output } = await start();
    await pushTo(url, adminKey, { ...fixtureSources("notes"), ...SLOW });
    const client = new ConvexHttpClient(url, { logger: false });
    const value = await client.mutation(notes.increment, { name: "kept" });
    const socket = await openSocket(url);
    const bad = Object.entries(calls).flatMap(([call, count]) => {
      const [kind = "", path = ""] = call.split(" ");
      const body = JSON.stringify({ path, args: {} });
      return Array.from({ length: count }, () =>
        kind === "http"
          ? fetch(`${url}/http/${path}`)
          : fetch(`${url}/api/${kind}`, { method: "POST", body }),
      );
    });
    const answers = Promise.allSettled(bad);
    // It computes: what is asked for now waits.
    const next = client.mutation(notes.increment, { name: "kept" }).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // The program ends itself with another code when it takes too long.
    const { code } = await terminate(child);
    expect(output.text).not.toMatch(/Error/);
    expect(code).toBe(0);
    await answers;
    expect(await socket.closed).toEqual({
      code: 1013,
      reason: "InternalServerError: the deployment is restarting",
    });
    const restarted = await start();
    const later = new ConvexHttpClient(restarted.url, { logger: false });
    const acknowledged = (await next) ?? value;
    expect(await later.query(notes.counter, { name: "kept" })).toBeGreaterThanOrEqual(acknowledged);
  },
  60_000,
);

test("it ends in time beside many functions that compute without end, none of them known for that", async () => {
  const names = Array.from({ length: 30 }, (_, number) => `loop${number}`);
  const { child, url, adminKey } = await start();
  await pushTo(url, adminKey, {
    ...fixtureSources("notes"),
    loops: [
      `import { mutation } from "./_generated/server";`,
      ...names.map((name) => `export const ${name} = mutation(() => { for (;;); });`),
    ].join("\n"),
  });
  const client = new ConvexHttpClient(url, { logger: false });
  const first = await client.mutation(notes.increment, { name: "kept" });
  const call = (path: string, args: object) =>
    fetch(`${url}/api/mutation`, { method: "POST", body: JSON.stringify({ path, args }) });
  const loops = names.map((name) => call(`loops:${name}`, {}));
  // Each has its first run, so that it takes its turn with all others.
  const ended = Promise.race(loops);
  const between = names.map(() =>
    client.mutation(notes.increment, { name: "kept" }).catch(() => 0),
  );
  await ended;
  const { code } = await terminate(child);
  expect(code).toBe(0);
  await Promise.allSettled(loops);
  const acknowledged = Math.max(first, ...(await Promise.all(between)));
  const restarted = await start();
  const later = new ConvexHttpClient(restarted.url, { logger: false });
  expect(await later.query(notes.counter, { name: "kept" })).toBeGreaterThanOrEqual(acknowledged);
}, 120_000);

test("what arrives before the deployment is ready is answered once it is", async () => {
  const first = await start();
  await terminate(first.child);
  const { port } = new URL(first.url);
  const answered = new Promise<string>((resolve) => {
    const knock = () => {
      const socket = connect(Number(port), "127.0.0.1");
      socket.once("error", () => setTimeout(knock, 1));
      socket.once("connect", () => socket.write("GET /version HTTP/1.1\r\nHost: x\r\n\r\n"));
      socket.once("data", (data: Buffer) => {
        resolve(data.toString());
        socket.destroy();
      });
    };
    knock();
  });
  await start(port);
  expect(await answered).toMatch(/^HTTP\/1.1 200 /);
}, 60_000);

test("a request that arrives on a kept connection while the deployment ends is told so", async () => {
  const backend = await startTestBackend();
  const socket = connect(Number(new URL(backend.url).port), "127.0.0.1");
  const answer = () =>
    new Promise<string>((resolve) => {
      socket.once("data", (data: Buffer) => resolve(data.toString()));
      socket.once("close", () => resolve("closed without an answer"));
    });
  const request = "GET /version HTTP/1.1\r\nHost: x\r\n\r\n";
  socket.write(request);
  expect(await answer()).toMatch(/^HTTP\/1.1 200 /);
  const disposed = backend.dispose();
  socket.write(request);
  expect(await answer()).toMatch(/^HTTP\/1.1 503 [^]*Connection: close[^]*"code":"ShuttingDown"/);
  await disposed;
});
