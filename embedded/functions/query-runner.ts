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
import { SharedQuery, type Asked, type Reader, type ResultSource } from "./shared-query.ts";
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

const NEWCOMER: Reader = { previous: null, wasShared: false };

/** Runs queries and shares their results between all who ask the same. */
export class QueryRunner {
  readonly #database: Database;
  readonly #executor: FunctionExecutor;
  readonly #clock: Clock;
  readonly #admission: Admission;
  readonly #cache: QueryCache;
  readonly #source: ResultSource<Question> = {
    ask: (request) => this.#ask(request),
    find: (question, ts, reader) => {
      const known = this.#cache.find(question.key, ts);
      return known !== null && this.#isFor(reader, known) ? known : null;
    },
    // How much a socket may watch is bounded already.
    obtain: (question, ts, reader) => this.#obtain(question, ts, reader, false),
  };

  constructor({ database, executor, clock, admission }: QueryRunnerOptions) {
    this.#admission = admission;
    this.#database = database;
    this.#executor = executor;
    this.#clock = clock;
    this.#cache = new QueryCache(database);
  }

  /** The outcome at `ts`, by default the latest; what it shows is durable. */
  async run(request: WatchRequest, ts = this.#database.latestTs): Promise<QueryOutcome> {
    const asked = this.#ask(request);
    if ("outcome" in asked) return asked.outcome;
    const { question } = asked;
    const entry =
      this.#source.find(question, ts, NEWCOMER) ??
      (await this.#obtain(question, ts, NEWCOMER, true));
    await this.#database.flushed(ts);
    return entry.computed.outcome;
  }

  watch(request: WatchRequest, onInvalidated: () => void): LiveQuery {
    return new SharedQuery(this.#source, request, onInvalidated);
  }

  close(): void {
    this.#cache.clear();
  }

  /** A failure, or a result that read the clock long ago, is not given to newcomers. */
  #isFor({ previous }: Reader, { computed }: CachedQuery): boolean {
    if (previous !== null) return true;
    const isYoung = computed.staleAtMs === null || this.#clock.now() < computed.staleAtMs;
    return computed.outcome.ok && isYoung;
  }

  /** The question in canonical form; arguments that are none get their outcome at once. */
  #ask(request: WatchRequest): Asked<Question> {
    try {
      const path = requirePath(request);
      const [args] = parseArgs(path, request.argsJson, { commitTs: false });
      const argsJson = JSON.stringify([args]);
      const parts = [
        request.componentPath,
        canonicalPath(path),
        request.journal,
        mayCallInternal(request),
      ];
      const identity = identityOf(request.caller)?.attributesJson ?? "";
      const key = queryKey(JSON.stringify(parts) + argsJson, identity);
      return { question: { request: { ...request, argsJson }, path, key } };
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      const failure = functionFailure(error, request.metadata.requestId, []);
      return { outcome: { ...failure, journal: null } };
    }
  }

  #obtain(
    question: Question,
    ts: Timestamp,
    reader: Reader,
    mayBeRefused: boolean,
  ): Promise<CachedQuery> {
    const compute = () =>
      this.#admission.run(
        "query",
        question.request,
        (charge) => this.#compute(question, ts, reader.previous, charge),
        { mayBeRefused },
      );
    return this.#cache.obtain(question.key, ts, compute, {
      accept: (known) => this.#isFor(reader, known),
      wasShared: reader.wasShared,
    });
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
