import type { Server } from "node:http";

import type { ServerBuild } from "@remix-run/node";
import type { RequestHandler } from "express";

import { projectFolder } from "./project-folder.ts";

/** Pages from source with hot reload. Vite is not there in production, so it is loaded only here. */
export async function serveInDevelopment(
  server: Server,
): Promise<{ files: RequestHandler; build: () => Promise<ServerBuild> }> {
  const { createServer } = await import("vite");
  const vite = await createServer({
    root: projectFolder(),
    // The Convex CLI writes one when it starts, and Vite would end all requests and start anew.
    envFile: false,
    server: { middlewareMode: true, hmr: { server } },
    appType: "custom",
  });
  const build = () => vite.ssrLoadModule("virtual:remix/server-build") as Promise<ServerBuild>;
  // While the deployment is prepared. What is wrong with a page, whoever opens it is told.
  build().catch(() => undefined);
  return { files: vite.middlewares, build };
}
