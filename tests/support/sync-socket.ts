/**
 * One connection of the sync protocol as the `convex` npm package 1.48 speaks it
 * (`src/browser/sync/protocol.ts`), for clients that keep the protocol's state themselves.
 */
import { convexToJson, type JSONValue, type Value } from "convex/values";
import { WebSocket } from "ws";

import { decodeTimestamp } from "#embedded/values/timestamp.ts";

export interface Version {
  readonly querySet: number;
  /** As the protocol encodes it. */
  readonly ts: string;
  readonly identity: number;
}

export interface Modification {
  readonly type: "QueryUpdated" | "QueryFailed" | "QueryRemoved";
  readonly queryId: number;
  readonly value?: JSONValue;
  readonly errorMessage?: string;
  readonly logLines?: readonly string[];
  readonly journal?: string | null;
}

export interface Transition {
  readonly startVersion: Version;
  readonly endVersion: Version;
  readonly modifications: readonly Modification[];
}

interface Failure {
  readonly requestId: number;
  readonly success: false;
  /** What went wrong, in words. */
  readonly result: string;
  readonly errorData?: JSONValue;
  readonly ts: null;
}

export type ActionResponse =
  Failure | { readonly requestId: number; readonly success: true; readonly result: JSONValue };

export type MutationResponse =
  | Failure
  | {
      readonly requestId: number;
      readonly success: true;
      readonly result: JSONValue;
      /** Of the commit, encoded. */
      readonly ts: string;
    };

/** Who is told what the server sends. Pings are nobody's business. */
export interface SyncListener {
  onTransition(transition: Transition): void;
  onMutationResponse(response: MutationResponse): void;
  onActionResponse(response: ActionResponse): void;
  /** A frame that is none of the above. */
  onOther(frame: string): void;
  onClose(code: number, reason: string): void;
}

export interface Introduction {
  readonly sessionId: string;
  /** How many connections of this session came before. */
  readonly connectionCount: number;
  /** Encoded, `null` when nothing was seen yet. */
  readonly maxObservedTs: string | null;
}

type ServerMessage =
  | ({ readonly type: "Transition" } & Transition)
  | ({ readonly type: "MutationResponse" } & MutationResponse)
  | ({ readonly type: "ActionResponse" } & ActionResponse)
  | { readonly type: "Ping" };

export class SyncSocket {
  readonly #socket: WebSocket;
  readonly #listener: SyncListener;
  /** Rejects when the server cannot be reached. */
  readonly opened: Promise<void>;

  /** @param url the deployment's address */
  constructor(url: string, listener: SyncListener) {
    const socket = new WebSocket(`${url.replace("http", "ws")}/api/1.48.0/sync`);
    this.#socket = socket;
    this.#listener = listener;
    this.opened = new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.on("error", reject);
    });
    socket.on("message", (data: Buffer) => this.#receive(data.toString()));
    socket.on("close", (code, reason) => listener.onClose(code, reason.toString()));
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  introduce({ sessionId, connectionCount, maxObservedTs }: Introduction): void {
    this.send({
      type: "Connect",
      sessionId,
      connectionCount,
      lastCloseReason: connectionCount === 0 ? "InitialConnect" : "unknown",
      clientTs: Date.now(),
      ...(maxObservedTs === null ? {} : { maxObservedTimestamp: maxObservedTs }),
    });
  }

  modifyQuerySet(baseVersion: number, modifications: readonly object[]): void {
    this.send({ type: "ModifyQuerySet", baseVersion, newVersion: baseVersion + 1, modifications });
  }

  call(
    type: "Mutation" | "Action",
    requestId: number,
    path: string,
    args: Readonly<Record<string, Value>>,
  ): void {
    this.send({ type, requestId, udfPath: path, args: [convexToJson(args)] });
  }

  /** Nothing is sent while the connection is not open. */
  send(message: object): void {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  /** Ends the connection without a word; nobody is told of frames that come nevertheless. */
  terminate(): void {
    this.#socket.removeAllListeners("message");
    this.#socket.terminate();
  }

  /** Says goodbye; resolves when the server has done so too. */
  async close(): Promise<void> {
    this.#socket.removeAllListeners("message");
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#socket.close();
    await closed;
  }

  #receive(frame: string): void {
    const message = JSON.parse(frame) as ServerMessage;
    switch (message.type) {
      case "Transition":
        this.#listener.onTransition(message);
        break;
      case "MutationResponse":
        this.#listener.onMutationResponse(message);
        break;
      case "ActionResponse":
        this.#listener.onActionResponse(message);
        break;
      case "Ping":
        break;
      default:
        this.#listener.onOther(frame);
    }
  }
}

/** A modification that adds a query. */
export function addition(
  queryId: number,
  path: string,
  args: Readonly<Record<string, Value>>,
  journal: string | null = null,
): object {
  return { type: "Add", queryId, udfPath: path, args: [convexToJson(args)], journal };
}

/** @throws Error for anything that is no encoded timestamp. */
export function timestampOf(encoded: string): bigint {
  const ts = decodeTimestamp(encoded);
  if (ts === null) throw new Error(`${encoded} is no timestamp`);
  return ts;
}
