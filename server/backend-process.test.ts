import { createServer, type Server } from "node:http";
import { type AddressInfo, Socket } from "node:net";
import { fileURLToPath } from "node:url";

import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";

import { type BackendProcess, startBackend } from "./backend-process.ts";

const entry = fileURLToPath(new URL("../tests/support/upgrade-backend.mjs", import.meta.url));
const running: { backend?: BackendProcess; server?: Server } = {};

afterEach(async () => {
  running.server?.closeAllConnections();
  running.server?.close();
  await running.backend?.stop();
});

async function serveHandingOver(): Promise<{ backend: BackendProcess; url: string }> {
  const backend = startBackend(entry, []);
  await backend.ready;
  const server = createServer();
  server.on("upgrade", (request, socket: Socket, head: Buffer) => {
    const { method = "", url = "", httpVersion, rawHeaders } = request;
    backend.handOver({ method, url, httpVersion, rawHeaders }, socket, head);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  Object.assign(running, { backend, server });
  return { backend, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function nextMessage(socket: WebSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("message", (data: Buffer) => resolve(data.toString()));
    socket.once("error", reject);
  });
}

test("a backend tells its admin key once it is ready", async () => {
  const backend = startBackend(entry, []);
  running.backend = backend;
  expect(await backend.ready).toEqual({ adminKey: "test|key" });
});

test("a socket opened here is served by the backend's process", async () => {
  const { url } = await serveHandingOver();
  const socket = new WebSocket(`${url}/api/1.48.0/sync`);
  expect(JSON.parse(await nextMessage(socket))).toMatchObject({ url: "/api/1.48.0/sync" });
  socket.send("hello");
  expect(await nextMessage(socket)).toBe("echo hello");
  socket.close();
});

test("sockets handed over one after the other are served side by side", async () => {
  const { url } = await serveHandingOver();
  const probe = new WebSocket(`${url}/api/sync`);
  await nextMessage(probe);
  const other = new WebSocket(`${url}/api/sync`);
  await nextMessage(other);
  probe.send("one");
  other.send("two");
  expect(await Promise.all([nextMessage(probe), nextMessage(other)])).toEqual([
    "echo one",
    "echo two",
  ]);
  probe.close();
  other.close();
});

test("what a client sends the moment it is answered reaches the backend, with many at once", async () => {
  const { url } = await serveHandingOver();
  const echoes = Array.from({ length: 200 }, (_, index) => {
    const socket = new WebSocket(`${url}/api/sync`);
    return new Promise<string>((resolve, reject) => {
      socket.once("open", () => socket.send(String(index)));
      socket.once("error", reject);
      socket.on("message", (data: Buffer) => {
        if (data.toString().startsWith("echo")) resolve(data.toString());
      });
    }).finally(() => socket.close());
  });
  expect(await Promise.all(echoes)).toEqual(echoes.map((_, index) => `echo ${String(index)}`));
});

test("a backend that ends before it is ready says so in a sentence", async () => {
  const backend = startBackend(entry, ["--fail"]);
  running.backend = backend;
  await expect(backend.ready).rejects.toThrow("The backend ended with code 3 before it was ready.");
});

test("a backend that ends by itself is a crash, and takes no more sockets", async () => {
  const { backend, url } = await serveHandingOver();
  const socket = new WebSocket(`${url}/api/sync`);
  await nextMessage(socket);
  socket.on("error", () => undefined);
  socket.send("crash");
  expect(await backend.crashed).toBe("The backend ended with code 5.");
  const request = { method: "GET", url: "/", httpVersion: "1.1", rawHeaders: [] };
  expect(backend.handOver(request, new Socket(), Buffer.alloc(0))).toBe(false);
});

test("a backend that was asked to stop did not crash", async () => {
  const { backend } = await serveHandingOver();
  await backend.stop();
  const outcome = await Promise.race([backend.crashed, Promise.resolve("no crash")]);
  expect(outcome).toBe("no crash");
});
