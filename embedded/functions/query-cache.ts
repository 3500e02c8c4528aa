import type { Database, ReadSet, Subscription, Timestamp } from "../database/types.ts";
import { failureText } from "./function-failure.ts";
import type { QueryOutcome } from "./types.ts";

/** What one run of a query found out, apart from its outcome. */
export interface ComputedQuery {
  readonly outcome: QueryOutcome;
  readonly readSet: ReadSet;
  readonly ts: Timestamp;
  readonly isIdentityRead: boolean;
  /** When a result that read the clock is too old to be given to newcomers; `null` for never. */
  readonly staleAtMs: number | null;
}

/** A question: everything that decides a query's result except the data. */
export interface QueryKey {
  /** Component, path, arguments, journal and kind of caller. */
  readonly question: string;
  /** The caller's identity, which matters only when the function reads it. */
  readonly identity: string;
}

/** Results nobody watches that are kept for the next one who asks. */
const MAX_UNWATCHED = 2_000;
const ANYONE = "\nanyone";

/** A result with the interval of timestamps at which it holds. */
export class CachedQuery {
  readonly computed: ComputedQuery;
  readonly #database: Database;
  readonly #listeners = new Set<() => void>();
  readonly #onInvalidated: (entry: CachedQuery) => void;
  #subscription: Subscription | null = null;
  /** First timestamp at which the result no longer holds. */
  #invalidatedAt: Timestamp | null = null;

  constructor(
    database: Database,
    computed: ComputedQuery,
    onInvalidated: (entry: CachedQuery) => void,
  ) {
    this.#database = database;
    this.computed = computed;
    this.#onInvalidated = onInvalidated;
    if (database.isUnchanged(computed.readSet, computed.ts)) {
      this.#subscription = database.subscribe(computed.readSet, (ts) => this.#invalidate(ts));
    } else {
      // Something touched it between its snapshot and now; when exactly does not matter.
      this.#invalidatedAt = computed.ts + 1n;
    }
  }

  get isFresh(): boolean {
    return this.#invalidatedAt === null;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  holdsAt(ts: Timestamp): boolean {
    if (this.#invalidatedAt !== null && ts >= this.#invalidatedAt) return false;
    if (ts >= this.computed.ts) return true;
    return this.isFresh && this.#database.isUnchanged(this.computed.readSet, ts);
  }

  /** Calls back once, synchronously in the commit that invalidates the result. */
  addListener(listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeListener(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  dispose(): void {
    this.#subscription?.cancel();
    this.#subscription = null;
  }

  #invalidate(ts: Timestamp): void {
    this.#invalidatedAt = ts;
    this.#subscription = null;
    this.#onInvalidated(this);
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}

/** Results by question, each shared by all who may see it, dropped by the commit that touches it. */
export class QueryCache {
  readonly #database: Database;
  readonly #entries = new Map<string, CachedQuery>();
  readonly #running = new Map<string, Promise<CachedQuery>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** A result that holds at `ts`; `null` when it has to be computed. */
  find(key: QueryKey, ts: Timestamp): CachedQuery | null {
    for (const entryKey of [key.question + ANYONE, entryKeyOf(key)]) {
      const entry = this.#entries.get(entryKey);
      if (entry?.holdsAt(ts) === true) {
        this.#entries.delete(entryKey);
        this.#entries.set(entryKey, entry);
        return entry;
      }
    }
    return null;
  }

  /**
   * A result that holds at `ts`, computed unless it is known or being computed.
   * @param accept whether a known result will do.
   */
  async obtain(
    key: QueryKey,
    ts: Timestamp,
    compute: () => Promise<ComputedQuery>,
    accept: (entry: CachedQuery) => boolean,
  ): Promise<CachedQuery> {
    const runningKey = entryKeyOf(key);
    for (;;) {
      const known = this.find(key, ts);
      if (known !== null && accept(known)) return known;
      const running = this.#running.get(runningKey);
      if (running === undefined) break;
      // What kept another caller from it, such as a token that ran out, need not concern this one.
      const entry = await running.catch(() => null);
      if (entry?.holdsAt(ts) === true) return entry;
    }
    const computing = compute().then((computed) => this.#add(key, computed));
    this.#running.set(runningKey, computing);
    try {
      return await computing;
    } finally {
      this.#running.delete(runningKey);
    }
  }

  /** Forgets everything, for a deployment that closes. */
  clear(): void {
    for (const entry of this.#entries.values()) entry.dispose();
    this.#entries.clear();
  }

  /** How many results are kept; for tests and metrics. */
  get size(): number {
    return this.#entries.size;
  }

  #add(key: QueryKey, computed: ComputedQuery): CachedQuery {
    const entryKey = computed.isIdentityRead ? entryKeyOf(key) : key.question + ANYONE;
    const entry = new CachedQuery(this.#database, computed, (invalidated) => {
      if (this.#entries.get(entryKey) === invalidated) this.#entries.delete(entryKey);
    });
    const previous = this.#entries.get(entryKey);
    if (!entry.isFresh) return entry;
    if (previous !== undefined && !previous.isWatched) previous.dispose();
    this.#entries.delete(entryKey);
    this.#entries.set(entryKey, entry);
    this.#evict();
    return entry;
  }

  #evict(): void {
    let excess = this.#entries.size - MAX_UNWATCHED;
    for (const [entryKey, entry] of this.#entries) {
      if (excess <= 0) return;
      if (entry.isWatched) continue;
      entry.dispose();
      this.#entries.delete(entryKey);
      excess -= 1;
    }
  }
}

/** Whether two outcomes are the same for a client: everything but the request id. */
export function isSameOutcome(left: QueryOutcome, right: QueryOutcome): boolean {
  if (left === right) return true;
  if (left.journal !== right.journal || !isSameList(left.logLines, right.logLines)) return false;
  if (left.ok) return right.ok && left.valueJson === right.valueJson;
  return (
    !right.ok &&
    failureText(left) === failureText(right) &&
    left.errorDataJson === right.errorDataJson
  );
}

function entryKeyOf({ question, identity }: QueryKey): string {
  return `${question}\n=${identity}`;
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((line, index) => line === right[index]);
}
