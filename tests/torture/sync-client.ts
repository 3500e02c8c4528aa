/**
 * A client of the sync protocol that lives through the death of its server: it connects again at once,
 * says what it saw last, and sends what was not answered, and some of what was, once more.
 */
import { randomUUID } from "node:crypto";

import { convexToJson, jsonToConvex, type Value } from "convex/values";
import { WebSocket } from "ws";

import type { Random } from "./random.ts";

type Args = Record<string, Value>;

export interface Acknowledged {
  readonly requestId: number;
  readonly path: string;
  readonly args: Args;
  readonly result: string;
  /** Of the commit, as the protocol writes it. */
  readonly ts: string;
}

interface Unanswered {
  readonly path: string;
  readonly args: Args;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

interface ServerMessage {
  readonly type: string;
  readonly requestId?: number;
  readonly success?: boolean;
  readonly result?: unknown;
  readonly ts?: string | null;
  readonly error?: string;
  readonly endVersion?: { readonly ts: string };
  readonly modifications?: readonly { readonly type: string; readonly value?: unknown }[];
}

const RECONNECT_DELAY_MS = 15;
const MAX_REPEATED = 3;

export class ConnectionLostError extends Error {}

export class SyncClient {
  readonly violations: string[] = [];
  readonly acknowledged: Acknowledged[] = [];
  /** How many unanswered and how many answered mutations were sent again. */
  readonly resent = { unanswered: 0, answered: 0 };
  readonly #address: string;
  readonly #random: Random;
  readonly #sessionId = randomUUID();
  readonly #mutations = new Map<number, Unanswered>();
  readonly #actions = new Map<number, Unanswered>();
  readonly #repeated = new Map<number, Acknowledged>();
  readonly #watched: { readonly path: string; readonly args: Args };
  readonly #onValue: (value: Value) => void;
  #socket: WebSocket | null = null;
  #connectionCount = 0;
  #nextRequestId = 0;
  #observedTs = 0n;
  #isClosed = false;

  constructor(
    url: string,
    random: Random,
    watched: { readonly path: string; readonly args: Args },
    onValue: (value: Value) => void,
  ) {
    this.#address = `${url.replace("http", "ws")}/api/1.48.0/sync`;
    this.#random = random;
    this.#watched = watched;
    this.#onValue = onValue;
    this.#connect();
  }

  /** The latest timestamp it was shown. */
  get observedTs(): bigint {
    return this.#observedTs;
  }

  /** Whether everything that was sent again has been answered. */
  get isSettled(): boolean {
    return this.#mutations.size === 0 && this.#repeated.size === 0;
  }

  /** Resolves once it is acknowledged, over however many connections that takes. */
  mutation(path: string, args: Args): Promise<Value> {
    const requestId = this.#newRequestId();
    return new Promise((resolve, reject) => {
      this.#mutations.set(requestId, { path, args, resolve, reject });
      this.#send({ type: "Mutation", requestId, udfPath: path, args: [convexToJson(args)] });
    });
  }

  /** @throws ConnectionLostError when nobody knows whether it ran. */
  action(path: string, args: Args): Promise<Value> {
    const requestId = this.#newRequestId();
    return new Promise((resolve, reject) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) {
        reject(new ConnectionLostError());
        return;
      }
      this.#actions.set(requestId, { path, args, resolve, reject });
      this.#send({ type: "Action", requestId, udfPath: path, args: [convexToJson(args)] });
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.terminate();
  }

  #newRequestId(): number {
    this.#nextRequestId += 1;
    return this.#nextRequestId;
  }

  #connect(): void {
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on("open", () => this.#introduce());
    socket.on("message", (data: Buffer) => {
      if (socket === this.#socket) this.#receive(JSON.parse(data.toString()) as ServerMessage);
    });
    socket.on("close", (code, reason) => this.#reconnect(code, reason.toString()));
  }

  #reconnect(code: number, reason: string): void {
    // 1006: the connection broke; anything else the server said on purpose.
    if (code !== 1006 && !this.#isClosed) this.violations.push(`closed with ${code} ${reason}`);
    for (const { reject } of this.#actions.values()) reject(new ConnectionLostError());
    this.#actions.clear();
    if (!this.#isClosed) setTimeout(() => this.#connect(), RECONNECT_DELAY_MS);
  }

  #introduce(): void {
    const { path, args } = this.#watched;
    this.#send({
      type: "Connect",
      sessionId: this.#sessionId,
      connectionCount: this.#connectionCount,
      lastCloseReason: this.#connectionCount === 0 ? "InitialConnect" : "unknown",
      clientTs: Date.now(),
      ...(this.#observedTs === 0n ? {} : { maxObservedTimestamp: encodeTs(this.#observedTs) }),
    });
    this.#connectionCount += 1;
    const query = { type: "Add", queryId: 0, udfPath: path, args: [convexToJson(args)] };
    this.#send({
      type: "ModifyQuerySet",
      baseVersion: 0,
      newVersion: 1,
      modifications: [query],
    });
    this.#repeatAnswered();
    for (const [requestId, mutation] of this.#mutations) {
      this.resent.unanswered += 1;
      this.#sendMutation(requestId, mutation);
    }
  }

  /** The protocol has clients do so for mutations whose Transition they have not seen. */
  #repeatAnswered(): void {
    for (let count = Math.min(MAX_REPEATED, this.acknowledged.length); count > 0; count -= 1) {
      const position = this.#random.integer(0, this.acknowledged.length);
      const acknowledged = this.acknowledged[position];
      if (acknowledged === undefined) continue;
      this.#repeated.set(acknowledged.requestId, acknowledged);
    }
    for (const [requestId, acknowledged] of this.#repeated) {
      this.resent.answered += 1;
      this.#sendMutation(requestId, acknowledged);
    }
  }

  #sendMutation(requestId: number, { path, args }: Pick<Unanswered, "path" | "args">): void {
    this.#send({ type: "Mutation", requestId, udfPath: path, args: [convexToJson(args)] });
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "Transition":
        this.#take(message);
        break;
      case "MutationResponse":
        this.#acknowledge(message);
        break;
      case "ActionResponse":
        this.#answerAction(message);
        break;
      case "Ping":
        break;
      default:
        this.violations.push(`was told ${JSON.stringify(message)}`);
    }
  }

  #take({ endVersion, modifications }: ServerMessage): void {
    const ts = decodeTs(endVersion?.ts ?? "");
    if (ts < this.#observedTs) {
      this.violations.push(`time went back from ${this.#observedTs} to ${ts}`);
    }
    this.#observedTs = ts;
    for (const { type, value } of modifications ?? []) {
      if (type === "QueryUpdated") this.#onValue(jsonToConvex(value as never));
      else this.violations.push(`was told ${type} of its query`);
    }
  }

  #acknowledge({ requestId = -1, success, result, ts }: ServerMessage): void {
    const repeated = this.#repeated.get(requestId);
    if (repeated !== undefined) {
      this.#repeated.delete(requestId);
      if (success !== true || JSON.stringify(result) !== repeated.result || ts !== repeated.ts) {
        this.violations.push(
          `${repeated.path} was answered ${repeated.result} at ${repeated.ts}, then ` +
            `${JSON.stringify(result)} at ${String(ts)}`,
        );
      }
      return;
    }
    const mutation = this.#mutations.get(requestId);
    this.#mutations.delete(requestId);
    if (mutation === undefined) return;
    if (success !== true || typeof ts !== "string") {
      mutation.reject(new Error(`${mutation.path} failed: ${String(result)}`));
      return;
    }
    const { path, args } = mutation;
    this.acknowledged.push({ requestId, path, args, result: JSON.stringify(result), ts });
    mutation.resolve(jsonToConvex(result as never));
  }

  #answerAction({ requestId = -1, success, result }: ServerMessage): void {
    const action = this.#actions.get(requestId);
    this.#actions.delete(requestId);
    if (success === true) action?.resolve(jsonToConvex(result as never));
    else action?.reject(new Error(`${action.path} failed: ${String(result)}`));
  }
}

/** Eight bytes, little-endian, in base64. */
export function decodeTs(ts: string): bigint {
  return Buffer.from(ts, "base64").readBigUInt64LE();
}

function encodeTs(ts: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(ts);
  return bytes.toString("base64");
}
