import http, { type IncomingMessage, type RequestOptions, type ServerResponse } from "node:http";
import https from "node:https";
import net, { type Socket } from "node:net";
import { pipeline } from "node:stream";
import tls from "node:tls";

import { STORED_FILE_HEADERS } from "#app/server/security-headers.server.ts";

/** Headers that belong to one connection and not to the message (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const FORWARDED = /^(x-forwarded-|forwarded$|x-real-ip$)/;
const RESPONSE_TIMEOUT_MS = 120_000;

/** Passes requests on to the deployment as they are, streaming both ways. */
export type BackendProxy = {
  readonly handle: (
    request: IncomingMessage,
    response: ServerResponse,
    client: ProxiedClient,
  ) => void;
  /** For upgrades when the deployment's process cannot take the socket itself. */
  readonly tunnel: (request: UpgradeRequest, socket: Socket, head: Buffer) => void;
  readonly close: () => void;
};

export type ProxiedClient = { readonly ip: string; readonly publicUrl: string };

export function createBackendProxy(convexUrl: string): BackendProxy {
  const target = new URL(convexUrl);
  const isTls = target.protocol === "https:";
  const agent = isTls ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
  const send = isTls ? https.request : http.request;

  return {
    handle: (request, response, client) => {
      const outgoing = send(outgoingOptions(target, request, client, agent), (incoming) => {
        response.writeHead(
          incoming.statusCode ?? 502,
          incoming.statusMessage,
          responseHeaders(request, incoming),
        );
        pipeline(incoming, response, ignoreBrokenPipe);
      });
      outgoing.setTimeout(RESPONSE_TIMEOUT_MS, () =>
        outgoing.destroy(new Error("No answer in time")),
      );
      outgoing.on("error", () => {
        if (response.headersSent) response.destroy();
        else refuse(response);
      });
      // The visitor left: the deployment need not go on.
      response.on("close", () => {
        if (!response.writableFinished) outgoing.destroy();
      });
      pipeline(request, outgoing, ignoreBrokenPipe);
    },
    tunnel: (request, socket, head) => {
      const port = Number(target.port || (isTls ? 443 : 80));
      const upstream = isTls
        ? tls.connect({ host: target.hostname, port, servername: target.hostname })
        : net.connect({ host: target.hostname, port });
      upstream.once(isTls ? "secureConnect" : "connect", () => {
        upstream.write(upgradeHead(target, request));
        upstream.write(head);
        pipeline(socket, upstream, ignoreBrokenPipe);
        pipeline(upstream, socket, ignoreBrokenPipe);
      });
      upstream.once("error", () => refuseUpgrade(socket));
      socket.once("error", () => upstream.destroy());
    },
    close: () => {
      agent.destroy();
    },
  };
}

/** Ends a connection that asked for an upgrade; Convex's client tries again by itself. */
export function refuseUpgrade(socket: Socket, status = "503 Service Unavailable"): void {
  if (!socket.writable) return;
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function refuse(response: ServerResponse): void {
  const body = JSON.stringify({
    code: "BackendUnavailable",
    message: "The backend does not answer. Try again in a moment.",
  });
  response.writeHead(503, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "retry-after": "2",
  });
  response.end(body);
}

function outgoingOptions(
  target: URL,
  request: IncomingMessage,
  client: ProxiedClient,
  agent: http.Agent,
): RequestOptions {
  return {
    agent,
    protocol: target.protocol,
    hostname: target.hostname,
    port: target.port,
    method: request.method,
    path: request.url,
    headers: { ...endToEndHeaders(request), host: target.host, ...forwarded(client) },
    setHost: false,
  };
}

function endToEndHeaders(message: IncomingMessage): Record<string, string | string[]> {
  const named = new Set(message.headers.connection?.toLowerCase().split(/\s*,\s*/) ?? []);
  return Object.fromEntries(
    Object.entries(message.headersDistinct).flatMap(([name, values]) =>
      values === undefined || HOP_BY_HOP.has(name) || named.has(name) || FORWARDED.test(name)
        ? []
        : [[name, values.length === 1 ? (values[0] ?? "") : values]],
    ),
  );
}

/** A visitor's own claims about where it comes from are replaced by what this server saw. */
function forwarded(client: ProxiedClient): Record<string, string> {
  const { host, protocol } = new URL(client.publicUrl);
  return {
    "x-forwarded-for": client.ip,
    "x-forwarded-host": host,
    "x-forwarded-proto": protocol.slice(0, -1),
  };
}

function responseHeaders(request: IncomingMessage, incoming: IncomingMessage) {
  const headers = endToEndHeaders(incoming);
  const isStoredFile = request.method === "GET" && request.url?.startsWith("/api/storage/");
  if (!isStoredFile) return headers;
  const isImage = /^image\/(?!svg)/.test(incoming.headers["content-type"] ?? "");
  return {
    ...headers,
    ...STORED_FILE_HEADERS,
    ...(isImage ? {} : { "content-disposition": "attachment" }),
  };
}

/** An upgrade request as it goes on to the deployment. */
export type UpgradeRequest = {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  /** Names and values in turn, as `IncomingMessage` has them. */
  readonly rawHeaders: readonly string[];
};

export function upgradeRequest(request: IncomingMessage, client: ProxiedClient): UpgradeRequest {
  const rawHeaders: string[] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? "";
    if (FORWARDED.test(name.toLowerCase())) continue;
    rawHeaders.push(name, request.rawHeaders[index + 1] ?? "");
  }
  for (const [name, value] of Object.entries(forwarded(client))) rawHeaders.push(name, value);
  const { method = "GET", url = "/", httpVersion } = request;
  return { method, url, httpVersion, rawHeaders };
}

function upgradeHead(target: URL, { method, url, rawHeaders }: UpgradeRequest): string {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const isHost = name.toLowerCase() === "host";
    lines.push(`${name}: ${isHost ? target.host : (rawHeaders[index + 1] ?? "")}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Either side may leave at any time; `pipeline` has closed the other. */
function ignoreBrokenPipe(): void {}
