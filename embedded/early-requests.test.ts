/** What arrives between the moment at which the backend listens and the one at which it is ready. */
import { once } from "node:events";
import type { Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";

import { startBackend } from "./backend.ts";
import { temporaryFolder } from "./storage/test-folder.ts";

/** The database opens when it is told to. */
const opening = vi.hoisted(() => ({
  mayGoOn: Promise.resolve(),
  onServer: null as ((server: Server) => void) | null,
}));

vi.mock(import("./database/open-database.ts"), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    openDatabase: async (options) => {
      await opening.mayGoOn;
      return original.openDatabase(options);
    },
  };
});

vi.mock(import("./http/connection-guard.ts"), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    guardConnections: (server, limits) => {
      opening.onServer?.(server);
      original.guardConnections(server, limits);
    },
  };
});

const VERSION = "GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const UPGRADE =
  "GET /api/1.48.0/sync HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** Starts a backend that listens and does not get further until `open` is called. */
async function startListening() {
  let open: () => void = () => undefined;
  opening.mayGoOn = new Promise((resolve) => (open = resolve));
  const created = new Promise<Server>((resolve) => (opening.onServer = resolve));
  const options = { folder: temporaryFolder(), port: 0, log: pino({ level: "silent" }) };
  const started = startBackend(options);
  onTestFinished(async () => {
    open();
    await (await started).close();
  });
  const server = await created;
  if (!server.listening) await once(server, "listening");
  return { server, started, open };
}

/** Sends bytes and resolves when the server has seen the request in them. */
async function send(server: Server, event: "request" | "upgrade", bytes: string) {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  const seen = once(server, event) as Promise<[unknown, Socket]>;
  const answered = once(socket, "data").then(([data]) => String(data));
  answered.catch(() => undefined);
  socket.write(bytes);
  const [, serverSocket] = await seen;
  return { socket, answered, serverSocket };
}

test("requests and upgrades that arrive before the deployment is ready are answered then", async () => {
  const { server, started, open } = await startListening();
  const request = await send(server, "request", VERSION);
  const upgrade = await send(server, "upgrade", UPGRADE);
  open();
  await started;
  expect(await request.answered).toMatch(/^HTTP\/1.1 200 /);
  expect(await upgrade.answered).toMatch(/^HTTP\/1.1 101 /);
});

test("an upgrade whose client breaks off before the deployment is ready does no harm", async () => {
  const { server, started, open } = await startListening();
  const { socket, serverSocket } = await send(server, "upgrade", UPGRADE);
  const closed = new Promise((resolve) => serverSocket.once("close", resolve));
  serverSocket.resume();
  socket.resetAndDestroy();
  await closed;
  open();
  const { url } = await started;
  expect((await fetch(`${url}/version`)).status).toBe(200);
});
