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

/** The same puts without an engine around them: every caller commits and waits until it is done. */
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
  let next = 0;
  await Promise.all(
    Array.from({ length: task.callers }, async () => {
      while (performance.now() < endsAt) {
        const n = next++;
        const startedAt = performance.now();
        await store.batch(() => {
          for (const [at, { keyBytes, valueBytes }] of task.puts.entries()) {
            void store.put(keyOf(n, at, keyBytes), Buffer.alloc(valueBytes, 120));
          }
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

const KEYS = 1_000;

function keyOf(n: number, at: number, bytes: number): Buffer {
  const key = Buffer.alloc(bytes, 107);
  key.writeUInt8(at, 0);
  key.writeUInt32BE(Math.imul(n % KEYS, 0x9e3779b9) >>> 0, 1);
  return key;
}
