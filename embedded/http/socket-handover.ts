/**
 * How a web process that owns the public port gives a WebSocket to the backend process.
 *
 * The web process starts the backend with an IPC channel and, on an `upgrade` event for
 * `/api/sync` or `/api/<version>/sync`, calls
 *
 *     backend.send({ type: "upgrade", id, request, head }, socket)
 *     backend.send({ type: "released", id })
 *
 * where `request` is `{ method, url, httpVersion, rawHeaders }` of the `IncomingMessage`, and `head`
 * is the base64 text of the bytes that came with the request. From then on the socket belongs to the
 * backend; the web process must not touch it again. The last address in `X-Forwarded-For` is where
 * the client is, as the web process knows it.
 *
 * Node.js keeps reading a sent socket, and drops the bytes, until the receiver has acknowledged it,
 * and holds later messages back until then. Therefore the backend answers the handshake when
 * `released` arrives: the client sends nothing before it is answered, so nothing can get lost.
 *
 * The backend tells its parent `{ type: "ready", url, adminKey }` once it takes requests; `url` is
 * where it listens itself.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";

import { forwardedAddress } from "../lib/client-address.ts";
import type { UpgradeRequest } from "../sync/sync-server.ts";

export interface ReadyMessage {
  readonly type: "ready";
  readonly url: string;
  readonly adminKey: string;
}

type AcceptUpgrade = (request: UpgradeRequest, socket: Duplex, head: Buffer) => void;

/** Takes the messages of a web process and the sockets that come with them. */
export function createHandoverListener(accept: AcceptUpgrade): (...arrived: unknown[]) => void {
  const arrivals = new Map<number, () => void>();
  return (message, handle) => {
    const upgrade = parseUpgradeMessage(message);
    if (upgrade !== null && isSocket(handle)) {
      arrivals.set(upgrade.id, () => accept(upgrade.request, handle, upgrade.head));
    } else if (isRecord(message) && message["type"] === "released") {
      const id = Number(message["id"]);
      arrivals.get(id)?.();
      arrivals.delete(id);
    }
  };
}

/** What arrived with a socket, or `null` for a message that is no hand-over. */
export function parseUpgradeMessage(
  message: unknown,
): { readonly id: number; readonly request: UpgradeRequest; readonly head: Buffer } | null {
  if (!isRecord(message) || message["type"] !== "upgrade") return null;
  const { id, request, head } = message;
  if (typeof id !== "number" || !isRecord(request) || typeof head !== "string") return null;
  const { method, url, httpVersion, rawHeaders } = request;
  if (typeof method !== "string" || typeof url !== "string" || typeof httpVersion !== "string") {
    return null;
  }
  if (!Array.isArray(rawHeaders) || !rawHeaders.every((part) => typeof part === "string")) {
    return null;
  }
  const headers = joinHeaders(rawHeaders);
  return {
    id,
    request: { method, url, httpVersion, headers, clientAddress: forwardedAddress(headers) },
    head: Buffer.from(head, "base64"),
  };
}

/** Whether a hand-over's second half is a socket; it is none when the client left meanwhile. */
function isSocket(handle: unknown): handle is Duplex {
  return isRecord(handle) && typeof handle["write"] === "function";
}

/** Names in lower case, repeated ones joined, as Node itself gives them for the headers of upgrades. */
function joinHeaders(rawHeaders: readonly string[]): IncomingHttpHeaders {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = rawHeaders[index + 1] ?? "";
    const previous = headers.get(name);
    headers.set(name, previous === undefined ? value : `${previous}, ${value}`);
  }
  return Object.fromEntries(headers);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
