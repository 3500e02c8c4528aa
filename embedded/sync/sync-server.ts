import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { WebSocketServer, type RawData, type WebSocket } from "ws";

import type { Database } from "../database/types.ts";
import { ByteBudget } from "../lib/byte-budget.ts";
import { clientAddress } from "../lib/client-address.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { TrafficControl } from "../lib/traffic-control.ts";
import { CLOSING_REASON, SyncSession, UNREAD_REASON, type SyncDependencies } from "./session.ts";
import { SocketTransport } from "./socket-transport.ts";
import { UpdateRounds } from "./update-rounds.ts";

/** What `acceptUpgrade` needs of a request; a whole `IncomingMessage` has it. */
export type UpgradeRequest = Pick<IncomingMessage, "method" | "url" | "headers" | "httpVersion"> & {
  /** Where the client is, when whoever hands over its socket knows better than the socket. */
  readonly clientAddress?: string | null;
};

export interface SyncServer {
  /** Takes over the socket of an upgrade request to `/api/sync` or `/api/<version>/sync`. */
  acceptUpgrade(request: UpgradeRequest, socket: Duplex, head: Buffer): void;
  readonly sessionCount: number;
  /**
   * Takes nothing more, answers what was taken within the time given, then closes all sockets; the
   * official clients reconnect after a second or so.
   */
  close(drainMs: number): Promise<void>;
}

export interface SyncServerOptions extends Omit<SyncDependencies, "limits" | "rounds"> {
  readonly database: Pick<Database, "latestTs" | "flushed">;
  readonly traffic: TrafficControl;
  /** Whether a direct peer may say where its request came from. */
  readonly trustsProxy: (address: string) => boolean;
  readonly heartbeatMs?: number;
  readonly idlePingMs?: number;
  readonly silenceMs?: number;
}

const MAX_FRAME_BYTES = 20 * 1024 * 1024;
const HEARTBEAT_MS = 5_000;
/** Thousands of pings at once, and their answers, would hold up everything else. */
const BEATS_IN_ONE_PERIOD = 20;
const IDLE_PING_MS = 15_000;
const SILENCE_MS = 120_000;
const CLOSE_TIMEOUT_MS = 1_000;

interface Connection {
  readonly socket: WebSocket;
  readonly session: SyncSession;
  readonly transport: SocketTransport;
  lastHeardAt: number;
}

/** All sockets, with the bytes that are under way on them. */
interface Hub {
  readonly options: SyncServerOptions;
  readonly dependencies: SyncDependencies;
  readonly connections: Set<Connection>;
  readonly unread: ByteBudget;
  readonly incomplete: ByteBudget;
  isClosing: boolean;
}

export function createSyncServer(options: SyncServerOptions): SyncServer {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
  });
  const { limits } = options.traffic;
  const hub: Hub = {
    options,
    dependencies: { ...options, limits, rounds: new UpdateRounds(options.database) },
    connections: new Set(),
    unread: new ByteBudget(limits.unreadBytes),
    incomplete: new ByteBudget(limits.incompleteBytes),
    isClosing: false,
  };
  const heartbeat = startHeartbeat(hub, options.heartbeatMs ?? HEARTBEAT_MS);
  return {
    acceptUpgrade: (request, socket, head) => accept(server, hub, request, socket, head),
    get sessionCount() {
      return hub.connections.size;
    },
    async close(drainMs) {
      hub.isClosing = true;
      server.close();
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)));
      await Promise.all([...hub.connections].map((known) => closeConnection(known, deadline)));
      clearTimeout(timer);
      clearInterval(heartbeat);
    },
  };
}

function accept(
  server: WebSocketServer,
  hub: Hub,
  request: UpgradeRequest,
  socket: Duplex,
  head: Buffer,
): void {
  const version = syncVersion(request.url ?? "");
  if (version === null) {
    refuse(socket, "404 Not Found", "NotFound", "There is no socket at this address.");
    return;
  }
  if (hub.isClosing) {
    refuse(socket, "503 Service Unavailable", "ShuttingDown", "The deployment is restarting.");
    return;
  }
  const { trustsProxy, traffic } = hub.options;
  const ip =
    request.clientAddress ?? clientAddress(request.headers, remoteAddress(socket), trustsProxy);
  const release = traffic.from(ip).openSocket();
  if (release === null) {
    const message = "Too many sockets from one address. Close some and try again.";
    refuse(socket, "429 Too Many Requests", "TooManyConcurrentRequests", message);
    return;
  }
  socket.once("close", release);
  // Of the request ws reads only its method, headers and socket-independent parts.
  server.handleUpgrade(request as IncomingMessage, socket, head, (accepted) => {
    connect(accepted, socket, { request, version, ip }, hub);
  });
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
  rawSocket: Duplex,
  { request, version, ip }: AcceptedUpgrade,
  hub: Hub,
): void {
  const { connections, options } = hub;
  const { traffic } = options;
  const transport = new SocketTransport(socket, rawSocket, hub.unread, hub.incomplete);
  const address = traffic.from(ip);
  const session = new SyncSession(hub.dependencies, transport, {
    ip,
    userAgent: request.headers["user-agent"] ?? null,
    acceptsChunks: acceptsChunks(version),
    traffic: address,
    onSent: () => shedUnread(hub),
  });
  const connection: Connection = { socket, session, transport, lastHeardAt: options.now() };
  connections.add(connection);
  // Before ws looks at the bytes, which may complete a message.
  rawSocket.prependListener("data", (chunk: Buffer) => {
    transport.received(chunk.length, options.now());
    if (hub.incomplete.isExceeded) shedIncomplete(hub);
  });
  const heard = (payload: Buffer) => {
    connection.lastHeardAt = options.now();
    transport.completedControl(payload);
  };
  socket.on("message", (data, isBinary) => {
    connection.lastHeardAt = options.now();
    transport.completed();
    if (isBinary) session.fail(binaryFrameError());
    else session.receive(textOf(data));
  });
  socket.on("ping", (payload) => {
    heard(payload);
    session.countMessage();
  });
  socket.on("pong", heard);
  // Oversized or malformed frames: ws has already closed with the right code (1009, 1002, 1007).
  socket.on("error", () => session.dispose());
  socket.on("close", () => {
    session.dispose();
    transport.release();
    connections.delete(connection);
  });
}

/** While clients together leave too much unread, sends away those who left most. */
function shedUnread({ unread, connections }: Hub): void {
  while (unread.isExceeded) {
    const slowest = largest(connections, ({ transport }) => transport.bufferedBytes);
    if (slowest === null) return;
    slowest.session.close(UNREAD_REASON);
    slowest.transport.release();
  }
}

/** The same for frames that clients began and do not finish. */
function shedIncomplete({ incomplete, connections }: Hub): void {
  while (incomplete.isExceeded) {
    const slowest = largest(connections, ({ transport }) => transport.incompleteBytes);
    if (slowest === null) return;
    slowest.session.close("TooManyConcurrentRequests: too many unfinished messages");
    slowest.transport.release();
    slowest.socket.terminate();
  }
}

function largest(
  connections: ReadonlySet<Connection>,
  sizeOf: (connection: Connection) => number,
): Connection | null {
  let found: Connection | null = null;
  for (const connection of connections) {
    if (sizeOf(connection) > (found === null ? 0 : sizeOf(found))) found = connection;
  }
  return found;
}

/** Each connection's turn comes once in a period. */
function startHeartbeat({ connections, options }: Hub, periodMs: number): NodeJS.Timeout {
  let due: Connection[] = [];
  let share = 0;
  let beats = 0;
  const timer = setInterval(() => {
    if (beats % BEATS_IN_ONE_PERIOD === 0) {
      due = [...connections];
      share = Math.ceil(due.length / BEATS_IN_ONE_PERIOD);
    }
    beats += 1;
    for (const connection of due.splice(0, share)) beat(connection, options);
  }, periodMs / BEATS_IN_ONE_PERIOD);
  return timer.unref();
}

function beat(
  { socket, session, transport, lastHeardAt }: Connection,
  options: SyncServerOptions,
): void {
  const now = options.now();
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  if (now - lastHeardAt > silenceMs || transport.isIncompleteFor(silenceMs, now)) {
    socket.terminate();
    return;
  }
  if (socket.readyState === socket.OPEN) socket.ping();
  session.pingIfIdle(options.idlePingMs ?? IDLE_PING_MS);
}

async function closeConnection(
  { socket, session }: Connection,
  deadline: Promise<void>,
): Promise<void> {
  await Promise.race([session.drain(), deadline]);
  await new Promise<void>((resolve) => {
    if (socket.readyState === socket.CLOSED) resolve();
    socket.once("close", () => resolve());
    session.close(CLOSING_REASON);
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

function refuse(socket: Duplex, status: string, code: string, message: string): void {
  const body = JSON.stringify({ code, message });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
}
