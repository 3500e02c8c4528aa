import { join } from "node:path";

import express, { type RequestHandler } from "express";

const HOUR_MS = 60 * 60 * 1000;
const YEAR_MS = 365 * 24 * HOUR_MS;

/** The browser's part of the build. Names under `assets/` carry a hash, so they never change. */
export function serveFiles(clientFolder: string): RequestHandler {
  const router = express.Router();
  const options = { index: false, redirect: false, dotfiles: "ignore" } as const;
  router.use(
    "/assets",
    express.static(join(clientFolder, "assets"), { ...options, immutable: true, maxAge: YEAR_MS }),
    (_request, response) => {
      response.status(404).type("text/plain").send("No such file\n");
    },
  );
  router.use(express.static(clientFolder, { ...options, maxAge: HOUR_MS }));
  return router;
}
