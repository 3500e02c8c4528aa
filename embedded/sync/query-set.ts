import type { Timestamp } from "../database/types.ts";
import type {
  Caller,
  FunctionRunner,
  LiveQuery,
  QueryOutcome,
  RequestMetadata,
} from "../functions/types.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { TrafficLimits } from "../lib/traffic-limits.ts";
import { isSameOutcome, type QueryChange } from "./frames.ts";
import type { QuerySetModification } from "./protocol.ts";

export interface QuerySetOptions {
  readonly runner: FunctionRunner;
  readonly newMetadata: () => RequestMetadata;
  /** Called inside the commit that touched one of the queries. */
  readonly onInvalidated: () => void;
  readonly limits: Pick<
    TrafficLimits,
    "watchedQueries" | "watchedArgumentBytes" | "watchedResultBytes"
  >;
}

/** The queries that one client watches, with what it was last told about each. */
export class QuerySet {
  readonly #options: QuerySetOptions;
  readonly #queries = new Map<number, WatchedQuery>();
  readonly #removed = new Set<number>();
  /** Those that may have changed since the client was told of them. */
  readonly #dirty = new Set<WatchedQuery>();
  #argumentLength = 0;
  #resultLength = 0;

  constructor(options: QuerySetOptions) {
    this.#options = options;
  }

  /** @throws ServiceError when an id is added twice or an unknown one removed. */
  apply(modification: QuerySetModification): void {
    const { queryId } = modification;
    if (modification.type === "Remove") {
      const query = this.#queries.get(queryId);
      if (query === undefined) throw badQueryId(`Nonexistent query id: ${queryId}`);
      query.live?.release();
      this.#queries.delete(queryId);
      this.#dirty.delete(query);
      this.#removed.add(queryId);
      this.#argumentLength -= argumentLength(query);
      this.#resultLength -= resultLength(query.sent);
      return;
    }
    if (this.#queries.has(queryId)) throw badQueryId(`Duplicate query ID: ${queryId}`);
    const { watchedQueries, watchedArgumentBytes } = this.#options.limits;
    this.#argumentLength += argumentLength(modification);
    if (this.#queries.size >= watchedQueries || this.#argumentLength > watchedArgumentBytes) {
      throw tooMuchWatched(
        `One socket can watch ${watchedQueries} queries with ${watchedArgumentBytes} bytes of ` +
          "arguments.",
      );
    }
    this.#removed.delete(queryId);
    const query: WatchedQuery = { ...modification, live: null, sent: null };
    this.#queries.set(queryId, query);
    this.#dirty.add(query);
  }

  /** Watches everything anew, because someone else is asking from now on. */
  resubscribe(): void {
    for (const query of this.#queries.values()) {
      query.live?.release();
      query.live = null;
      this.#dirty.add(query);
    }
  }

  /**
   * Evaluates the queries that may have changed, all begun in this turn so that they share the
   * snapshot `ts`. Resolves to what the client has to be told, and takes it as told.
   */
  async evaluate(ts: Timestamp, caller: Caller): Promise<readonly QueryChange[]> {
    const removals = Array.from(this.#removed, (queryId) => ({ queryId, outcome: null }));
    this.#removed.clear();
    const evaluations = Array.from(this.#dirty, (query) => this.#evaluateOne(query, ts, caller));
    const [only] = evaluations;
    const updates =
      evaluations.length === 1 && only !== undefined
        ? [await only]
        : await Promise.all(evaluations);
    return [...removals, ...updates.filter((update) => update !== null)];
  }

  close(): void {
    for (const query of this.#queries.values()) query.live?.release();
    this.#queries.clear();
    this.#dirty.clear();
  }

  async #evaluateOne(
    query: WatchedQuery,
    ts: Timestamp,
    caller: Caller,
  ): Promise<QueryChange | null> {
    const live = this.#watch(query, caller);
    this.#dirty.delete(query);
    const outcome = await live.evaluate(ts);
    if (outcome.ok) query.journal = outcome.journal;
    if (!this.#queries.has(query.queryId)) return null;
    if (isSameOutcome(query.sent, outcome)) return null;
    this.#resultLength += resultLength(outcome) - resultLength(query.sent);
    query.sent = outcome;
    const { watchedResultBytes } = this.#options.limits;
    if (this.#resultLength > watchedResultBytes) {
      throw tooMuchWatched(`One socket can watch ${watchedResultBytes} bytes of results.`);
    }
    return { queryId: query.queryId, outcome };
  }

  #watch(query: WatchedQuery, caller: Caller): LiveQuery {
    query.live ??= this.#options.runner.watch(
      {
        componentPath: query.componentPath,
        path: query.path,
        argsJson: query.argsJson,
        journal: query.journal,
        caller,
        metadata: this.#options.newMetadata(),
      },
      () => {
        this.#dirty.add(query);
        this.#options.onInvalidated();
      },
    );
    return query.live;
  }
}

interface WatchedQuery {
  readonly queryId: number;
  readonly path: string;
  readonly argsJson: string;
  readonly componentPath: string;
  /** From the client, then from the last run: what a page ended with outlives a change of identity. */
  journal: string | null;
  live: LiveQuery | null;
  sent: QueryOutcome | null;
}

/** Lengths stand for bytes: texts are ASCII for the most part. */
function argumentLength({ argsJson, path }: Pick<WatchedQuery, "argsJson" | "path">): number {
  return argsJson.length + path.length;
}

function resultLength(outcome: QueryOutcome | null): number {
  if (outcome === null) return 0;
  return outcome.ok ? outcome.valueJson.length : outcome.errorMessage.length;
}

function tooMuchWatched(message: string): ServiceError {
  return new ServiceError("rateLimited", "TooManyConcurrentRequests", message);
}

function badQueryId(message: string): ServiceError {
  return new ServiceError("badRequest", "InvalidQueryId", message);
}
