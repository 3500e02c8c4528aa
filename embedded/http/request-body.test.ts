import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

import { afterEach, expect, test } from "vitest";

import { ByteBudget } from "../lib/byte-budget.ts";
import { DEFAULT_TRAFFIC_LIMITS } from "../lib/traffic-limits.ts";
import { guardConnections } from "./connection-guard.ts";
import { sendError, sendJson, sendText } from "./replies.ts";
import { boundedBody, readJsonObject, receive, type BodyBounds } from "./request-body.ts";

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const READINGS = ["whole", "in parts"] as const;
type Reading = (typeof READINGS)[number];

/** A server that reads bodies within bounds and answers with their length. */
function serveBodies(how: Reading, bounds: Partial<BodyBounds>): Promise<number> {
  const all = { timeoutMs: 10_000, budget: new ByteBudget(1e9), ...bounds };
  const read = async (request: IncomingMessage) => {
    if (how === "whole") return (await receive(request, 1e6, all)).length;
    let size = 0;
    for await (const chunk of boundedBody(request, 1e6, request, all)) size += chunk.length;
    return size;
  };
  const server = createServer((request, response) => {
    read(request).then(
      (size) => sendText(response, String(size)),
      (error: unknown) => sendError(response, error),
    );
  });
  return listen(server);
}

function open(port: number, bytes: string | Buffer) {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => undefined);
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(text)));
  const answered = new Promise<string>((resolve) => socket.once("data", () => resolve(text)));
  socket.write(bytes);
  return { socket, ended, answered };
}

const post = (length: number) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;

test.each(READINGS)(
  "a body read %s that dribbles in is given up with 408, and its connection ends",
  async (how) => {
    const port = await serveBodies(how, { timeoutMs: 200 });
    const { socket, ended } = open(port, post(1_000));
    const dribble = setInterval(() => socket.write("x"), 20);
    const answer = await ended;
    clearInterval(dribble);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toMatch(/"code":"RequestTimeout"/);
  },
);

test.each(READINGS)(
  "bodies of all requests, read %s, are bounded together, and what one took is given back",
  async (how) => {
    const budget = new ByteBudget(500_000);
    const port = await serveBodies(how, { budget });
    const half = open(port, post(400_000));
    half.socket.write(Buffer.alloc(399_999));
    while (budget.used < 399_999) await new Promise((resolve) => setImmediate(resolve));
    const refused = open(port, post(300_000) + "x".repeat(300_000));
    expect(await refused.answered).toMatch(/^HTTP\/1.1 429 [^]*TooManyConcurrentRequests/);
    half.socket.write("x");
    expect(await half.answered).toMatch(/^HTTP\/1.1 200 [^]*400000$/);
    expect(budget.used).toBe(0);
    expect(await open(port, post(300_000) + "x".repeat(300_000)).answered).toMatch(/300000$/);
  },
);

test.each(READINGS)("a body read %s whose client hangs up gives back what it took", async (how) => {
  const budget = new ByteBudget(500_000);
  const { socket } = open(await serveBodies(how, { budget }), `${post(10)}half`);
  while (budget.used < 4) await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
  while (budget.used > 0) await new Promise((resolve) => setImmediate(resolve));
});

test("a body is read whether it comes with its headers or behind them, and the next request after it", async () => {
  const server = createServer((request, response) => {
    readJsonObject(request, 100).then(
      (body) => sendJson(response, body),
      (error: unknown) => sendError(response, error),
    );
  });
  const port = await listen(server);
  const last = (length: number) => post(length).replace("Host", "Connection: close\r\nHost");
  const body = '{"n":1}';
  expect(await open(port, last(7) + body).ended).toMatch(/^HTTP\/1.1 200 [^]*{"n":1}$/);
  for (const length of [0, 3]) {
    const arrived = new Promise((resolve) => server.once("request", resolve));
    const late = open(port, last(7) + body.slice(0, length));
    await arrived;
    late.socket.write(body.slice(length));
    expect(await late.ended).toMatch(/^HTTP\/1.1 200 [^]*{"n":1}$/);
  }
  const two = await open(port, `${post(7)}${body}${last(7)}{"n":2}`).ended;
  expect(two).toMatch(/^HTTP\/1.1 200 [^]*{"n":1}HTTP\/1.1 200 [^]*{"n":2}$/);
  const long = JSON.stringify("x".repeat(99));
  expect(await open(port, last(101) + long).ended).toMatch(/^HTTP\/1.1 413 [^]*RequestTooLarge/);
  expect(await open(port, last(0)).ended).toMatch(/^HTTP\/1.1 400 [^]*BadJsonBody/);
});

test("headers that dribble in end their connection with 408", async () => {
  const server = createServer({ headersTimeout: 200, connectionsCheckingInterval: 20 });
  guardConnections(server, DEFAULT_TRAFFIC_LIMITS);
  const { socket, ended } = open(await listen(server), "GET / HTTP/1.1\r\nHost: x\r\n");
  const dribble = setInterval(() => socket.write("X: y\r\n"), 20);
  const answer = await ended;
  clearInterval(dribble);
  expect(answer).toMatch(/^HTTP\/1.1 408 [^]*"code":"RequestTimeout"/);
});

test("one address keeps a bounded number of connections open", async () => {
  const server = createServer((_, response) => sendText(response, "hello"));
  guardConnections(server, { connectionsPerAddress: 2, loopback: 1 });
  const port = await listen(server);
  const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const first = open(port, request);
  await first.answered;
  await open(port, request).answered;
  expect(await open(port, request).ended).toBe("");
  const closed = new Promise<void>((resolve) => {
    first.socket.once("close", () => resolve());
  });
  first.socket.destroy();
  await closed;
  for (let answer = ""; answer === "";) {
    const next = open(port, request);
    answer = await Promise.race([next.ended, next.answered]);
  }
});
