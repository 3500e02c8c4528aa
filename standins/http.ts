import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import { assertLoopbackHost, isLoopbackAuthority } from "./loopback.ts";

const KEEP_ALIVE_MS = 60_000;

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names; a repeated header is joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Takes the response over, to stream into it or to break it. */
  readonly takeOver?: (response: ServerResponse) => void;
}

export type HttpHandler = (request: HttpRequest) => HttpReply | Promise<HttpReply>;

export interface ListeningServer {
  readonly url: string;
  readonly port: number;
  /** Ends open connections too; resolves when the port is free. */
  close(): Promise<void>;
}

/**
 * Serves `handler` on a loopback address; port 0 takes a free one. Requests whose `Host` is not this
 * machine are refused with 421, larger bodies than `maxBodyBytes` with 413.
 * @throws RangeError when `host` is not a loopback address.
 */
export async function listen(
  options: {
    readonly port: number;
    readonly host: string;
    readonly maxBodyBytes: number;
    readonly log: (line: string) => void;
  },
  handler: HttpHandler,
): Promise<ListeningServer> {
  assertLoopbackHost(options.host);
  const server = createServer((message, response) => {
    answer(message, response, options.maxBodyBytes, handler).catch((error: unknown) => {
      options.log(
        `request failed: ${error instanceof Error ? (error.stack ?? "") : String(error)}`,
      );
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  // Node's five seconds may be over just when a busy client sends its next request.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const port = portOf(server);
  const hostname = options.host === "::1" ? "[::1]" : options.host;
  return { url: `http://${hostname}:${port}`, port, close: () => close(server) };
}

export function json(status: number, value: unknown): HttpReply {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  };
}

export function redirect(location: string): HttpReply {
  return { status: 303, headers: { location } };
}

/** Whether a browser sent this request from a page of another origin. */
export function isCrossOrigin(request: HttpRequest, ownOrigin: string): boolean {
  const origin = request.headers.get("origin");
  if (origin === undefined) return request.headers.get("sec-fetch-site") === "cross-site";
  return origin !== ownOrigin && origin !== `http://${request.headers.get("host") ?? ""}`;
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  maxBodyBytes: number,
  handler: HttpHandler,
): Promise<void> {
  if (!isLoopbackAuthority(message.headers.host)) {
    send(response, { status: 421, body: "This stand-in answers on loopback only.\n" });
    return;
  }
  const target = message.url ?? "/";
  if (!URL.canParse(target, "http://stand-in")) {
    send(response, { status: 400, body: "The address is not valid.\n" });
    return;
  }
  const url = new URL(target, "http://stand-in");
  const body = await readBody(message, maxBodyBytes);
  if (body === null) {
    send(response, {
      status: 413,
      headers: { connection: "close" },
      body: "The body is too large.\n",
    });
    return;
  }
  const reply = await handler({
    method: message.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: headersOf(message),
    body,
  });
  send(response, reply);
}

function send(response: ServerResponse, reply: HttpReply): void {
  if (reply.takeOver !== undefined) {
    reply.takeOver(response);
    return;
  }
  response.writeHead(reply.status, { "cache-control": "no-store", ...reply.headers });
  response.end(reply.body);
}

/** `null` when the body is larger than a stand-in reads. */
async function readBody(message: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > maxBytes) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function headersOf(message: IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  return headers;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
