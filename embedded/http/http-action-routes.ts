import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { Caller, FunctionRunner } from "../functions/types.ts";
import { FUNCTION_LIMITS } from "../lib/limits.ts";
import { randomId } from "../lib/random-id.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Exchange, HttpContext } from "./http-context.ts";
import { boundedBody } from "./request-body.ts";

const SITE_PREFIX = "/http";
const MAX_BODY_BYTES = FUNCTION_LIMITS.httpRequestBytes.max;

/**
 * Any request below `/http`: the deployment's HTTP actions. The function sees the address without
 * the prefix. An Authorization header that cannot be used is no error until the function asks who
 * is calling, because such headers often belong to other schemes.
 */
export async function routeHttpAction(exchange: Exchange, context: HttpContext): Promise<void> {
  const { request, response, metadata } = exchange;
  const auth = await httpActionAuth(request.headers.authorization, context);
  const action = await context.runner.runHttpAction(toRequest(exchange, context), auth, metadata);
  await sendResponse(action, response);
}

/** The address of an HTTP action as its function sees it. */
function siteAddress(pathAndQuery: string, siteUrl: string): URL {
  const rest = pathAndQuery.slice(SITE_PREFIX.length);
  // Not resolved against the origin: a path that starts with two slashes would name another host.
  return new URL(`${new URL(siteUrl).origin}${rest.startsWith("/") ? rest : `/${rest}`}`);
}

/**
 * Fetches an address of this deployment's own site by running its HTTP action, without the network;
 * `null` for any other address.
 */
export function fetchOwnSite(
  address: URL,
  siteUrl: string,
  runner: FunctionRunner,
): Promise<Response> | null {
  if (!address.href.startsWith(`${siteUrl}/`)) return null;
  const request = new Request(
    siteAddress(SITE_PREFIX + address.href.slice(siteUrl.length), siteUrl),
  );
  const metadata = { requestId: randomId(), ip: null, userAgent: null };
  return runner.runHttpAction(request, { caller: { kind: "client", identity: null } }, metadata);
}

async function httpActionAuth(
  header: string | undefined,
  { authenticator }: HttpContext,
): Promise<{ readonly caller: Caller } | { readonly error: string }> {
  try {
    return { caller: await authenticator.fromHeader(header) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { error: `${error.code}: ${error.message}` };
  }
}

/** Methods that `Request` refuses (fetch standard, "forbidden method"). */
const FORBIDDEN_METHODS = new Set(["CONNECT", "TRACE", "TRACK"]);

function toRequest({ request, method }: Exchange, { deployment }: HttpContext): Request {
  if (FORBIDDEN_METHODS.has(method)) {
    throw new ServiceError("methodNotAllowed", "MethodNotAllowed", `${method} is not supported.`);
  }
  const address = siteAddress(request.url ?? "/", deployment.siteUrl);
  const headers = new Headers();
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? "";
    if (!isHopByHop(name)) headers.append(name, request.rawHeaders[index + 1] ?? "");
  }
  if (method === "GET" || method === "HEAD") return new Request(address, { method, headers });
  const body = Readable.toWeb(
    Readable.from(boundedBody(request, MAX_BODY_BYTES)),
  ) as ReadableStream<Uint8Array>;
  // Node's fetch requires `duplex` for streamed bodies; the DOM types don't know it.
  const init: RequestInit & { duplex: "half" } = { method, headers, body, duplex: "half" };
  return new Request(address, init);
}

async function sendResponse(action: Response, response: ServerResponse): Promise<void> {
  const headers: [string, string][] = [];
  for (const [name, value] of action.headers) {
    if (!isHopByHop(name) && name !== "set-cookie") headers.push([name, value]);
  }
  const cookies = action.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader("Set-Cookie", cookies);
  for (const [name, value] of headers) response.setHeader(name, value);
  response.writeHead(action.status, action.statusText || undefined);
  if (action.body === null) {
    response.end();
    return;
  }
  await pipeline(boundedParts(action.body), response);
}

async function* boundedParts(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const { max, text } = FUNCTION_LIMITS.httpResponseBytes;
  let size = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.byteLength;
      if (size > max) throw new Error(text());
      yield part.value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Headers that concern one connection only (RFC 9110, 7.6.1). */
function isHopByHop(name: string): boolean {
  return /^(?:connection|keep-alive|transfer-encoding|upgrade|te|trailer|proxy-connection)$/i.test(
    name,
  );
}
