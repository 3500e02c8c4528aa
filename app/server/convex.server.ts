import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";

import { ConvexHttpClient } from "convex/browser";
import type { FunctionReference, FunctionReturnType, OptionalRestArgs } from "convex/server";

/** The deployment could not be reached, or answered that it cannot work now. Worth asking again. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
}

/** The deployment refused the token itself (expired, foreign, malformed), not what was asked. */
export class TokenRejectedError extends Error {
  override readonly name = "TokenRejectedError";
}

// The web server and the pages are two bundles with a class each, so the name decides.
export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === "UnavailableError";
}

export function isTokenRejection(error: unknown): boolean {
  return error instanceof Error && error.name === "TokenRejectedError";
}

/** How the web server talks to the deployment; one for the life of the process. */
export type ConvexConnection = {
  /** A client with the caller's token, or without one. */
  readonly client: (token: string | null) => ConvexHttpClient;
  readonly fetch: typeof fetch;
  readonly close: () => void;
};

/**
 * True when a function's validators refused the arguments, as with an id of another table in an
 * address: bad input, not a fault. Deployments that hide their errors don't tell.
 */
export function isArgumentRefusal(error: unknown): boolean {
  return error instanceof Error && error.message.includes("ArgumentValidationError");
}

const CALL_TIMEOUT_MS = 30_000;

/** `onFailure` hears of each call that did not reach the deployment. */
export function connectConvex(
  convexUrl: string,
  onFailure: (error: Error) => void = () => undefined,
): ConvexConnection {
  const agent = convexUrl.startsWith("https:")
    ? new https.Agent({ keepAlive: true, maxSockets: 64 })
    : new http.Agent({ keepAlive: true, maxSockets: 64 });
  const agentFetch = fetchOver(agent, onFailure);
  return {
    fetch: agentFetch,
    client: (token) =>
      new ConvexHttpClient(convexUrl, {
        fetch: agentFetch,
        logger: false,
        skipConvexDeploymentUrlCheck: true,
        ...(token === null ? {} : { auth: token }),
      }),
    close: () => {
      agent.destroy();
    },
  };
}

export type RecordedQuery = { readonly query: FunctionReference<"query">; readonly args: unknown };

/** Reads of one request: all at the timestamp of the first, each recorded. */
export type ConvexSnapshot = {
  readonly query: <Query extends FunctionReference<"query">>(
    query: Query,
    ...args: OptionalRestArgs<Query>
  ) => Promise<FunctionReturnType<Query>>;
  readonly recorded: readonly RecordedQuery[];
};

/**
 * `token` is asked for at the first query, so that an identity made by an action of the same request
 * is seen by the loaders that follow it.
 */
export function takeSnapshot(
  connection: ConvexConnection,
  token: () => string | null,
): ConvexSnapshot {
  const recorded: RecordedQuery[] = [];
  let client: ConvexHttpClient | null = null;
  return {
    recorded,
    query: (query, ...args) => {
      recorded.push({ query, args: args[0] ?? {} });
      client ??= connection.client(token());
      // Experimental, but the only way to read several queries at one moment.
      // eslint-disable-next-line @typescript-eslint/no-deprecated
      return client.consistentQuery(query, ...args);
    },
  };
}

/** `fetch` over `node:http`: a third of the cost of the built-in one, and its connections are kept. */
function fetchOver(agent: http.Agent, onFailure: (error: Error) => void): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
    const response = await send(agent, request, body).catch((error: unknown) => {
      if (error instanceof UnavailableError) onFailure(error);
      throw error;
    });
    if (response.status === 401) throw new TokenRejectedError(await response.text());
    if (response.status === 503 || response.status === 502) {
      throw new UnavailableError(await response.text());
    }
    return response;
  };
}

async function send(agent: http.Agent, request: Request, body: Buffer | null): Promise<Response> {
  try {
    return await sendOnce(agent, request, body);
  } catch (error) {
    if (!isRepeatable(request, error)) throw error;
    return await sendOnce(agent, request, body);
  }
}

/** The deployment may close a kept connection just when it is used again; reading twice does no harm. */
function isRepeatable(request: Request, error: unknown): boolean {
  const { pathname } = new URL(request.url);
  const isRead = request.method === "GET" || pathname.startsWith("/api/query");
  return isRead && error instanceof StaleConnectionError;
}

class StaleConnectionError extends UnavailableError {}

function sendOnce(agent: http.Agent, request: Request, body: Buffer | null): Promise<Response> {
  const transport = request.url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = transport.request(
      request.url,
      {
        agent,
        method: request.method,
        headers: {
          ...Object.fromEntries(request.headers),
          ...(body === null ? {} : { "content-length": body.byteLength }),
        },
        signal: AbortSignal.any([request.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
      },
      (incoming) => resolve(toResponse(incoming, request.method)),
    );
    outgoing.on("error", (cause) => {
      if (request.signal.aborted) {
        reject(cause);
        return;
      }
      const Failure = outgoing.reusedSocket ? StaleConnectionError : UnavailableError;
      reject(new Failure(`The deployment is out of reach: ${cause.message}`, { cause }));
    });
    outgoing.end(body);
  });
}

function toResponse(incoming: http.IncomingMessage, method: string): Response {
  const headers = new Headers();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? "", incoming.rawHeaders[index + 1] ?? "");
  }
  const status = incoming.statusCode ?? 502;
  const isEmpty = method === "HEAD" || status === 204 || status === 304;
  if (isEmpty) incoming.resume();
  const body = isEmpty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers });
}
