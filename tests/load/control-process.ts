/** The bare counterparts that figures are compared with, each in a process of its own. */
import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { open } from "lmdb";
import { WebSocketServer } from "ws";

import {
  percentile,
  type BroadcastControl,
  type ControlTask,
  type EchoControl,
  type LmdbControl,
  type LmdbFigures,
  type PutSize,
} from "./messages.ts";

process.on("message", (task: ControlTask) => {
  runTask(task).then(
    (figures) => process.send?.({ figures }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });

async function runTask(task: ControlTask): Promise<object> {
  switch (task.task) {
    case "echo":
      return { port: await startEcho(task) };
    case "broadcast":
      return { port: await startBroadcast(task) };
    case "lmdb":
      return await measureLmdb(task);
  }
}

/** Reads a request and answers it with fixed bytes: the least that any HTTP API does. */
async function startEcho({ answer }: EchoControl): Promise<number> {
  const body = Buffer.from(answer);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      JSON.parse(Buffer.concat(chunks).toString());
      response.writeHead(200, {
        "Content-Type": "application/json",
        "Content-Length": body.length,
      });
      response.end(body);
    });
  });
  return listen(server);
}

/** Sends a frame to all other sockets when one of them says something. */
async function startBroadcast({ frame: text }: BroadcastControl): Promise<number> {
  const frame = Buffer.from(text);
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket) => {
    socket.on("message", () => {
      for (const other of sockets.clients) {
        if (other !== socket) other.send(frame, { binary: false });
      }
    });
  });
  return listen(server);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/**
 * The same puts without an engine around them: every caller puts, waits until it is on the disk and
 * begins again. Whoever puts in the same turn shares a transaction and its syncs, as mutations do
 * that come while an earlier batch is on its way.
 */
async function measureLmdb(task: LmdbControl): Promise<LmdbFigures> {
  rmSync(task.folder, { recursive: true, force: true });
  mkdirSync(task.folder, { recursive: true });
  const store = open<Buffer, Buffer>({
    path: task.folder,
    noSubdir: false,
    keyEncoding: "binary",
    encoding: "binary",
    overlappingSync: false,
    noSync: !task.isDurable,
    mapSize: 2 ** 36,
  });
  const times: number[] = [];
  const endsAt = performance.now() + task.durationMs;
  const put = (n: number, { keyBytes, valueBytes }: PutSize) =>
    void store.put(keyOf(n, keyBytes), Buffer.alloc(valueBytes, 120));
  let next = 0;
  let isBatchBegun = false;
  await Promise.all(
    Array.from({ length: task.callers }, async () => {
      while (performance.now() < endsAt) {
        const n = next++;
        const startedAt = performance.now();
        await store.batch(() => {
          put(n % KEYS, task.put);
          if (isBatchBegun) return;
          isBatchBegun = true;
          setImmediate(() => (isBatchBegun = false));
          put(0, task.batchPut);
        });
        times.push(performance.now() - startedAt);
      }
    }),
  );
  await store.close();
  rmSync(task.folder, { recursive: true, force: true });
  return {
    perSecond: (times.length * 1000) / task.durationMs,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
  };
}

/** As many as there are products that the mutations change. */
const KEYS = 1_000;

/** Keys of different lengths are different. */
function keyOf(n: number, bytes: number): Buffer {
  const key = Buffer.alloc(bytes, 107);
  key.writeUInt32BE(Math.imul(n, 0x9e3779b9) >>> 0);
  return key;
}
