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

/** A question, everything that decides a query's result except the data, as keys of the cache. */
export interface QueryKey {
  /** Of a result that is the same for everybody. */
  readonly forAll: string;
  /** Of one that depends on who is calling. */
  readonly forCaller: string;
}

/**
 * @param question component, path, arguments, journal and kind of caller
 * @param identity the caller's, which matters only when the function reads it
 */
export function queryKey(question: string, identity: string): QueryKey {
  return { forAll: `${question}\nanyone`, forCaller: `${question}\n=${identity}` };
}

export interface ObtainOptions {
  /** Whether a known result will do. */
  readonly accept: (entry: CachedQuery) => boolean;
  /** Whether the result was the same for everybody the last time, so that it may well be again. */
  readonly wasShared: boolean;
}

/** Results nobody watches that are kept for the next one who asks. */
const MAX_UNWATCHED = 2_000;
/** And how long they may be together: many results that are each as large as allowed are too much. */
const MAX_UNWATCHED_LENGTH = 64 * 2 ** 20;

/** The most commits that a result is compared with which was asked for once. */
const MAX_COMMITS_APART = 64;

/** Told once, in the commit that touched the result. */
export interface QueryListener {
  invalidated(): void;
}

/** Told what happens to a result. */
interface Keeper {
  /** In the commit that touched it, before those who listen. */
  invalidated(entry: CachedQuery): void;
  /** Somebody listens now who is the first, or nobody any more. */
  watchedOrNot(entry: CachedQuery): void;
}

/**
 * A result with the interval of timestamps at which it holds. It is told of the commit that touches it
 * from when it is wanted a second time or listened to: many results are asked for once. Until then it
 * looks at the commits that were made since.
 */
export class CachedQuery {
  readonly key: string;
  readonly computed: ComputedQuery;
  /** How many commits its cache had seen when it was made. */
  readonly commitsBefore: number;
  readonly #database: Database;
  #listeners = new Set<QueryListener>();
  readonly #keeper: Keeper;
  #isKept = true;
  #subscription: Subscription | null = null;
  /** First timestamp at which the result no longer holds, as far as that is known. */
  #invalidatedAt: Timestamp | null = null;

  constructor(
    database: Database,
    { key, computed, commitsBefore }: Pick<CachedQuery, "key" | "computed" | "commitsBefore">,
    keeper: Keeper,
  ) {
    this.#database = database;
    this.key = key;
    this.computed = computed;
    this.commitsBefore = commitsBefore;
    this.#keeper = keeper;
  }

  get isFresh(): boolean {
    if (!this.isTold) this.#checkFreshness();
    return this.#invalidatedAt === null;
  }

  /** Whether it learns by itself of the commit that touches it. */
  get isTold(): boolean {
    return this.#subscription !== null;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  holdsAt(ts: Timestamp): boolean {
    const isFresh = this.isFresh;
    if (this.#invalidatedAt !== null && ts >= this.#invalidatedAt) return false;
    if (ts >= this.computed.ts) return true;
    return isFresh && this.#database.isUnchanged(this.computed.readSet, ts);
  }

  /**
   * Calls back once, synchronously in the commit that invalidates the result. Returns `false`, and
   * never calls back, when that has happened already.
   */
  addListener(listener: QueryListener): boolean {
    this.subscribe();
    if (!this.isFresh) return false;
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#keeper.watchedOrNot(this);
    return true;
  }

  /** To be told from now on. */
  subscribe(): void {
    if (this.isTold || !this.isFresh) return;
    this.#subscription = this.#database.subscribe(this.computed.readSet, (ts) => {
      this.#invalidate(ts);
    });
  }

  removeListener(listener: QueryListener): void {
    if (!this.#listeners.delete(listener) || this.isWatched) return;
    this.#keeper.watchedOrNot(this);
    this.#endUnneeded();
  }

  /** Nobody new will be given it. Those who have it may still listen, from now on too. */
  letGo(): void {
    this.#isKept = false;
    this.#endUnneeded();
  }

  /** For a result that is not told: when exactly something touched it does not matter. */
  #checkFreshness(): void {
    if (this.#invalidatedAt !== null) return;
    const { readSet, ts } = this.computed;
    if (!this.#database.isUnchanged(readSet, ts)) this.#invalidatedAt = ts + 1n;
  }

  #endUnneeded(): void {
    if (this.#isKept || this.isWatched) return;
    this.#subscription?.cancel();
    this.#subscription = null;
  }

  #invalidate(ts: Timestamp): void {
    this.#invalidatedAt = ts;
    this.#subscription = null;
    this.#keeper.invalidated(this);
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener.invalidated();
  }
}

/** Results by question, each shared by all who may see it, dropped by the commit that touches it. */
export class QueryCache {
  readonly #database: Database;
  readonly #entries = new Map<string, CachedQuery>();
  /** Those nobody watches, least recently used first. */
  readonly #idle = new Set<CachedQuery>();
  #idleLength = 0;
  /** Runs under way by key, `null` for one that was refused; the first of a question for all, too. */
  readonly #running = new Map<string, Promise<CachedQuery | null>>();
  readonly #keeper: Keeper;
  readonly #stopCounting: () => void;
  #commits = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#stopCounting = database.onCommit(() => void (this.#commits += 1));
    this.#keeper = {
      invalidated: (entry) => {
        if (this.#isListed(entry)) this.#entries.delete(entry.key);
        this.#removeIdle(entry);
      },
      watchedOrNot: (entry) => {
        this.#removeIdle(entry);
        if (this.#isListed(entry)) this.#noteUse(entry);
      },
    };
  }

  /** A result that holds at `ts`; `null` when it has to be computed. */
  find({ forAll, forCaller }: QueryKey, ts: Timestamp): CachedQuery | null {
    const entry = this.#holding(forAll, ts) ?? this.#holding(forCaller, ts);
    // One that somebody watches is not among those that may be dropped.
    if (entry !== null && !entry.isWatched) this.#noteUse(entry);
    return entry;
  }

  /**
   * A result that holds at `ts`, computed unless it is known or being computed. A result that was
   * the same for everybody is computed once for all callers who wait for it.
   */
  async obtain(
    key: QueryKey,
    ts: Timestamp,
    compute: () => Promise<ComputedQuery>,
    { accept, wasShared }: ObtainOptions,
  ): Promise<CachedQuery> {
    let mayServeAll = wasShared;
    for (;;) {
      const known = this.find(key, ts);
      if (known !== null && accept(known)) return known;
      const own = this.#running.get(key.forCaller);
      const running = own ?? (mayServeAll ? this.#running.get(key.forAll) : undefined);
      if (running === undefined) return await this.#start(key, compute);
      // What kept another caller from it, such as a token that ran out, need not concern this one.
      const entry = await running;
      if (entry === null) continue;
      const isOthers = own === undefined && entry.computed.isIdentityRead;
      if (isOthers) mayServeAll = false;
      else if (entry.holdsAt(ts)) return entry;
    }
  }

  /** @throws what `compute` throws */
  async #start(key: QueryKey, compute: () => Promise<ComputedQuery>): Promise<CachedQuery> {
    const computing = compute().then((computed) => this.#add(key, computed));
    const settled = computing.catch(() => null);
    const keys = [key.forCaller];
    if (!this.#running.has(key.forAll)) keys.push(key.forAll);
    for (const each of keys) this.#running.set(each, settled);
    try {
      return await computing;
    } finally {
      for (const each of keys) this.#running.delete(each);
    }
  }

  /** Forgets everything, for a deployment that closes. */
  clear(): void {
    const entries = [...this.#entries.values()];
    this.#stopCounting();
    this.#entries.clear();
    this.#idle.clear();
    this.#idleLength = 0;
    for (const entry of entries) entry.letGo();
  }

  /** How many results are kept; for tests and metrics. */
  get size(): number {
    return this.#entries.size;
  }

  #add(key: QueryKey, computed: ComputedQuery): CachedQuery {
    const entryKey = computed.isIdentityRead ? key.forCaller : key.forAll;
    const found = { key: entryKey, computed, commitsBefore: this.#commits };
    const entry = new CachedQuery(this.#database, found, this.#keeper);
    if (!entry.isFresh) return entry;
    const previous = this.#entries.get(entryKey);
    this.#entries.set(entryKey, entry);
    if (previous !== undefined) {
      this.#letGo(previous);
      entry.subscribe();
    }
    this.#noteUse(entry);
    return entry;
  }

  #holding(entryKey: string, ts: Timestamp): CachedQuery | null {
    const entry = this.#entries.get(entryKey);
    if (entry === undefined || this.#isFarBehind(entry) || !entry.holdsAt(ts)) return null;
    entry.subscribe();
    return entry;
  }

  /** Whether comparing it with all commits since may take longer than computing it again. */
  #isFarBehind(entry: CachedQuery): boolean {
    return !entry.isTold && this.#commits - entry.commitsBefore > MAX_COMMITS_APART;
  }

  #noteUse(entry: CachedQuery): void {
    this.#removeIdle(entry);
    if (!entry.isWatched) {
      this.#idle.add(entry);
      this.#idleLength += lengthOf(entry);
    }
    for (const oldest of this.#idle) {
      const isLong = this.#idleLength > MAX_UNWATCHED_LENGTH;
      if (this.#idle.size <= MAX_UNWATCHED && !isLong) return;
      this.#entries.delete(oldest.key);
      this.#letGo(oldest);
    }
  }

  #removeIdle(entry: CachedQuery): void {
    if (this.#idle.delete(entry)) this.#idleLength -= lengthOf(entry);
  }

  #letGo(entry: CachedQuery): void {
    this.#removeIdle(entry);
    entry.letGo();
  }

  #isListed(entry: CachedQuery): boolean {
    return this.#entries.get(entry.key) === entry;
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

function lengthOf({ key, computed: { outcome } }: CachedQuery): number {
  return key.length + (outcome.ok ? outcome.valueJson.length : outcome.errorMessage.length);
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((line, index) => line === right[index]);
}
