import type { Database, Timestamp } from "../database/types.ts";
import type { Charge } from "../lib/fair-gate.ts";
import { canonicalPath, type FunctionPath } from "../modules/function-path.ts";
import { FunctionError } from "../runtime/function-error.ts";
import type { FunctionExecutor } from "../runtime/function-executor.ts";
import { parseArgs } from "../runtime/function-info.ts";
import type { Clock } from "../runtime/services.ts";
import { requireUnexpired, type Admission } from "./admission.ts";
import { functionFailure } from "./function-failure.ts";
import {
  isSameOutcome,
  QueryCache,
  queryKey,
  type CachedQuery,
  type ComputedQuery,
  type QueryKey,
} from "./query-cache.ts";
import { identityOf, mayCallInternal, requirePath, toRunRequest } from "./run-request.ts";
import type { LiveQuery, QueryOutcome, WatchRequest } from "./types.ts";

/** How long a result that read the clock is handed to newcomers. */
const CLOCK_RESULT_LIFE_MS = 15_000;

export interface QueryRunnerOptions {
  readonly database: Database;
  readonly executor: FunctionExecutor;
  readonly clock: Clock;
  readonly admission: Admission;
}

/** A query that was asked for: where it is and what decides its result. */
interface Question {
  readonly request: WatchRequest;
  readonly path: FunctionPath;
  readonly key: QueryKey;
}

interface ObtainOptions {
  /** Whether a known result will do. */
  readonly accept: (entry: CachedQuery) => boolean;
  /** Whether the result was the same for everybody the last time. */
  readonly wasShared?: boolean;
  /** What the one who asks was told last. */
  readonly previous?: QueryOutcome | null;
  readonly mayBeRefused: boolean;
}

type Asked = Question | { readonly outcome: QueryOutcome };

/** Runs queries and shares their results between all who ask the same. */
export class QueryRunner {
  readonly #database: Database;
  readonly #executor: FunctionExecutor;
  readonly #clock: Clock;
  readonly #admission: Admission;
  readonly #cache: QueryCache;

  constructor({ database, executor, clock, admission }: QueryRunnerOptions) {
    this.#admission = admission;
    this.#database = database;
    this.#executor = executor;
    this.#clock = clock;
    this.#cache = new QueryCache(database);
  }

  /** The outcome at `ts`, by default the latest; what it shows is durable. */
  async run(request: WatchRequest, ts = this.#database.latestTs): Promise<QueryOutcome> {
    const question = this.#ask(request);
    if ("outcome" in question) return question.outcome;
    const entry = await this.#obtain(question, ts, {
      accept: (known) => this.#isForNewcomers(known),
      mayBeRefused: true,
    });
    await this.#database.flushed(ts);
    return entry.computed.outcome;
  }

  watch(request: WatchRequest, onInvalidated: () => void): LiveQuery {
    let last: QueryOutcome | null = null;
    let entry: CachedQuery | null = null;
    let isReleased = false;
    let asked: { readonly journal: string | null; readonly question: Asked } | null = null;
    const ask = (journal: string | null): Asked => {
      if (asked === null || asked.journal !== journal) {
        asked = { journal, question: this.#ask({ ...request, journal }) };
      }
      return asked.question;
    };
    const notify = () => onInvalidated();
    const attach = (next: CachedQuery) => {
      entry?.removeListener(notify);
      entry = next;
      if (isReleased) return;
      if (!next.addListener(notify)) queueMicrotask(notify);
    };
    const take = (next: CachedQuery): QueryOutcome => {
      attach(next);
      const { outcome } = next.computed;
      if (last === null || !isSameOutcome(last, outcome)) last = outcome;
      return last;
    };
    const accept = (known: CachedQuery) => last !== null || this.#isForNewcomers(known);
    return {
      evaluate: (ts) => {
        const question = ask(last?.journal ?? request.journal);
        if ("outcome" in question) return (last ??= question.outcome);
        if (entry?.holdsAt(ts) === true) return take(entry);
        const known = this.#cache.find(question.key, ts);
        if (known !== null && accept(known)) return take(known);
        const wasShared = entry?.computed.isIdentityRead === false;
        // How much a socket may watch is bounded already.
        const options = { accept, previous: last, mayBeRefused: false, wasShared };
        return this.#obtain(question, ts, options).then(take);
      },
      get isFresh() {
        return entry?.isFresh ?? false;
      },
      release: () => {
        isReleased = true;
        entry?.removeListener(notify);
      },
    };
  }

  close(): void {
    this.#cache.clear();
  }

  #isForNewcomers({ computed }: CachedQuery): boolean {
    const isYoung = computed.staleAtMs === null || this.#clock.now() < computed.staleAtMs;
    return computed.outcome.ok && isYoung;
  }

  /** The question in canonical form; arguments that are none get their outcome at once. */
  #ask(request: WatchRequest): Asked {
    try {
      const path = requirePath(request);
      const [args] = parseArgs(path, request.argsJson, { commitTs: false });
      const argsJson = JSON.stringify([args]);
      const parts = [
        request.componentPath,
        canonicalPath(path),
        argsJson,
        request.journal,
        mayCallInternal(request),
      ];
      const identity = identityOf(request.caller)?.attributesJson ?? "";
      const key = queryKey(JSON.stringify(parts), identity);
      return { request: { ...request, argsJson }, path, key };
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      const failure = functionFailure(error, request.metadata.requestId, []);
      return { outcome: { ...failure, journal: null } };
    }
  }

  #obtain(
    question: Question,
    ts: Timestamp,
    { accept, previous = null, mayBeRefused, wasShared = false }: ObtainOptions,
  ): Promise<CachedQuery> {
    const compute = () =>
      this.#admission.run(
        "query",
        question.request,
        (charge) => this.#compute(question, ts, previous, charge),
        { mayBeRefused },
      );
    return this.#cache.obtain(question.key, ts, compute, { accept, wasShared });
  }

  async #compute(
    { request, path }: Question,
    ts: Timestamp,
    previous: QueryOutcome | null,
    charge: Charge,
  ): Promise<ComputedQuery> {
    const nowMs = this.#clock.now();
    requireUnexpired(request.caller, nowMs);
    const begin = () => ({
      transaction: this.#database.begin({ ts, nowMs }),
      request: toRunRequest(request, path, "query", { nowMs, journal: request.journal }),
    });
    return await this.#executor.run(begin, (result, transaction) => {
      const { outcome, logLines, isIdentityRead, isClockRead } = result;
      charge(result.spentMs);
      const journal = result.journal ?? request.journal;
      const found: QueryOutcome = outcome.ok
        ? { ok: true, valueJson: outcome.valueJson, logLines, journal }
        : { ...functionFailure(outcome.error, request.metadata.requestId, logLines), journal };
      return {
        // Watchers tell a change by identity.
        outcome: previous !== null && isSameOutcome(previous, found) ? previous : found,
        readSet: transaction.readSet(),
        ts: transaction.snapshotTs,
        isIdentityRead,
        staleAtMs: isClockRead ? nowMs + CLOCK_RESULT_LIFE_MS : null,
      };
    });
  }
}
