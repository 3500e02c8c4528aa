import type { ServerResponse } from "node:http";

import { toServiceError, type ServiceErrorKind } from "../lib/service-error.ts";

const STATUS_CODES: Readonly<Record<ServiceErrorKind, number>> = {
  badRequest: 400,
  unauthenticated: 401,
  forbidden: 403,
  notFound: 404,
  methodNotAllowed: 405,
  conflict: 409,
  payloadTooLarge: 413,
  timedOut: 408,
  rateLimited: 429,
  overloaded: 503,
  internal: 500,
};

const RETRY_AFTER_SECONDS = "1";

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  sendJsonText(response, JSON.stringify(body), status);
}

/** @param json JSON text, or its bytes. */
export function sendJsonText(response: ServerResponse, json: string | Buffer, status = 200): void {
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(json),
  });
  response.end(json);
}

export function sendText(response: ServerResponse, text: string, status = 200): void {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** A request-level error as `{ code, message }`; the clients show the body as it is. */
export function sendError(response: ServerResponse, error: unknown): void {
  const { kind, code, message } = toServiceError(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (kind === "rateLimited" || kind === "overloaded") {
    response.setHeader("Retry-After", RETRY_AFTER_SECONDS);
  }
  // The rest of what was not read in time would be taken for the next request.
  if (kind === "timedOut") response.setHeader("Connection", "close");
  sendJson(response, { code, message }, STATUS_CODES[kind]);
}
