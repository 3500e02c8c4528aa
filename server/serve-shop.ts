import type { Server } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { ServerBuild } from "@remix-run/node";

import { connectConvex } from "#app/server/convex.server.ts";
import { createImages } from "#app/server/images.server.ts";
import { createRefresher } from "#app/server/session.server.ts";
import type { Settings } from "#app/server/settings.server.ts";
import { createSitemaps } from "#app/server/sitemap.server.ts";

import { createApp, createUpgradeListener } from "./app.ts";
import type { BackendProcess } from "./backend-process.ts";
import { createBackendProxy } from "./backend-proxy.ts";
import { serveInDevelopment } from "./development.ts";
import { log } from "./log.ts";
import { handlePages } from "./page-handler.ts";
import { servePictures } from "./pictures.ts";
import { projectFolder } from "./project-folder.ts";
import { serveSitemaps } from "./sitemaps.ts";
import { serveFiles } from "./static-files.ts";

const IMAGE_CACHE_BYTES = 512 * 1024 * 1024;

export type ShopParts = {
  readonly settings: Settings;
  readonly backend: BackendProcess | null;
  /** Until then there are no pages. */
  readonly isOpen: () => boolean;
};

/** Answers what comes to the server with the shop: everything that takes time to load is loaded here. */
export async function serveShop(
  server: Server,
  { settings, backend, isOpen }: ShopParts,
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
    sitemaps: serveSitemaps(
      createSitemaps({
        client: connection.client(null),
        publicUrl: settings.publicUrl,
        now: Date.now,
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
    isOpen,
    isReady: async () => isOpen() && (await answers(connection.fetch, settings.convexUrl)),
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
  const entry = pathToFileURL(join(folder, "server", "pages.js")).href;
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
