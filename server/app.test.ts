import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import http from "node:http";
import type { AddressInfo, Socket } from "node:net";

import express from "express";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";

import { UnavailableError } from "#app/server/convex.server.ts";
import { readSettings, type Settings } from "#app/server/settings.server.ts";

import { createApp, createUpgradeListener } from "./app.ts";
import { type BackendProxy, createBackendProxy } from "./backend-proxy.ts";

let backend: Server;
let web: Server;
let proxy: BackendProxy;
let settings: Settings;
let received: { request: IncomingMessage; body: string }[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let fail: unknown;
let isOpen: boolean;

beforeEach(async () => {
  received = [];
  fail = null;
  isOpen = true;
  answer = (_request, response) => response.end("from the backend");
  backend = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push({ request, body });
      answer(request, response);
    });
  });
  web = createServer();
  const [backendPort, port] = [await listen(backend), await listen(web)];
  settings = settingsFor(port, backendPort);
  proxy = createBackendProxy(settings.convexUrl);
  const app = createApp({
    settings,
    log: pino({ level: "silent" }),
    proxy,
    files: express.Router(),
    pictures: (_request, response) => response.send("a picture"),
    sitemaps: (_request, _response, next) => next(),
    pages: (request, response) => {
      if (fail !== null) throw fail;
      const body: unknown = request.body;
      response.send(`page ${request.path} ${Buffer.isBuffer(body) ? body.toString() : ""}`);
    },
    isOpen: () => isOpen,
    isReady: async () => true,
  });
  web.on("request", app);
  web.on("upgrade", createUpgradeListener({ settings, proxy, handOver: () => false }));
});

afterEach(async () => {
  proxy.close();
  for (const server of [web, backend]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test("pages, pictures and forms wait until the shop is open, and nothing else does", async () => {
  isOpen = false;
  fail = new Error("The pages were asked.");
  for (const path of ["/", "/products/lamp", "/images/abc"]) {
    const response = await fetch(settings.publicUrl + path);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await response.text()).toContain("The shop is starting.");
  }
  expect((await ask("/cart", { method: "POST", body: "a=b" })).status).toBe(503);
  expect((await ask("/api/version")).body).toBe("from the backend");
  expect((await ask("/healthz")).status).toBe(200);
  isOpen = true;
  fail = null;
  expect((await ask("/")).body).toContain("page /");
});

test("data of single routes, which pages never ask for, is refused before the pages", async () => {
  fail = new Error("The pages were asked.");
  const response = await fetch(`${settings.publicUrl}/?_data=routes/x`);
  expect(response.status).toBe(400);
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function settingsFor(port: number, backendPort: number): Settings {
  const result = readSettings({
    PORT: String(port),
    CONVEX_URL: `http://127.0.0.1:${backendPort}`,
    REQUEST_CONTEXT_SECRET: "0123456789abcdef0123456789abcdef",
  });
  if (!result.ok) throw new Error(result.problems.join(" "));
  return result.settings;
}

/** `fetch` sets Host and Sec-Fetch-Site itself, so requests are made by hand. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options;
    const request = http.request(
      settings.publicUrl + path,
      { agent: false, ...rest },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

test("a page carries its security headers and a request id, and no server name", async () => {
  const { status, headers, body } = await ask("/p/mirror");
  expect([status, body]).toEqual([200, "page /p/mirror "]);
  expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["x-frame-options"]).toBe("DENY");
  expect(headers["x-powered-by"]).toBeUndefined();
});

test("requests for another host are refused, pages and functions alike", async () => {
  const headers = { host: "elsewhere.test" };
  expect((await ask("/", { headers })).status).toBe(421);
  expect((await ask("/api/query", { headers })).status).toBe(421);
  expect(received).toEqual([]);
});

test("another name of this machine leads to the public address", async () => {
  const { port } = settings;
  const { status, headers } = await ask("/p/mirror?a=1", {
    headers: { host: `localhost:${port}` },
  });
  expect(status).toBe(307);
  expect(headers.location).toBe(`${settings.publicUrl}/p/mirror?a=1`);
});

test("health needs no host, so that a supervisor may ask by any name", async () => {
  const headers = { host: "10.0.0.7" };
  expect((await ask("/healthz", { headers })).body).toBe("alive\n");
  expect((await ask("/readyz", { headers })).body).toBe("ready\n");
});

test("a form from elsewhere is refused, the shop's own is taken", async () => {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const from = (origin: string) =>
    ask("/cart", { method: "POST", headers: { ...headers, origin }, body: "a=1" });
  expect((await from("https://elsewhere.test")).status).toBe(403);
  expect((await from(settings.publicUrl)).body).toBe("page /cart a=1");
});

test.each([
  ["application/json", '{"a":1}', 415],
  ["text/plain", "a=1", 415],
  ["multipart/form-data; boundary=x", "nonsense", 400],
])("what is no form is not passed to a page: %s", async (type, body, status) => {
  const headers = { origin: settings.publicUrl, "content-type": type };
  expect((await ask("/cart", { method: "POST", headers, body })).status).toBe(status);
});

test("a form that is too long is refused, announced or not", async () => {
  const origin = settings.publicUrl;
  const body = "x".repeat(1024 * 1024 + 1);
  const announced = await ask("/cart", {
    method: "POST",
    headers: { origin, "content-length": String(body.length) },
    body,
  });
  expect(announced.status).toBe(413);
  const chunked = { origin, "transfer-encoding": "chunked" };
  expect((await ask("/cart", { method: "POST", headers: chunked, body })).status).toBe(413);
});

test("a fault is told as a sentence with the request's id and without its cause", async () => {
  fail = new Error("the secret is swordfish");
  const { status, headers, body } = await ask("/");
  expect(status).toBe(500);
  expect(body).toContain(headers["x-request-id"]);
  expect(body).not.toContain("swordfish");
});

test("a backend out of reach is a page that asks again by itself", async () => {
  fail = new UnavailableError("away");
  const { status, headers, body } = await ask("/");
  expect(status).toBe(503);
  expect(headers["retry-after"]).toBe("2");
  expect(body).toContain('http-equiv="refresh"');
});

test("an address that cannot be decoded is the visitor's mistake", async () => {
  expect((await ask("/images/%ff")).status).toBe(400);
});

test.each([
  ["GET", "http://shop.example/", 400],
  ["GET", "http://shop.example/api/query", 400],
  ["OPTIONS", "*", 400],
  ["TRACE", "/cart", 405],
  ["TRACE", "/http/webhooks/paypal", 405],
])("what only a proxy could answer is refused: %s %s", async (method, target, status) => {
  const headers = { origin: settings.publicUrl, host: `localhost:${settings.port}` };
  const { port } = settings;
  const answered = await new Promise<number>((resolve, reject) => {
    const request = http.request({ port, method, path: target, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", reject);
    request.end();
  });
  expect(answered).toBe(status);
  expect(received).toEqual([]);
});

test("functions and HTTP actions are passed on with their bodies and answers", async () => {
  answer = (_request, response) => response.writeHead(418, { "x-own": "1" }).end("tea");
  const { status, headers, body } = await ask("/http/webhooks/paypal?x=1", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"a":1}',
  });
  expect([status, headers["x-own"], body]).toEqual([418, "1", "tea"]);
  expect(received[0]?.request.url).toBe("/http/webhooks/paypal?x=1");
  expect(received[0]?.body).toBe('{"a":1}');
});

test("whoever checks the shop's tokens finds the issuer's configuration and keys", async () => {
  for (const name of ["openid-configuration", "jwks.json"]) {
    answer = (_request, response) => response.end(name);
    const { status, body } = await ask(`/http/.well-known/${name}`);
    expect([status, body]).toEqual([200, name]);
    expect(received.at(-1)?.request.url).toBe(`/http/.well-known/${name}`);
  }
});

test("the backend learns the visitor's address from here and not from the visitor", async () => {
  const headers = { "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9" };
  await ask("/api/version", { headers });
  const forwarded = received[0]?.request.headers;
  expect(forwarded?.["x-forwarded-for"]).toBe("127.0.0.1");
  expect(forwarded?.["x-forwarded-host"]).toBe(`127.0.0.1:${settings.port}`);
  expect(forwarded?.["forwarded"]).toBeUndefined();
});

test("a stored file cannot run as a page of the shop", async () => {
  answer = (_request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end("<script>1</script>");
  const { headers } = await ask("/api/storage/abc");
  expect(headers["content-security-policy"]).toContain("sandbox");
  expect(headers["content-disposition"]).toBe("attachment");
  expect(headers["x-content-type-options"]).toBe("nosniff");
});

test("a backend that is not there is a 503 in the form that Convex's clients understand", async () => {
  backend.closeAllConnections();
  await new Promise((resolve) => backend.close(resolve));
  const { status, body } = await ask("/api/query", { method: "POST", body: "{}" });
  expect(status).toBe(503);
  expect(JSON.parse(body)).toMatchObject({ code: "BackendUnavailable" });
});

test("a socket that cannot be handed over is tunnelled", async () => {
  const webSockets = new WebSocketServer({ noServer: true });
  backend.on("upgrade", (request, socket: Socket, head: Buffer) => {
    webSockets.handleUpgrade(request, socket, head, (client) => {
      client.send(`${request.url ?? ""} ${String(request.headers["x-forwarded-for"])}`);
      client.on("message", (data: Buffer) => client.send(`echo ${data.toString()}`));
    });
  });
  const address = settings.publicUrl.replace("http", "ws");
  const socket = new WebSocket(`${address}/api/1.48.0/sync`, {
    headers: { "x-forwarded-for": "203.0.113.9" },
  });
  expect(await nextMessage(socket)).toBe("/api/1.48.0/sync 127.0.0.1");
  socket.send("hello");
  expect(await nextMessage(socket)).toBe("echo hello");
  socket.close();
});

test.each([
  ["another host", "/api/sync", { host: "elsewhere.test" }, 421],
  ["another path", "/socket", {}, 404],
])("a socket for %s is refused", async (_name, path, headers, status) => {
  const socket = new WebSocket(settings.publicUrl.replace("http", "ws") + path, { headers });
  const refused = await new Promise<number>((resolve) => {
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.on("error", () => undefined);
  });
  expect(refused).toBe(status);
});

function nextMessage(socket: WebSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("message", (data: Buffer) => resolve(data.toString()));
    socket.once("error", reject);
  });
}
