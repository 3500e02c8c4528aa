import { randomBytes } from "node:crypto";
import type {
  Request as ExpressRequest,
  RequestHandler,
  Response as ExpressResponse,
} from "express";

import {
  createRequestHandler,
  type ServerBuild,
  writeReadableStreamToWritable,
} from "@remix-run/node";

import type { AppContext } from "#app/server/app-context.server.ts";
import { takeSnapshot } from "#app/server/convex.server.ts";
import { CookieJar } from "#app/server/cookies.server.ts";
import { contentSecurityPolicy } from "#app/server/security-headers.server.ts";
import { Session, type SessionEnvironment } from "#app/server/session.server.ts";
import type { Settings } from "#app/server/settings.server.ts";

export type PageEnvironment = SessionEnvironment & {
  readonly settings: Settings;
  readonly build: () => Promise<ServerBuild>;
};

/**
 * Renders pages with Remix; the body, if any, was read by `express.raw`. Unlike the adapter that comes with it, cookies set during the request
 * leave with the response whatever the loader or action returned or threw.
 */
export function handlePages(environment: PageEnvironment): RequestHandler {
  return (request, response, next) => {
    render(environment, request, response).catch(next);
  };
}

async function render(
  environment: PageEnvironment,
  request: ExpressRequest,
  response: ExpressResponse,
): Promise<void> {
  const context = await createContext(environment, request);
  response.setHeader("content-security-policy", policyText(environment.settings, context.nonce));
  const build = await environment.build();
  const handle = createRequestHandler(build, environment.settings.mode);
  const page = await handle(toFetchRequest(request, response, environment.settings), context);
  for (const cookie of await context.cookies.serialize()) page.headers.append("set-cookie", cookie);
  if (!page.headers.has("cache-control")) page.headers.set("cache-control", cacheControl(context));
  await send(page, response);
}

/** A page of somebody's own must not come back from the browser's memory after signing out. */
function cacheControl({ session }: AppContext): string {
  return session.key === null ? "private, no-cache" : "private, no-store";
}

async function createContext(
  environment: PageEnvironment,
  request: ExpressRequest,
): Promise<AppContext> {
  const { settings, connection } = environment;
  const cookies = new CookieJar(request.headers.cookie ?? null, {
    isSecure: settings.publicUrl.startsWith("https:"),
  });
  const client = { ip: request.ip ?? "", userAgent: request.headers["user-agent"] ?? null };
  const session = await Session.open(environment, cookies, client);
  return {
    settings,
    requestId: request.id,
    nonce: randomBytes(18).toString("base64"),
    client,
    cookies,
    session,
    connection,
    snapshot: takeSnapshot(connection, () => session.token),
  };
}

function policyText(settings: Settings, nonce: string): string {
  return Object.entries(contentSecurityPolicy(settings, nonce))
    .map(([name, values]) => [name, ...values].join(" "))
    .join("; ");
}

function toFetchRequest(
  request: ExpressRequest,
  response: ExpressResponse,
  settings: Settings,
): Request {
  const abort = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) abort.abort();
  });
  const headers = new Headers();
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const body: unknown = request.body;
  const hasBody = request.method !== "GET" && request.method !== "HEAD" && Buffer.isBuffer(body);
  return new Request(settings.publicUrl + request.originalUrl, {
    method: request.method,
    headers,
    signal: abort.signal,
    ...(hasBody ? { body: new Uint8Array(body) } : {}),
  });
}

async function send(page: Response, response: ExpressResponse): Promise<void> {
  response.statusMessage = page.statusText;
  response.status(page.status);
  for (const [name, value] of page.headers) response.appendHeader(name, value);
  if (page.headers.get("content-type")?.startsWith("text/event-stream")) response.flushHeaders();
  if (page.body === null) response.end();
  else await writeReadableStreamToWritable(page.body, response);
}
