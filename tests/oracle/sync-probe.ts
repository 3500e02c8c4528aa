/**
 * A client of the sync protocol that takes nothing on trust: it speaks raw frames and notes every rule
 * of the protocol that the server breaks.
 */
import { randomUUID } from "node:crypto";

import { jsonToConvex } from "convex/values";

import {
  addition,
  SyncSocket,
  timestampOf,
  type Modification,
  type MutationResponse,
  type Transition,
  type Version,
} from "../support/sync-socket.ts";
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

const ZERO: Version = { querySet: 0, ts: "AAAAAAAAAAA=", identity: 0 };
const SETTLE_TIMEOUT_MS = 15_000;

export class SyncProbe {
  /** Rules that the server broke. */
  readonly violations: string[] = [];
  readonly transitions: ObservedTransition[] = [];
  readonly sessionId = randomUUID();
  readonly #url: string;
  readonly #watches = new Map<number, Watch>();
  readonly #waiting = new Set<() => void>();
  readonly #responses = new Map<number, (answer: MutationAnswer) => void>();
  /** Commits whose response came, but no Transition yet that reaches them. */
  #unreached: bigint[] = [];
  readonly #listener = {
    onTransition: (transition: Transition) => {
      this.#take(transition);
      this.#recheck();
    },
    onMutationResponse: (response: MutationResponse) => {
      this.#answer(response);
      this.#recheck();
    },
    onActionResponse: () => void this.violations.push("a response to no action"),
    onOther: (frame: string) => void this.violations.push(`unexpected ${frame}`),
    onClose: () => undefined,
  };
  #socket: SyncSocket | null = null;
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
    this.#url = url;
  }

  get watches(): readonly Watch[] {
    return [...this.#watches.values()];
  }

  get token(): string | null {
    return this.#tokens[this.#version.identity] ?? null;
  }

  get latestTs(): bigint {
    return timestampOf(this.#version.ts);
  }

  /** Connects, or connects again: with every query and the journal it was last given. */
  async connect(): Promise<void> {
    const socket = new SyncSocket(this.#url, this.#listener);
    this.#socket = socket;
    const maxObservedTs = this.#connectionCount === 0 ? null : this.#version.ts;
    const token = this.#tokens.at(-1) ?? null;
    this.#version = ZERO;
    this.#sentQuerySet = 0;
    this.#sentIdentity = 0;
    this.#known.clear();
    this.#tokens = [null];
    await socket.opened;
    const { sessionId } = this;
    socket.introduce({ sessionId, connectionCount: this.#connectionCount, maxObservedTs });
    this.#connectionCount += 1;
    if (token !== null) this.authenticate(token);
    this.#modify(this.watches.map(additionOf));
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
    await socket?.close();
  }

  watch(path: string, args: Args, journal: string | null = null): Watch {
    const queryId = this.#nextQueryId;
    this.#nextQueryId += 1;
    const watch = { queryId, path, args, answer: null, logLines: "", journal, updates: 0 };
    this.#watches.set(queryId, watch);
    this.#modify([additionOf(watch)]);
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
    this.#socket?.send({ type: "Authenticate", baseVersion: this.#sentIdentity, ...credentials });
    this.#sentIdentity += 1;
  }

  mutation(path: string, args: Args): Promise<MutationAnswer> {
    const requestId = this.#nextRequestId;
    this.#nextRequestId += 1;
    const answered = new Promise<MutationAnswer>((resolve) => {
      this.#responses.set(requestId, resolve);
    });
    this.#socket?.call("Mutation", requestId, path, args);
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

  #recheck(): void {
    for (const recheck of [...this.#waiting]) recheck();
  }

  #modify(modifications: readonly object[]): void {
    this.#socket?.modifyQuerySet(this.#sentQuerySet, modifications);
    this.#sentQuerySet += 1;
  }

  #answer(response: MutationResponse): void {
    const commitTs = response.success ? timestampOf(response.ts) : null;
    if (commitTs !== null && this.latestTs >= commitTs) {
      this.violations.push(`Transition at ${this.latestTs} before the response of ${commitTs}`);
    }
    if (commitTs !== null) this.#unreached.push(commitTs);
    this.#responses.get(response.requestId)?.({ ...answerOf(response), ts: commitTs });
    this.#responses.delete(response.requestId);
  }

  #take({ startVersion, endVersion, modifications }: Transition): void {
    if (JSON.stringify(startVersion) !== JSON.stringify(this.#version)) {
      this.violations.push(
        `Transition from ${JSON.stringify(startVersion)} at ${JSON.stringify(this.#version)}`,
      );
    }
    if (timestampOf(endVersion.ts) < this.latestTs) {
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

function answerOf(response: MutationResponse): Answer {
  if (response.success) return { isOk: true, text: JSON.stringify(response.result) };
  const { result, errorData } = response;
  return {
    isOk: false,
    text: withoutRequestId(result),
    ...(errorData === undefined ? {} : { errorData: jsonToConvex(errorData) }),
  };
}

function additionOf({ queryId, path, args, journal }: Watch): object {
  return addition(queryId, path, args, journal);
}
