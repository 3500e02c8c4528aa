/**
 * The web server: owns the shop's one port, renders the pages, serves the files, and passes `/api/*`
 * and `/http/*` to the deployment. Settings: see `readSettings`.
 *
 * With `BACKEND_ENTRY` it starts the embedded backend as its child (`BACKEND_ARGS`: JSON array) and
 * hands it the sockets of live clients; when that child ends by itself, this process says so and ends
 * with code 1. Without it, `CONVEX_URL` is a deployment that runs elsewhere, and sockets are tunnelled.
 *
 * A parent with an IPC channel gets `{ type: "ready", adminKey }` once both answer, and says
 * `{ type: "open" }` when the deployment has what the pages ask it for. Until then pages are answered
 * with status 503 and a page that asks again by itself.
 */
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";

import * as z from "zod";

import { readSettings, type Settings } from "#app/server/settings.server.ts";

import { type BackendProcess, startBackend } from "./backend-process.ts";

const vOpen = z.object({ type: z.literal("open") });

/** Together with what the backend takes after it, less than five seconds. */
const DRAIN_MS = 1_000;

await main();

async function main(): Promise<void> {
  const result = readSettings(process.env);
  if (!result.ok) exitWith(`Settings to put right: ${result.problems.join(" ")}`);
  const { settings } = result;
  const backend =
    settings.backend === null ? null : startBackend(settings.backend.entry, settings.backend.args);
  const server = createServer();
  const stop = createStop(server, backend);
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  process.once("disconnect", stop);
  void backend?.crashed.then(exitWith);

  const isOpen = waitForParent();
  // The backend starts meanwhile.
  const { serveShop } = await import("./serve-shop.ts");
  await serveShop(server, { settings, backend, isOpen });
  await listen(server, settings);
  const adminKey = await backend?.ready.then((ready) => ready.adminKey, exitWith);
  process.send?.({ type: "ready", adminKey: adminKey ?? null });
}

/** Whether a parent that prepares the deployment has said that it is prepared. */
function waitForParent(): () => boolean {
  let isOpen = process.send === undefined;
  process.on("message", (message) => {
    if (vOpen.safeParse(message).success) isOpen = true;
  });
  return () => isOpen;
}

function listen(server: Server, { host, port }: Settings): Promise<void> {
  return new Promise((resolve) => {
    server.once("error", (error) => {
      exitWith(`The web server cannot listen at ${host}:${port}: ${error.message}.`);
    });
    server.listen(port, host, resolve);
  });
}

/** Lets answers that are under way finish, then ends the backend, then itself. */
function createStop(server: Server, backend: BackendProcess | null): () => void {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  let isStopping = false;
  return () => {
    if (isStopping) return;
    isStopping = true;
    void stopAll(server, backend, sockets);
  };
}

async function stopAll(
  server: Server,
  backend: BackendProcess | null,
  sockets: ReadonlySet<Socket>,
): Promise<void> {
  const drained = new Promise<void>((resolve) => {
    setTimeout(resolve, DRAIN_MS).unref();
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  await drained;
  for (const socket of sockets) socket.destroy();
  await backend?.stop();
  process.exit(0);
}

function exitWith(reason: unknown): never {
  console.error(reason instanceof Error ? reason.message : String(reason));
  process.exit(1);
}
