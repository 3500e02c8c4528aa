import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";

import { afterEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";

import type { Authenticator } from "../auth/authenticator.ts";
import type { FunctionRunner, LiveQuery, QueryOutcome, WatchRequest } from "../functions/types.ts";
import { createTrafficControl } from "../lib/traffic-control.ts";
import { parseTrafficLimits } from "../lib/traffic-limits.ts";
import { createFrameEncoder } from "./frames.ts";
import { createSyncServer, type SyncServer, type SyncServerOptions } from "./sync-server.ts";

const MB = 1024 * 1024;
const servers: { http: Server; sync: SyncServer }[] = [];
const sockets: (WebSocket | Socket)[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) {
    if (socket instanceof WebSocket) socket.terminate();
    else socket.destroy();
  }
  for (const { http, sync } of servers.splice(0)) {
    await sync.close(0);
    http.closeAllConnections();
    http.close();
  }
});

/** A sync server over one query whose large result the test changes. */
async function serve(limits: readonly string[] = [], timing: Partial<SyncServerOptions> = {}) {
  let ts = 1n;
  let outcome: QueryOutcome = { ok: true, valueJson: "0", logLines: [], journal: null };
  const invalidate = new Set<() => void>();
  const runner = {
    watch: (_: WatchRequest, onInvalidated: () => void): LiveQuery => {
      invalidate.add(onInvalidated);
      return {
        evaluate: () => Promise.resolve(outcome),
        isFresh: true,
        release: () => invalidate.delete(onInvalidated),
      };
    },
  } as unknown as FunctionRunner;
  const database = {
    get latestTs() {
      return ts;
    },
    flushed: () => Promise.resolve(),
  };
  const sync = createSyncServer({
    database,
    runner,
    authenticator: {} as Authenticator,
    frames: createFrameEncoder(),
    now: Date.now,
    onError: () => undefined,
    traffic: createTrafficControl(parseTrafficLimits(limits)),
    trustsProxy: () => false,
    ...timing,
  });
  const http = createServer();
  const serverSides: Duplex[] = [];
  http.on("upgrade", (request, socket, head) => {
    serverSides.push(socket);
    sync.acceptUpgrade(request, socket, head);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  servers.push({ http, sync });
  return {
    sync,
    port: (http.address() as AddressInfo).port,
    /** Bytes that the process keeps for clients that have not read them. */
    unreadBytes: () => serverSides.reduce((sum, { writableLength }) => sum + writableLength, 0),
    change(value: number, bytes: number) {
      ts += 1n;
      const valueJson = `"${value} ${"x".repeat(bytes)}"`;
      outcome = { ok: true, valueJson, logLines: [], journal: null };
      for (const tell of [...invalidate]) tell();
    },
  };
}

/** A client that watches the query, and notes the number at the start of each value it reads. */
async function watch(port: number) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/1.0.0/sync`);
  sockets.push(socket);
  const values: number[] = [];
  socket.on("message", (data: Buffer) => {
    const text = data.subarray(0, 1_000).toString();
    const value = /"value":"?(\d+)/.exec(text)?.[1];
    if (value !== undefined) values.push(Number(value));
  });
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("open", resolve));
  const modifications = [{ type: "Add", queryId: 0, udfPath: "q:big", args: [{}] }];
  socket.send(
    JSON.stringify({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications }),
  );
  await vi.waitFor(() => expect(values).toHaveLength(1), { timeout: 10_000 });
  return { socket, values };
}

test("a client that stops reading is skipped ahead, and others get every change", async () => {
  const server = await serve();
  const slow = await watch(server.port);
  const quick = await watch(server.port);
  slow.socket.pause();
  let most = 0;
  for (let value = 1; value <= 40; value += 1) {
    server.change(value, 4 * MB);
    await vi.waitFor(() => expect(quick.values.at(-1)).toBe(value), { timeout: 10_000 });
    most = Math.max(most, server.unreadBytes());
  }
  expect(quick.values).toHaveLength(41);
  // One change that did not fit the sockets' own buffers; 40 would be 160 MB.
  expect(most).toBeLessThan(9 * MB);
  slow.socket.resume();
  await vi.waitFor(() => expect(slow.values.at(-1)).toBe(40), { timeout: 10_000 });
  expect(slow.values.length).toBeLessThan(6);
}, 60_000);

test("when clients together leave too much unread, those who left most are sent away", async () => {
  const server = await serve([`unreadBytes=${20 * MB}`]);
  const slow = await Promise.all(Array.from({ length: 6 }, () => watch(server.port)));
  const quick = await watch(server.port);
  for (const { socket } of slow) socket.pause();
  server.change(1, 8 * MB);
  await vi.waitFor(() => expect(quick.values.at(-1)).toBe(1), { timeout: 10_000 });
  await vi.waitFor(() => expect(server.sync.sessionCount).toBeLessThan(7), { timeout: 10_000 });
  await vi.waitFor(() => expect(server.unreadBytes()).toBeLessThan(20 * MB), { timeout: 10_000 });
  server.change(2, 10);
  await vi.waitFor(() => expect(quick.values.at(-1)).toBe(2), { timeout: 10_000 });
}, 60_000);

/** Opens a WebSocket by hand, so that frames can be sent that no library would send. */
async function openRaw(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => undefined);
  socket.write(
    "GET /api/sync HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" +
      "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
  );
  const head = await new Promise<string>((resolve) => {
    socket.once("data", (data: Buffer) => resolve(data.toString("latin1")));
  });
  expect(head).toMatch(/^HTTP\/1\.1 101/);
  expect(head).not.toMatch(/permessage-deflate/i);
  return socket;
}

/** The head of a masked frame (RFC 6455, 5.2) with a mask of zeros. */
function frameHead(firstByte: number, length: number): Buffer {
  const head = Buffer.alloc(14);
  head.writeUInt8(firstByte, 0);
  head.writeUInt8(0x80 | 127, 1);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

const TEXT_UNFINISHED = 0x01;
const TEXT_COMPRESSED = 0xc1;
const gone = (socket: Socket) => new Promise((resolve) => socket.once("close", resolve));

test("frames that are begun and not finished are bounded for all sockets together", async () => {
  const server = await serve([`incompleteBytes=${4 * MB}`]);
  const watcher = await watch(server.port);
  const attackers = await Promise.all(Array.from({ length: 6 }, () => openRaw(server.port)));
  const anyGone = Promise.race(attackers.map(gone));
  for (const attacker of attackers) {
    attacker.write(frameHead(TEXT_UNFINISHED, MB));
    attacker.write(Buffer.alloc(MB, 0x20));
  }
  await anyGone;
  await vi.waitFor(() => expect(server.sync.sessionCount).toBeLessThanOrEqual(5), {
    timeout: 10_000,
  });
  server.change(1, 10);
  await vi.waitFor(() => expect(watcher.values.at(-1)).toBe(1), { timeout: 10_000 });
});

test("a frame that is never finished ends its socket in time, whatever control frames come between", async () => {
  const server = await serve([], { heartbeatMs: 20, silenceMs: 300 });
  const attacker = await openRaw(server.port);
  const idle = await openRaw(server.port);
  const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
  attacker.write(Buffer.concat([frameHead(TEXT_UNFINISHED, 10), Buffer.alloc(10, 0x20)]));
  const pongs = setInterval(() => {
    attacker.write(pong);
    idle.write(pong);
  }, 20);
  await gone(attacker);
  clearInterval(pongs);
  expect(idle.destroyed).toBe(false);
  await vi.waitFor(() => expect(server.sync.sessionCount).toBe(1), { timeout: 10_000 });
});

test("compression is neither offered nor accepted", async () => {
  const server = await serve();
  const attacker = await openRaw(server.port);
  const answer = new Promise<Buffer>((resolve) => attacker.once("data", resolve));
  attacker.write(frameHead(TEXT_COMPRESSED, 1));
  attacker.write(Buffer.alloc(1));
  const frame = await answer;
  expect(frame[0]).toBe(0x88);
  expect(frame.readUInt16BE(2)).toBe(1002);
});
