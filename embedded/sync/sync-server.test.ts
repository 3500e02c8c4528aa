import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

import { afterEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";

import type { Authenticator } from "../auth/authenticator.ts";
import type { FunctionRunner } from "../functions/types.ts";
import { createTrafficControl } from "../lib/traffic-control.ts";
import { parseTrafficLimits } from "../lib/traffic-limits.ts";
import { createFrameEncoder } from "./frames.ts";
import { createSyncServer, type SyncServer } from "./sync-server.ts";

const servers: { http: Server; sync: SyncServer }[] = [];

afterEach(async () => {
  for (const { http, sync } of servers.splice(0)) {
    await sync.close(100);
    http.closeAllConnections();
    http.close();
  }
});

interface ServeOptions {
  readonly heartbeatMs?: number;
  readonly idlePingMs?: number;
  readonly silenceMs?: number;
  readonly runner?: FunctionRunner;
  readonly limits?: readonly string[];
}

async function serve({ limits = [], ...options }: ServeOptions = {}) {
  const sync = createSyncServer({
    database: { latestTs: 1n, flushed: () => Promise.resolve() },
    runner: {} as FunctionRunner,
    authenticator: {} as Authenticator,
    frames: createFrameEncoder(),
    now: Date.now,
    onError: () => undefined,
    traffic: createTrafficControl(parseTrafficLimits(limits)),
    trustsProxy: () => false,
    ...options,
  });
  const http = createServer();
  http.on("upgrade", (request, socket, head) => sync.acceptUpgrade(request, socket, head));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  servers.push({ http, sync });
  return { sync, port: (http.address() as AddressInfo).port };
}

const opened = (socket: WebSocket) => new Promise((resolve) => socket.once("open", resolve));
const text = (socket: WebSocket) =>
  new Promise<string>((resolve) => {
    socket.once("message", (data: Buffer) => resolve(data.toString()));
  });

test.each(["/api/sync", "/api/1.48.0/sync", "/api/anything/sync?x=1"])(
  "a socket at %s is served",
  async (path) => {
    const { port } = await serve();
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    await opened(socket);
    socket.send('{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[]}');
    expect(await text(socket)).toMatch(/"Transition"/);
    socket.close();
  },
);

test.each(["/", "/api/", "/api/a/b/sync", "/sync", "//", "/api/1.48.0/sync/x"])(
  "an upgrade at %s is answered with 404",
  async (path) => {
    const { port } = await serve();
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    const error = await new Promise<Error>((resolve) => socket.once("error", resolve));
    expect(error.message).toMatch(/404/);
  },
);

test("an idle client gets Pings", async () => {
  const { port } = await serve({ heartbeatMs: 10, idlePingMs: 20 });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/sync`);
  expect(await text(socket)).toBe('{"type":"Ping"}');
  socket.close();
});

test("pings are spread over the period, one for each socket", async () => {
  const period = 400;
  const { port } = await serve({ heartbeatMs: period });
  const pinged: number[] = [];
  const sockets = Array.from(
    { length: 40 },
    () => new WebSocket(`ws://127.0.0.1:${port}/api/sync`),
  );
  await Promise.all(sockets.map(opened));
  const turns = new Map<WebSocket, number>();
  await new Promise<void>((resolve) => {
    for (const socket of sockets) {
      socket.on("ping", () => {
        turns.set(socket, (turns.get(socket) ?? 0) + 1);
        pinged.push(performance.now());
        if (turns.size === sockets.length) resolve();
      });
    }
  });
  for (const socket of sockets) socket.terminate();
  // Never all in one beat: some wait for most of the period, which a slow machine only prolongs.
  expect(Math.max(...pinged) - Math.min(...pinged)).toBeGreaterThan(period / 2);
  expect(Math.max(...turns.values())).toBeLessThanOrEqual(3);
});

/** Opens a WebSocket by hand that never answers a ping. */
function openMute(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(
        "GET /api/sync HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
      );
    });
    socket.once("data", () => resolve(socket));
  });
}

test("a peer that answers no pings is dropped, one that does stays", async () => {
  const { port, sync } = await serve({ heartbeatMs: 20, silenceMs: 300 });
  const lively = new WebSocket(`ws://127.0.0.1:${port}/api/sync`);
  await opened(lively);
  const mute = await openMute(port);
  const dropped = new Promise((resolve) => mute.once("close", resolve));
  mute.resume();
  await dropped;
  await vi.waitFor(() => expect(sync.sessionCount).toBe(1), { timeout: 10_000 });
  expect(lively.readyState).toBe(WebSocket.OPEN);
  lively.close();
});

test("closing the server tells clients to come back later", async () => {
  const { sync, port } = await serve();
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/sync`);
  await opened(socket);
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  await sync.close(100);
  expect(await closed).toBe(1013);
  expect(sync.sessionCount).toBe(0);
});
