import type { IncomingMessage, ServerResponse } from "node:http";

import type { Authenticator } from "../auth/authenticator.ts";
import type { EngineDatabase } from "../database/types.ts";
import type { Caller, FunctionRunner, RequestMetadata } from "../functions/types.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { AddressTraffic } from "../lib/traffic-control.ts";
import type { DeploymentInfo } from "../runtime/services.ts";

/** What the HTTP routes stand on. */
export interface HttpContext {
  readonly database: EngineDatabase;
  readonly runner: FunctionRunner;
  readonly authenticator: Authenticator;
  readonly deployment: DeploymentInfo;
  /** Told about failures that are the server's own. */
  readonly onError: (error: unknown) => void;
}

/** One request on its way through the routes. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** As sent, still percent-encoded. */
  readonly pathname: string;
  readonly query: URLSearchParams;
  readonly metadata: RequestMetadata;
  /** What the client's address may still do. */
  readonly traffic: AddressTraffic;
}

/** Who sent the request: the `Authorization` header, or `?adminKey=` as some tools do. */
export function callerOf(
  exchange: Exchange,
  authenticator: Authenticator,
): Promise<Caller> | Caller {
  const adminKey = exchange.query.get("adminKey");
  const { authorization = "" } = exchange.request.headers;
  if (adminKey === null && authorization === "") return { kind: "client", identity: null };
  return authenticated(exchange, () =>
    adminKey === null
      ? authenticator.fromHeader(authorization)
      : authenticator.admin(adminKey, null),
  );
}

/** Checks credentials, and counts those that are wrong against the client's address. */
export async function authenticated(
  { traffic }: Exchange,
  check: () => Promise<Caller> | Caller,
): Promise<Caller> {
  traffic.mayAuthenticate();
  try {
    return await check();
  } catch (error) {
    const isRefusal = error instanceof ServiceError && error.kind === "unauthenticated";
    if (isRefusal && error.code !== "TokenExpired") traffic.refused();
    throw error;
  }
}
