/**
 * A client of the sync protocol that lives through the death of its server: it connects again at once,
 * says what it saw last, and sends what was not answered, and some of what was, once more.
 */
import { randomUUID } from "node:crypto";

import { jsonToConvex, type Value } from "convex/values";

import { encodeTimestamp } from "#embedded/values/timestamp.ts";

import {
  addition,
  SyncSocket,
  timestampOf,
  type ActionResponse,
  type MutationResponse,
  type Transition,
} from "../support/sync-socket.ts";
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

const RECONNECT_DELAY_MS = 15;
const MAX_REPEATED = 3;

export class ConnectionLostError extends Error {}

export class SyncClient {
  readonly sessionId = randomUUID();
  readonly violations: string[] = [];
  readonly acknowledged: Acknowledged[] = [];
  /** How many unanswered and how many answered mutations were sent again. */
  readonly resent = { unanswered: 0, answered: 0 };
  readonly #url: string;
  readonly #random: Random;
  readonly #mutations = new Map<number, Unanswered>();
  readonly #actions = new Map<number, Unanswered>();
  readonly #repeated = new Map<number, Acknowledged>();
  readonly #watched: { readonly path: string; readonly args: Args };
  readonly #onValue: (value: Value) => void;
  readonly #listener = {
    onTransition: (transition: Transition) => this.#take(transition),
    onMutationResponse: (response: MutationResponse) => this.#acknowledge(response),
    onActionResponse: (response: ActionResponse) => this.#answerAction(response),
    onOther: (frame: string) => void this.violations.push(`was told ${frame}`),
    onClose: (code: number, reason: string) => this.#reconnect(code, reason),
  };
  #socket: SyncSocket | null = null;
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
    this.#url = url;
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
      this.#socket?.call("Mutation", requestId, path, args);
    });
  }

  /** @throws ConnectionLostError when nobody knows whether it ran. */
  action(path: string, args: Args): Promise<Value> {
    const requestId = this.#newRequestId();
    return new Promise((resolve, reject) => {
      if (this.#socket?.isOpen !== true) {
        reject(new ConnectionLostError());
        return;
      }
      this.#actions.set(requestId, { path, args, resolve, reject });
      this.#socket.call("Action", requestId, path, args);
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
    const socket = new SyncSocket(this.#url, this.#listener);
    this.#socket = socket;
    socket.opened.then(
      () => this.#introduce(socket),
      () => undefined,
    );
  }

  #reconnect(code: number, reason: string): void {
    // 1006: the connection broke; anything else the server said on purpose.
    if (code !== 1006 && !this.#isClosed) this.violations.push(`closed with ${code} ${reason}`);
    for (const { reject } of this.#actions.values()) reject(new ConnectionLostError());
    this.#actions.clear();
    if (!this.#isClosed) setTimeout(() => this.#connect(), RECONNECT_DELAY_MS);
  }

  #introduce(socket: SyncSocket): void {
    socket.introduce({
      sessionId: this.sessionId,
      connectionCount: this.#connectionCount,
      maxObservedTs: this.#observedTs === 0n ? null : encodeTimestamp(this.#observedTs),
    });
    this.#connectionCount += 1;
    socket.modifyQuerySet(0, [addition(0, this.#watched.path, this.#watched.args)]);
    this.#repeatAnswered(socket);
    for (const [requestId, mutation] of this.#mutations) {
      this.resent.unanswered += 1;
      socket.call("Mutation", requestId, mutation.path, mutation.args);
    }
  }

  /** The protocol has clients do so for mutations whose Transition they have not seen. */
  #repeatAnswered(socket: SyncSocket): void {
    for (let count = Math.min(MAX_REPEATED, this.acknowledged.length); count > 0; count -= 1) {
      const position = this.#random.integer(0, this.acknowledged.length);
      const acknowledged = this.acknowledged[position];
      if (acknowledged === undefined) continue;
      this.#repeated.set(acknowledged.requestId, acknowledged);
    }
    for (const [requestId, acknowledged] of this.#repeated) {
      this.resent.answered += 1;
      socket.call("Mutation", requestId, acknowledged.path, acknowledged.args);
    }
  }

  #take({ endVersion, modifications }: Transition): void {
    const ts = timestampOf(endVersion.ts);
    if (ts < this.#observedTs) {
      this.violations.push(`time went back from ${this.#observedTs} to ${ts}`);
    }
    this.#observedTs = ts;
    for (const { type, value } of modifications) {
      if (type === "QueryUpdated" && value !== undefined) this.#onValue(jsonToConvex(value));
      else this.violations.push(`was told ${type} of its query`);
    }
  }

  #acknowledge(response: MutationResponse): void {
    const { requestId, ts } = response;
    const result = JSON.stringify(response.result);
    const repeated = this.#repeated.get(requestId);
    if (repeated !== undefined) {
      this.#repeated.delete(requestId);
      if (!response.success || result !== repeated.result || ts !== repeated.ts) {
        this.violations.push(
          `${repeated.path} was answered ${repeated.result} at ${repeated.ts}, then ` +
            `${result} at ${String(ts)}`,
        );
      }
      return;
    }
    const mutation = this.#mutations.get(requestId);
    this.#mutations.delete(requestId);
    if (mutation === undefined) return;
    if (!response.success) {
      mutation.reject(new Error(`${mutation.path} failed: ${response.result}`));
      return;
    }
    const { path, args } = mutation;
    this.acknowledged.push({ requestId, path, args, result, ts: response.ts });
    mutation.resolve(jsonToConvex(response.result));
  }

  #answerAction(response: ActionResponse): void {
    const action = this.#actions.get(response.requestId);
    this.#actions.delete(response.requestId);
    if (response.success) action?.resolve(jsonToConvex(response.result));
    else action?.reject(new Error(`${action.path} failed: ${response.result}`));
  }
}
