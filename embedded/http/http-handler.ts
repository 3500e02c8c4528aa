import type { IncomingMessage, ServerResponse } from "node:http";

import { clientAddress } from "../lib/client-address.ts";
import { randomId } from "../lib/random-id.ts";
import { ServiceError, toServiceError } from "../lib/service-error.ts";
import type { TrafficControl } from "../lib/traffic-control.ts";
import { routeAdmin, type AdminContext } from "./admin-routes.ts";
import { getDeploymentKeys, JWKS_PATH, type DeploymentKeysContext } from "./deployment-keys.ts";
import {
  getQuery,
  postFunction,
  postQueryAtTs,
  postQueryBatch,
  postQueryTs,
  postRun,
} from "./function-routes.ts";
import { routeHttpAction } from "./http-action-routes.ts";
import type { Exchange } from "./http-context.ts";
import { sendError, sendText } from "./replies.ts";
import { routeSnapshots, type SnapshotContext } from "./snapshot-routes.ts";
import type { UnreadResponses } from "./unread-responses.ts";
import { getStoredFile, postUpload, type StorageContext } from "./storage-routes.ts";

export interface HandlerContext
  extends AdminContext, StorageContext, SnapshotContext, DeploymentKeysContext {
  readonly traffic: TrafficControl;
  /** Whether a direct peer may say where its request came from. */
  readonly trustsProxy: (address: string) => boolean;
  readonly unreadResponses: UnreadResponses;
  /** Whether the deployment is about to end: what is under way is answered, nothing new begins. */
  readonly isClosing: () => boolean;
}

type Route = (exchange: Exchange, context: HandlerContext) => Promise<void> | void;

const CORS_MAX_AGE_SECONDS = 86_400;

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["POST /api/query", (exchange, context) => postFunction(exchange, context, "query")],
  ["POST /api/mutation", (exchange, context) => postFunction(exchange, context, "mutation")],
  ["POST /api/action", (exchange, context) => postFunction(exchange, context, "action")],
  ["POST /api/function", (exchange, context) => postFunction(exchange, context, "any")],
  ["GET /api/query", getQuery],
  ["POST /api/query_ts", postQueryTs],
  ["POST /api/query_at_ts", postQueryAtTs],
  ["POST /api/query_batch", postQueryBatch],
  ["POST /api/storage/upload", postUpload],
  ["GET /", ({ response }) => sendText(response, "This Convex deployment is running.")],
  ["GET /version", ({ response }) => sendText(response, "unknown")],
  ["GET /api/version", ({ response }) => sendText(response, "unknown")],
  ["GET /instance_version", ({ response }) => sendText(response, "unknown")],
  [`GET ${JWKS_PATH}`, getDeploymentKeys],
  ["GET /instance_name", ({ response }, { deployment }) => sendText(response, deployment.name)],
]);

/**
 * Answers one HTTP request. Never rejects: whatever a stranger sends gets a proper status, and only
 * failures of our own are reported to `context.onError`.
 */
export async function handleHttp(
  request: IncomingMessage,
  response: ServerResponse,
  context: HandlerContext,
): Promise<void> {
  try {
    const exchange = openExchange(request, response, context);
    if (exchange.pathname.startsWith("/api/")) {
      allowCrossOrigin(exchange);
      if (exchange.method === "OPTIONS") {
        response.writeHead(200).end();
        return;
      }
    }
    if (context.isClosing()) throw shuttingDown(response);
    exchange.traffic.request();
    await route(exchange, context);
  } catch (error) {
    if (isFailureOfOurs(error, response)) context.onError(error);
    sendError(response, error);
  }
  context.unreadResponses.add(response);
}

function route(exchange: Exchange, context: HandlerContext): Promise<void> | void {
  const { pathname } = exchange;
  if (pathname === "/http" || pathname.startsWith("/http/")) {
    return routeHttpAction(exchange, context);
  }
  const method = exchange.method === "HEAD" ? "GET" : exchange.method;
  const exact = ROUTES.get(`${method} ${pathname}`);
  if (exact !== undefined) return exact(exchange, context);
  if (method === "POST" && pathname.startsWith("/api/run/")) return postRun(exchange, context);
  if (method === "GET" && pathname.startsWith("/api/storage/")) {
    return getStoredFile(exchange, context);
  }
  const admin = routeAdmin(exchange, context) ?? routeSnapshots(exchange, context);
  if (admin !== null) return admin;
  throw new ServiceError("notFound", "NotFound", `There is nothing at ${method} ${pathname}.`);
}

/** Most requests have none. */
const NO_QUERY = new URLSearchParams();

function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  { traffic, trustsProxy }: HandlerContext,
): Exchange {
  const [pathname = "/", search = ""] = (request.url ?? "/").split("?", 2);
  const ip = clientAddress(request.headers, request.socket.remoteAddress, trustsProxy);
  return {
    request,
    response,
    method: request.method ?? "GET",
    pathname,
    query: search === "" ? NO_QUERY : new URLSearchParams(search),
    metadata: {
      requestId: randomId(),
      ip,
      userAgent: request.headers["user-agent"] ?? null,
    },
    traffic: traffic.from(ip),
  };
}

function shuttingDown(response: ServerResponse): ServiceError {
  response.setHeader("Connection", "close");
  return new ServiceError("overloaded", "ShuttingDown", "The deployment is restarting. Try again.");
}

/** Clients run on any site; what they may do is decided by their token, never by a cookie. */
function allowCrossOrigin({ request, response, method }: Exchange): void {
  const { origin } = request.headers;
  response.setHeader("Vary", "Origin, Access-Control-Request-Headers");
  if (origin === undefined) return;
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Allow-Credentials", "true");
  if (method !== "OPTIONS") return;
  const wanted = request.headers["access-control-request-headers"];
  if (wanted !== undefined) response.setHeader("Access-Control-Allow-Headers", wanted);
  response.setHeader("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, HEAD");
  response.setHeader("Access-Control-Max-Age", String(CORS_MAX_AGE_SECONDS));
}

/** A client that hung up is nobody's failure. */
function isFailureOfOurs(error: unknown, response: ServerResponse): boolean {
  return !response.destroyed && toServiceError(error).kind === "internal";
}
