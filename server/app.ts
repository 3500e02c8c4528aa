import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import compression from "compression";
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import type { Logger } from "pino";

import { isUnavailable } from "#app/server/convex.server.ts";
import { isSameOrigin } from "#app/server/same-origin.server.ts";
import { pageHeaders } from "#app/server/security-headers.server.ts";
import type { Settings } from "#app/server/settings.server.ts";

import {
  type BackendProxy,
  refuseUpgrade,
  type UpgradeRequest,
  upgradeRequest,
} from "./backend-proxy.ts";
import { readForms } from "./form-body.ts";
import { isPublicHost, requirePublicHost } from "./host-check.ts";
import { startingPage, unavailablePage } from "./unavailable-page.ts";

const BACKEND_PATH = /^\/(api|http)(\/|\?|$)/;

export type AppParts = {
  readonly settings: Settings;
  readonly log: Logger;
  readonly proxy: BackendProxy;
  /** Assets of the build, or the development server. */
  readonly files: RequestHandler;
  /** Stored pictures at `/images/<storage id>`. */
  readonly pictures: RequestHandler;
  /** Passes on what is no sitemap. */
  readonly sitemaps: RequestHandler;
  readonly pages: RequestHandler;
  /** Whether the deployment was prepared; until then pages, pictures and forms are refused. */
  readonly isOpen: () => boolean;
  readonly isReady: () => Promise<boolean>;
};

/** All that is served at the one address: health, the deployment's paths, files and pages. */
export function createApp({
  settings,
  log,
  proxy,
  files,
  pictures,
  sitemaps,
  pages,
  isOpen,
  isReady,
}: AppParts): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", settings.trustedProxies);
  app.use(identifyAndLog(log, isOpen));
  app.use(refuseForProxies);
  app.get("/healthz", (_request, response) => {
    response.type("text/plain").send("alive\n");
  });
  app.get("/readyz", (_request, response, next) => {
    isReady().then((ready) => {
      response
        .status(ready ? 200 : 503)
        .type("text/plain")
        .send(ready ? "ready\n" : "not ready\n");
    }, next);
  });
  app.use(passToBackend(settings.publicUrl, proxy));
  app.use(requirePublicHost(settings.publicUrl));
  app.use((_request, response, next) => {
    response.set(pageHeaders(settings));
    next();
  });
  app.use(compression());
  app.use(files);
  app.use(refuseUntil(isOpen));
  app.get("/images/:storageId", pictures);
  app.use(sitemaps);
  app.use(refuseForeignWrites(settings.publicUrl));
  app.use(refuseRouteData);
  app.use(readForms());
  app.use(pages);
  app.use(answerErrors(log));
  return app;
}

export type UpgradeParts = {
  readonly settings: Settings;
  readonly proxy: BackendProxy;
  /** Gives the socket to the deployment's process; false when it cannot take it. */
  readonly handOver: (request: UpgradeRequest, socket: Socket, head: Buffer) => boolean;
};

/** What to do with a request to leave HTTP: sockets of clients go to the deployment, others end. */
export function createUpgradeListener({ settings, proxy, handOver }: UpgradeParts) {
  const { publicUrl, trustedProxies } = settings;
  return (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    socket.on("error", () => socket.destroy());
    const isForBackend = BACKEND_PATH.test(request.url ?? "");
    // Vite's own socket of hot reload.
    if (settings.mode === "development" && !isForBackend) return;
    if (!isPublicHost(request.headers.host, publicUrl)) {
      refuseUpgrade(socket, "421 Misdirected Request");
    } else if (!isForBackend) {
      refuseUpgrade(socket, "404 Not Found");
    } else {
      const ip = addressOf(request, trustedProxies);
      const passedOn = upgradeRequest(request, { ip, publicUrl });
      if (!handOver(passedOn, socket, head)) proxy.tunnel(passedOn, socket, head);
    }
  };
}

/** As Express does for requests: of the addresses that proxies noted, as many as are trusted. */
function addressOf(request: IncomingMessage, trustedProxies: number): string {
  const noted = request.headersDistinct["x-forwarded-for"]?.join(",").split(/\s*,\s*/) ?? [];
  const addresses = [...noted, request.socket.remoteAddress ?? ""];
  return addresses.at(-1 - Math.min(trustedProxies, addresses.length - 1)) ?? "";
}

function identifyAndLog(log: Logger, isOpen: () => boolean): RequestHandler {
  return (request, response, next) => {
    request.id = randomUUID();
    response.setHeader("x-request-id", request.id);
    const startedAt = performance.now();
    response.once("close", () => {
      const line = {
        requestId: request.id,
        method: request.method,
        // Query texts may hold what people typed.
        path: request.path,
        status: response.statusCode,
        durationMs: Math.round(performance.now() - startedAt),
      };
      if (response.statusCode >= 500 && isOpen()) log.warn(line, "request");
      else log.debug(line, "request");
    });
    next();
  };
}

/** `TRACE`, and targets like `*` or `http://elsewhere/`, are for proxies; no route could read them. */
const refuseForProxies: RequestHandler = (request, response, next) => {
  const isTrace = request.method === "TRACE";
  if (request.url.startsWith("/") && !isTrace) next();
  else
    response
      .status(isTrace ? 405 : 400)
      .type("text/plain")
      .send(`${describe(400)}\n`);
};

function passToBackend(publicUrl: string, proxy: BackendProxy): RequestHandler {
  return (request, response, next) => {
    if (!BACKEND_PATH.test(request.url)) next();
    else if (!isPublicHost(request.headers.host, publicUrl)) {
      response.status(421).json({ code: "MisdirectedRequest", message: "Wrong host" });
    } else {
      proxy.handle(request, response, { ip: request.ip ?? "", publicUrl });
    }
  };
}

function refuseUntil(isOpen: () => boolean): RequestHandler {
  return (_request, response, next) => {
    if (isOpen()) next();
    else response.status(503).set("retry-after", "1").type("html").send(startingPage());
  };
}

function refuseForeignWrites(publicUrl: string): RequestHandler {
  return (request, response, next) => {
    const isOurs = isSameOrigin(
      {
        method: request.method,
        origin: request.headers.origin,
        fetchSite: request.get("sec-fetch-site"),
      },
      publicUrl,
    );
    if (isOurs) next();
    else response.status(403).type("text/plain").send("This form was not sent from the shop.\n");
  };
}

/** Pages fetch their data by other addresses; Remix would take this for a fault of theirs. */
const refuseRouteData: RequestHandler = (request, response, next) => {
  if (request.query["_data"] === undefined) next();
  else response.status(400).type("text/plain").send("Bad request\n");
};

function answerErrors(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = statusOf(error);
    if (status >= 500 && status !== 503) log.error({ err: error, requestId: request.id }, "failed");
    if (status === 503) {
      response.status(503).set("retry-after", "2").type("html").send(unavailablePage());
    } else {
      response
        .status(status)
        .type("text/plain")
        .send(`${describe(status)} (${request.id})\n`);
    }
  };
}

/** Express's own middlewares name the status: 400 for a malformed address, 413 for too long a body. */
function statusOf(error: unknown): number {
  if (isUnavailable(error)) return 503;
  if (typeof error === "object" && error !== null && "status" in error) {
    const { status } = error;
    if (typeof status === "number" && status >= 400 && status < 500) return status;
  }
  return 500;
}

function describe(status: number): string {
  if (status === 413) return "That is more than a form may hold.";
  return status < 500 ? "This request could not be understood." : "Something went wrong here.";
}
