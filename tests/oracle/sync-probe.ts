/**
 * A client of the sync protocol that takes nothing on trust: it speaks raw frames and notes every rule
 * of the protocol that the server breaks.
 */
import { randomUUID } from "node:crypto";

import { convexToJson, jsonToConvex, type JSONValue } from "convex/values";
import { WebSocket } from "ws";

import { withoutRequestId, type Answer, type Args } from "./oracle-deployment.ts";

export interface Watch {
  readonly queryId: number;
  readonly path: string;
  readonly args: Args;
  answer: Answer | null;
  logLines: string;
  journal: string | null;
  /** How many modifications have told about it. */
  updates: number;
}

/** What all watched queries answered at one timestamp. */
export interface ObservedTransition {
  /** Encoded as the protocol has it. */
  readonly ts: string;
  readonly answers: ReadonlyMap<Watch, Answer & { readonly journal: string | null }>;
  readonly token: string | null;
}

export interface MutationAnswer extends Answer {
  /** Of the commit; null after a failure. */
  readonly ts: bigint | null;
}

interface Version {
  readonly querySet: number;
  readonly ts: string;
  readonly identity: number;
}

interface ServerMessage {
  readonly type: string;
  readonly requestId: number;
  readonly success: boolean;
  readonly result: unknown;
  readonly ts: string | null;
  readonly errorData?: JSONValue;
  readonly startVersion: Version;
  readonly endVersion: Version;
  readonly modifications: readonly Modification[];
}

interface Modification {
  readonly type: "QueryUpdated" | "QueryFailed" | "QueryRemoved";
  readonly queryId: number;
  readonly value?: unknown;
  readonly errorMessage?: string;
  readonly logLines?: readonly string[];
  readonly journal?: string | null;
}

const ZERO: Version = { querySet: 0, ts: "AAAAAAAAAAA=", identity: 0 };
const SETTLE_TIMEOUT_MS = 15_000;

export class SyncProbe {
  /** Rules that the server broke. */
  readonly violations: string[] = [];
  readonly transitions: ObservedTransition[] = [];
  readonly sessionId = randomUUID();
  readonly #address: string;
  readonly #watches = new Map<number, Watch>();
  readonly #waiting = new Set<() => void>();
  readonly #responses = new Map<number, (answer: MutationAnswer) => void>();
  /** Commits whose response came, but no Transition yet that reaches them. */
  #unreached: bigint[] = [];
  #socket: WebSocket | null = null;
  #version = ZERO;
  #sentQuerySet = 0;
  #sentIdentity = 0;
  #connectionCount = 0;
  #nextQueryId = 0;
  #nextRequestId = 0;
  /** What this connection was told about: a new one is told everything anew. */
  #known = new Set<number>();
  #tokens: (string | null)[] = [null];

  constructor(url: string) {
    this.#address = `${url.replace("http", "ws")}/api/1.48.0/sync`;
  }

  get watches(): readonly Watch[] {
    return [...this.#watches.values()];
  }

  get token(): string | null {
    return this.#tokens[this.#version.identity] ?? null;
  }

  get latestTs(): bigint {
    return decodeTs(this.#version.ts);
  }

  /** Connects, or connects again: with every query and the journal it was last given. */
  async connect(): Promise<void> {
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    const maxObservedTs = this.#version.ts;
    const token = this.#tokens.at(-1) ?? null;
    this.#version = ZERO;
    this.#sentQuerySet = 0;
    this.#sentIdentity = 0;
    this.#known.clear();
    this.#tokens = [null];
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    socket.on("message", (data: Buffer) => {
      if (socket === this.#socket) this.#receive(JSON.parse(data.toString()) as ServerMessage);
    });
    this.#send({
      type: "Connect",
      sessionId: this.sessionId,
      connectionCount: this.#connectionCount,
      lastCloseReason: "InitialConnect",
      clientTs: Date.now(),
      ...(this.#connectionCount === 0 ? {} : { maxObservedTimestamp: maxObservedTs }),
    });
    this.#connectionCount += 1;
    if (token !== null) this.authenticate(token);
    this.#modify(this.watches.map(addition));
    await this.settle();
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#socket?.terminate();
    this.#socket = null;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null || socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.close();
    await closed;
  }

  watch(path: string, args: Args, journal: string | null = null): Watch {
    const queryId = this.#nextQueryId;
    this.#nextQueryId += 1;
    const watch = { queryId, path, args, answer: null, logLines: "", journal, updates: 0 };
    this.#watches.set(queryId, watch);
    this.#modify([addition(watch)]);
    return watch;
  }

  unwatch(watch: Watch): void {
    this.#watches.delete(watch.queryId);
    this.#modify([{ type: "Remove", queryId: watch.queryId }]);
  }

  authenticate(token: string | null): void {
    this.#tokens.push(token);
    const credentials =
      token === null ? { tokenType: "None" } : { tokenType: "User", value: token };
    this.#send({ type: "Authenticate", baseVersion: this.#sentIdentity, ...credentials });
    this.#sentIdentity += 1;
  }

  mutation(path: string, args: Args): Promise<MutationAnswer> {
    const requestId = this.#nextRequestId;
    this.#nextRequestId += 1;
    const answered = new Promise<MutationAnswer>((resolve) => {
      this.#responses.set(requestId, resolve);
    });
    this.#send({ type: "Mutation", requestId, udfPath: path, args: [convexToJson(args)] });
    return answered;
  }

  /**
   * Resolves when the server has told everything: a Transition is mandatory after a change of the
   * query set, and it shows the latest commit.
   */
  async settle(atLeast = 0n): Promise<void> {
    do {
      this.#modify([]);
      const querySet = this.#sentQuerySet;
      await this.#until(
        () =>
          this.#version.querySet >= querySet &&
          this.#version.identity >= this.#sentIdentity &&
          this.#unreached.length === 0,
      );
    } while (this.latestTs < atLeast);
  }

  async #until(check: () => boolean): Promise<void> {
    if (check()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(recheck);
        reject(new Error(`The server stays silent. ${this.violations.join("; ")}`));
      }, SETTLE_TIMEOUT_MS);
      const recheck = () => {
        if (!check()) return;
        this.#waiting.delete(recheck);
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(recheck);
    });
  }

  #modify(modifications: readonly object[]): void {
    const baseVersion = this.#sentQuerySet;
    this.#sentQuerySet += 1;
    const newVersion = this.#sentQuerySet;
    this.#send({ type: "ModifyQuerySet", baseVersion, newVersion, modifications });
  }

  #send(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "Transition":
        this.#take(message);
        break;
      case "MutationResponse":
        this.#answer(message);
        break;
      case "Ping":
        return;
      default:
        this.violations.push(`unexpected ${JSON.stringify(message)}`);
    }
    for (const recheck of [...this.#waiting]) recheck();
  }

  #answer({ requestId, success, result, ts, errorData }: ServerMessage): void {
    const commitTs = ts === null ? null : decodeTs(ts);
    if (commitTs !== null && this.latestTs >= commitTs) {
      this.violations.push(`Transition at ${this.latestTs} before the response of ${commitTs}`);
    }
    if (commitTs !== null) this.#unreached.push(commitTs);
    this.#responses.get(requestId)?.({
      isOk: success,
      text: success ? JSON.stringify(result) : withoutRequestId(String(result)),
      ts: commitTs,
      ...(errorData === undefined ? {} : { errorData: jsonToConvex(errorData) }),
    });
    this.#responses.delete(requestId);
  }

  #take({ startVersion, endVersion, modifications }: ServerMessage): void {
    if (JSON.stringify(startVersion) !== JSON.stringify(this.#version)) {
      this.violations.push(
        `Transition from ${JSON.stringify(startVersion)} at ${JSON.stringify(this.#version)}`,
      );
    }
    if (decodeTs(endVersion.ts) < this.latestTs) {
      this.violations.push(`Transition back to ${endVersion.ts}`);
    }
    const seen = new Set<number>();
    for (const modification of modifications) {
      if (seen.has(modification.queryId)) this.violations.push("two modifications of one query");
      seen.add(modification.queryId);
      this.#apply(modification);
    }
    this.#version = endVersion;
    this.#unreached = this.#unreached.filter((ts) => ts > this.latestTs);
    const answers = new Map<Watch, Answer & { journal: string | null }>();
    for (const watch of this.#watches.values()) {
      const { answer, journal } = watch;
      const isTold = this.#known.has(watch.queryId);
      if (answer !== null && isTold) answers.set(watch, { ...answer, journal });
    }
    this.transitions.push({ ts: endVersion.ts, answers, token: this.token });
  }

  #apply({ type, queryId, value, errorMessage, logLines, journal }: Modification): void {
    const watch = this.#watches.get(queryId);
    if (type === "QueryRemoved" || watch === undefined) return;
    const answer =
      type === "QueryUpdated"
        ? { isOk: true, text: JSON.stringify(value) }
        : { isOk: false, text: withoutRequestId(errorMessage ?? "") };
    const lines = JSON.stringify(logLines);
    const isSame =
      this.#known.has(queryId) &&
      answer.isOk === watch.answer?.isOk &&
      answer.text === watch.answer.text &&
      lines === watch.logLines &&
      (journal ?? null) === watch.journal;
    if (isSame) this.violations.push(`${watch.path} was told again without a change`);
    this.#known.add(queryId);
    watch.answer = answer;
    watch.logLines = lines;
    watch.journal = journal ?? null;
    watch.updates += 1;
  }
}

export function decodeTs(ts: string): bigint {
  return Buffer.from(ts, "base64").readBigUInt64LE();
}

function addition({ queryId, path, args, journal }: Watch): object {
  return { type: "Add", queryId, udfPath: path, args: [convexToJson(args)], journal };
}
