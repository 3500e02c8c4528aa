import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { WebSocketServer, type RawData, type WebSocket } from "ws";

import { clientAddress } from "../lib/client-address.ts";
import { ServiceError } from "../lib/service-error.ts";
import { SyncSession, type SyncDependencies, type SyncTransport } from "./session.ts";

/** What `acceptUpgrade` needs of a request; a whole `IncomingMessage` has it. */
export type UpgradeRequest = Pick<IncomingMessage, "method" | "url" | "headers" | "httpVersion">;

export interface SyncServer {
  /** Takes over the socket of an upgrade request to `/api/sync` or `/api/<version>/sync`. */
  acceptUpgrade(request: UpgradeRequest, socket: Duplex, head: Buffer): void;
  readonly sessionCount: number;
  /** Closes all sockets; the official clients reconnect after a second or so. */
  close(): Promise<void>;
}

export interface SyncServerOptions extends SyncDependencies {
  readonly heartbeatMs?: number;
  readonly idlePingMs?: number;
  readonly silenceMs?: number;
}

const MAX_FRAME_BYTES = 20 * 1024 * 1024;
const HEARTBEAT_MS = 5_000;
const IDLE_PING_MS = 15_000;
const SILENCE_MS = 120_000;
const CLOSE_TIMEOUT_MS = 1_000;

interface Connection {
  readonly socket: WebSocket;
  readonly session: SyncSession;
  lastHeardAt: number;
}

export function createSyncServer(options: SyncServerOptions): SyncServer {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
  });
  const connections = new Set<Connection>();
  const heartbeat = setInterval(
    () => beat(connections, options),
    options.heartbeatMs ?? HEARTBEAT_MS,
  );
  heartbeat.unref();

  return {
    acceptUpgrade(request, socket, head) {
      const version = syncVersion(request.url ?? "");
      if (version === null) {
        refuse(socket);
        return;
      }
      // Of the request ws reads only its method, headers and socket-independent parts.
      server.handleUpgrade(request as IncomingMessage, socket, head, (accepted) => {
        const ip = clientAddress(request.headers, remoteAddress(socket));
        connect(accepted, { request, version, ip }, connections, options);
      });
    },
    get sessionCount() {
      return connections.size;
    },
    async close() {
      clearInterval(heartbeat);
      server.close();
      await Promise.all([...connections].map(closeConnection));
    },
  };
}

/** The client version in the path, `""` when it names none, `null` when the path is another one. */
function syncVersion(url: string): string | null {
  const match = /^\/api(?:\/([^/?]+))?\/sync(?:\?|$)/.exec(url);
  return match === null ? null : (match[1] ?? "");
}

interface AcceptedUpgrade {
  readonly request: UpgradeRequest;
  readonly version: string;
  readonly ip: string | null;
}

function connect(
  socket: WebSocket,
  { request, version, ip }: AcceptedUpgrade,
  connections: Set<Connection>,
  options: SyncServerOptions,
): void {
  const session = new SyncSession(options, transportOf(socket), {
    ip,
    userAgent: request.headers["user-agent"] ?? null,
    acceptsChunks: acceptsChunks(version),
  });
  const connection: Connection = { socket, session, lastHeardAt: options.now() };
  connections.add(connection);
  const heard = () => (connection.lastHeardAt = options.now());
  socket.on("message", (data, isBinary) => {
    heard();
    if (isBinary) session.fail(binaryFrameError());
    else session.receive(textOf(data));
  });
  socket.on("ping", heard);
  socket.on("pong", heard);
  // Oversized or malformed frames: ws has already closed with the right code (1009, 1002, 1007).
  socket.on("error", () => session.dispose());
  socket.on("close", () => {
    session.dispose();
    connections.delete(connection);
  });
}

function transportOf(socket: WebSocket): SyncTransport {
  return {
    send(frame, onFlushed) {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(frame, { binary: false }, () => onFlushed?.());
    },
    close(code, reason) {
      socket.close(code, reason);
      const timeout = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
      timeout.unref();
      socket.once("close", () => clearTimeout(timeout));
    },
    setPaused(isPaused) {
      if (isPaused) socket.pause();
      else socket.resume();
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
  };
}

function beat(connections: ReadonlySet<Connection>, options: SyncServerOptions): void {
  const now = options.now();
  for (const { socket, session, lastHeardAt } of connections) {
    if (now - lastHeardAt > (options.silenceMs ?? SILENCE_MS)) {
      socket.terminate();
      continue;
    }
    if (socket.readyState === socket.OPEN) socket.ping();
    session.pingIfIdle(options.idlePingMs ?? IDLE_PING_MS);
  }
}

async function closeConnection({ socket, session }: Connection): Promise<void> {
  session.dispose();
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.close(1001, "ServerShuttingDown");
    setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS).unref();
  });
}

function acceptsChunks(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 1 || (major === 1 && minor >= 28);
}

function remoteAddress(socket: Duplex): string | undefined {
  return socket instanceof Socket ? socket.remoteAddress : undefined;
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return Buffer.isBuffer(data) ? data.toString("utf8") : Buffer.from(data).toString("utf8");
}

function binaryFrameError(): ServiceError {
  return new ServiceError(
    "badRequest",
    "WSMessageInvalidJson",
    "Received Invalid JSON on websocket: binary frames are not part of the protocol",
  );
}

function refuse(socket: Duplex): void {
  const body = "Not Found";
  socket.end(
    `HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
