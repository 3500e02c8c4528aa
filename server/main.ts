/**
 * The web server: owns the shop's one port, renders the pages, serves the files, and passes `/api/*`
 * and `/http/*` to the deployment. Settings: see `readSettings`.
 *
 * With `BACKEND_ENTRY` it starts the embedded backend as its child (`BACKEND_ARGS`: JSON array) and
 * hands it the sockets of live clients; when that child ends by itself, this process says so and ends
 * with code 1. Without it, `CONVEX_URL` is a deployment that runs elsewhere, and sockets are tunnelled.
 * A parent with an IPC channel gets `{ type: "ready", adminKey }` once both answer.
 */
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { Socket } from "node:net";
import { pathToFileURL } from "node:url";

import type { ServerBuild } from "@remix-run/node";

import { connectConvex } from "#app/server/convex.server.ts";
import { createImages } from "#app/server/images.server.ts";
import { createRefresher } from "#app/server/session.server.ts";
import { readSettings, type Settings } from "#app/server/settings.server.ts";

import { createApp, createUpgradeListener } from "./app.ts";
import { type BackendProcess, startBackend } from "./backend-process.ts";
import { createBackendProxy } from "./backend-proxy.ts";
import { serveInDevelopment } from "./development.ts";
import { log } from "./log.ts";
import { handlePages } from "./page-handler.ts";
import { servePictures } from "./pictures.ts";
import { projectFolder } from "./project-folder.ts";
import { serveFiles } from "./static-files.ts";

const IMAGE_CACHE_BYTES = 512 * 1024 * 1024;
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

  await serve(settings, server, backend);
  const adminKey = await backend?.ready.then((ready) => ready.adminKey, exitWith);
  await listen(server, settings);
  process.send?.({ type: "ready", adminKey: adminKey ?? null });
  log.debug({ publicUrl: settings.publicUrl }, "ready");
}

async function serve(
  settings: Settings,
  server: Server,
  backend: BackendProcess | null,
): Promise<void> {
  const connection = connectConvex(settings.convexUrl, (error) => {
    log.warn({ err: error }, "call failed");
  });
  const proxy = createBackendProxy(settings.convexUrl);
  const { files, build } = await loadPages(settings, server);
  const app = createApp({
    settings,
    log,
    proxy,
    files,
    pictures: servePictures(
      createImages({
        connection,
        convexUrl: settings.convexUrl,
        cacheFolder: join(settings.dataDir, "cache", "images"),
        maxCacheBytes: IMAGE_CACHE_BYTES,
      }),
    ),
    pages: handlePages({
      settings,
      build,
      connection,
      refresh: createRefresher(connection),
      requestContextSecret: settings.requestContextSecret,
      now: Date.now,
    }),
    isReady: () => answers(connection.fetch, settings.convexUrl),
  });
  server.on("request", app);
  server.on(
    "upgrade",
    createUpgradeListener({ settings, proxy, handOver: backend?.handOver ?? (() => false) }),
  );
}

async function loadPages(settings: Settings, server: Server) {
  if (settings.mode === "development") return serveInDevelopment(server);
  const folder = join(projectFolder(), "build");
  const entry = pathToFileURL(join(folder, "server", "index.js")).href;
  const loaded = import(entry) as Promise<ServerBuild>;
  await loaded;
  return { files: serveFiles(join(folder, "client")), build: () => loaded };
}

async function answers(fetchOver: typeof fetch, convexUrl: string): Promise<boolean> {
  try {
    const response = await fetchOver(`${convexUrl}/version`);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
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
