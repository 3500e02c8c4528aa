import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";

import * as z from "zod";

import type { UpgradeRequest } from "./backend-proxy.ts";
import { heapMegabytes } from "./heap-size.ts";

const STOP_TIMEOUT_MS = 6_000;

const vReady = z.looseObject({ type: z.literal("ready"), adminKey: z.string() });

/** The embedded backend as a child of the web process, which is what makes the hand-over possible. */
export type BackendProcess = {
  /** Resolves when it answers. @throws Error with a plain sentence when it ends before. */
  readonly ready: Promise<{ readonly adminKey: string }>;
  /** Resolves with a plain sentence when it ends without having been asked to. */
  readonly crashed: Promise<string>;
  /** Gives the connection away, with all that was read from it; false when that is impossible. */
  readonly handOver: (request: UpgradeRequest, socket: Socket, head: Buffer) => boolean;
  /** SIGTERM, and SIGKILL when it does not end within six seconds. */
  readonly stop: () => Promise<void>;
};

/**
 * Starts a backend. It gets an IPC channel on which it says `{ type: "ready", adminKey }` and receives
 *
 *     { type: "upgrade", id, request: { method, url, rawHeaders, httpVersion }, head: <base64> }
 *     { type: "released", id }
 *
 * the first with the `net.Socket` of a WebSocket that a browser opened here, which may be answered
 * from the second on. When the channel closes, this
 * process is gone and it has to end as well.
 */
export function startBackend(entry: string, args: readonly string[]): BackendProcess {
  const child = fork(entry, args, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    detached: true,
    execArgv: [...process.execArgv, `--max-old-space-size=${heapMegabytes()}`],
  });
  let isStopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve(signal === null ? `ended with code ${code ?? 0}` : `was ended by ${signal}`);
    });
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
  });
  return {
    ready: Promise.race([
      firstReady(child),
      ended.then((how) => Promise.reject(new Error(`The backend ${how} before it was ready.`))),
    ]),
    crashed: new Promise((resolve) => {
      void ended.then((how) => {
        if (!isStopping) resolve(`The backend ${how}.`);
      });
    }),
    handOver: (request, socket, head) => handOver(child, request, socket, head),
    stop: async () => {
      isStopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function firstReady(child: ChildProcess): Promise<{ adminKey: string }> {
  return new Promise((resolve) => {
    child.on("message", function listen(message) {
      const ready = vReady.safeParse(message);
      if (!ready.success) return;
      child.off("message", listen);
      resolve({ adminKey: ready.data.adminKey });
    });
  });
}

function handOver(
  child: ChildProcess,
  request: UpgradeRequest,
  socket: Socket,
  head: Buffer,
): boolean {
  if (!child.connected) return false;
  socket.setTimeout(0);
  socket.setNoDelay(true);
  const buffered: unknown = socket.read();
  const read = Buffer.isBuffer(buffered) ? Buffer.concat([head, buffered]) : head;
  handOverCount += 1;
  const id = handOverCount;
  child.send(
    { type: "upgrade", id, request, head: read.toString("base64") },
    socket,
    {},
    (error) => {
      if (error !== null) socket.destroy();
    },
  );
  // Until the child has acknowledged the socket this process still reads from it and drops what it
  // reads. Messages wait for that acknowledgement, so the client must get no answer before this one.
  child.send({ type: "released", id });
  return true;
}

let handOverCount = 0;
