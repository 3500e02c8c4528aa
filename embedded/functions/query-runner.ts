import type { Database, Timestamp, Transaction } from "../database/types.ts";
import { BoundedCache } from "../lib/bounded-cache.ts";
import { RETENTION_LIMITS } from "../lib/limits.ts";
import { canonicalPath, type FunctionPath } from "../modules/function-path.ts";
import { FunctionError } from "../runtime/function-error.ts";
import type { FunctionExecutor } from "../runtime/function-executor.ts";
import { parseArgs } from "../runtime/function-info.ts";
import type { RunResult } from "../runtime/function-run.ts";
import type { Clock } from "../runtime/services.ts";
import { requireUnexpired, type Admission, type Admitted } from "./admission.ts";
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

const CLOCK_RESULT_LIFE_MS = RETENTION_LIMITS.resultsThatReadTheClockMs.max;

export interface QueryRunnerOptions {
  readonly database: Database;
  readonly executor: FunctionExecutor;
  readonly clock: Clock;
  readonly admission: Admission;
}

/** What a request asks, whoever sends it. */
interface Reading {
  readonly path: FunctionPath;
  /** In canonical form. */
  readonly argsJson: string;
  /** Component, path, arguments, journal and kind of caller as a text. */
  readonly text: string;
  readonly keyOfVisitors: QueryKey;
}

/** A query that was asked for: where it is and what decides its result. */
interface Question {
  readonly request: WatchRequest;
  readonly reading: Reading;
  readonly key: QueryKey;
  /** Under which the reading is to be kept when the result was known; `null` for not at all. */
  readonly wording: string | null;
}

/** Characters of the readings that are kept, and of the longest arguments among them. */
const MAX_READINGS_LENGTH = 4 * 2 ** 20;
const MAX_KEPT_ARGS_LENGTH = 2_000;

const NEWCOMER: Reader = { previous: null, wasShared: false };

/** Runs queries and shares their results between all who ask the same. */
export class QueryRunner {
  readonly #database: Database;
  readonly #executor: FunctionExecutor;
  readonly #clock: Clock;
  readonly #admission: Admission;
  readonly #cache: QueryCache;
  /** Readings by wording: who asks for a known result mostly says it in words that are known, too. */
  readonly #readings = new BoundedCache<Reading>(MAX_READINGS_LENGTH);
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
    const known = this.#source.find(question, ts, NEWCOMER);
    if (known !== null) this.#keepReading(question);
    const entry = known ?? (await this.#obtain(question, ts, NEWCOMER, true));
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
      const wording = wordingOf(request);
      const known = wording === null ? undefined : this.#readings.get(wording, lengthOf);
      const reading = known ?? read(request);
      const identity = identityOf(request.caller)?.attributesJson ?? "";
      const key = identity === "" ? reading.keyOfVisitors : queryKey(reading.text, identity);
      return { question: { request, reading, key, wording: known === undefined ? wording : null } };
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      const failure = functionFailure(error, request.metadata.requestId, []);
      return { outcome: { ...failure, journal: null } };
    }
  }

  #keepReading({ wording, reading }: Question): void {
    if (wording !== null) this.#readings.set(wording, reading, lengthOf(reading));
  }

  #obtain(
    question: Question,
    ts: Timestamp,
    reader: Reader,
    mayBeRefused: boolean,
  ): Promise<CachedQuery> {
    const { request, reading } = question;
    const { path } = reading;
    const compute = () =>
      this.#admission.runInEngine(
        { kind: "query", request, path, sessionId: null, mayBeRefused },
        (admitted) => this.#compute(question, ts, reader.previous, admitted),
      );
    return this.#cache.obtain(question.key, ts, compute, {
      accept: (known) => this.#isFor(reader, known),
      wasShared: reader.wasShared,
    });
  }

  async #compute(
    { request, reading: { path, argsJson } }: Question,
    ts: Timestamp,
    previous: QueryOutcome | null,
    admitted: Admitted,
  ): Promise<ComputedQuery> {
    const nowMs = this.#clock.now();
    requireUnexpired(request.caller, nowMs);
    const begin = () => {
      admitted.begin();
      const options = { nowMs, journal: request.journal, areArgsCanonical: true };
      return {
        transaction: this.#database.begin({ ts, nowMs }),
        request: toRunRequest({ ...request, argsJson }, path, "query", options),
      };
    };
    const finish = (result: RunResult, transaction: Transaction): ComputedQuery => {
      const { outcome, logLines, isIdentityRead, isClockRead } = result;
      admitted.ran(result.spentMs);
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
    };
    return await this.#executor.run(begin, finish, admitted.lane);
  }
}

/**
 * A client's question in the words it came in, for which no other can be taken: paths have no line
 * breaks. Questions of others and of later pages are read each time.
 */
function wordingOf({
  componentPath,
  path,
  argsJson,
  caller,
  journal,
}: WatchRequest): string | null {
  const isPlain = caller.kind === "client" && componentPath === "" && journal === null;
  return isPlain && argsJson.length <= MAX_KEPT_ARGS_LENGTH ? `${path}\n${argsJson}` : null;
}

/** @throws FunctionError for a path and arguments that are none. */
function read(request: WatchRequest): Reading {
  const path = requirePath(request);
  const [args] = parseArgs(path, request.argsJson, { commitTs: false });
  const argsJson = JSON.stringify([args]);
  const { componentPath, journal } = request;
  const parts = [componentPath, canonicalPath(path), journal, mayCallInternal(request)];
  const text = JSON.stringify(parts) + argsJson;
  return { path, argsJson, text, keyOfVisitors: queryKey(text, "") };
}

/** Of what a reading keeps alive, its wording included. */
function lengthOf({ argsJson, text }: Reading): number {
  return 2 * argsJson.length + 3 * text.length;
}
