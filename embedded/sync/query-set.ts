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

const NO_CHANGES: readonly QueryChange[] = [];

/** The queries that one client watches, with what it was last told about each. */
export class QuerySet {
  readonly #options: QuerySetOptions;
  readonly #queries = new Map<number, WatchedQuery>();
  readonly #removed = new Set<number>();
  /** Those that may have changed since the client was told of them; removed ones may be among them. */
  #dirty: WatchedQuery[] = [];
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
      query.isRemoved = true;
      this.#queries.delete(queryId);
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
    // Field by field, so that all have one hidden class: a spread makes each of them its own.
    const query: WatchedQuery = {
      queryId,
      path: modification.path,
      argsJson: modification.argsJson,
      componentPath: modification.componentPath,
      journal: modification.journal,
      live: null,
      sent: null,
      isDirty: false,
      isRemoved: false,
    };
    this.#queries.set(queryId, query);
    this.#markDirty(query);
  }

  /** Watches everything anew, because someone else is asking from now on. */
  resubscribe(): void {
    for (const query of this.#queries.values()) {
      query.live?.release();
      query.live = null;
      this.#markDirty(query);
    }
  }

  /**
   * Evaluates the queries that may have changed, all begun in this turn so that they share the
   * snapshot `ts`. What the client has to be told, taken as told; at once when it is known.
   */
  evaluate(
    ts: Timestamp,
    caller: Caller,
  ): readonly QueryChange[] | Promise<readonly QueryChange[]> {
    const dirty = this.#dirty;
    this.#dirty = [];
    const only = dirty[0];
    if (dirty.length === 1 && only !== undefined && this.#removed.size === 0) {
      const change = this.#evaluateOne(only, ts, caller);
      return change instanceof Promise ? change.then(asList) : asList(change);
    }
    const removals = Array.from(this.#removed, (queryId) => ({ queryId, outcome: null }));
    this.#removed.clear();
    const changes = dirty.map((query) => this.#evaluateOne(query, ts, caller));
    if (areKnown(changes)) return [...removals, ...withoutNull(changes)];
    const all = Promise.all(changes.map((change) => Promise.resolve(change)));
    return all.then((known) => [...removals, ...withoutNull(known)]);
  }

  close(): void {
    for (const query of this.#queries.values()) {
      query.live?.release();
      query.isRemoved = true;
    }
    this.#queries.clear();
    this.#dirty = [];
  }

  #markDirty(query: WatchedQuery): void {
    if (query.isDirty) return;
    query.isDirty = true;
    this.#dirty.push(query);
  }

  #evaluateOne(
    query: WatchedQuery,
    ts: Timestamp,
    caller: Caller,
  ): QueryChange | null | Promise<QueryChange | null> {
    query.isDirty = false;
    if (query.isRemoved) return null;
    const outcome = this.#watch(query, caller).evaluate(ts);
    return outcome instanceof Promise
      ? outcome.then((known) => this.#take(query, known))
      : this.#take(query, outcome);
  }

  #take(query: WatchedQuery, outcome: QueryOutcome): QueryChange | null {
    if (outcome.ok) query.journal = outcome.journal;
    if (query.isRemoved) return null;
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
        this.#markDirty(query);
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
  /** Whether it is on the list of those that may have changed. */
  isDirty: boolean;
  isRemoved: boolean;
}

function asList(change: QueryChange | null): readonly QueryChange[] {
  return change === null ? NO_CHANGES : [change];
}

function areKnown(
  changes: readonly (QueryChange | null | Promise<QueryChange | null>)[],
): changes is readonly (QueryChange | null)[] {
  return changes.every((change) => !(change instanceof Promise));
}

function withoutNull(changes: readonly (QueryChange | null)[]): readonly QueryChange[] {
  return changes.filter((change) => change !== null);
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
