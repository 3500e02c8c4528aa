import type { Timestamp } from "../database/types.ts";
import { isSameOutcome, type CachedQuery, type QueryListener } from "./query-cache.ts";
import type { LiveQuery, QueryOutcome, WatchRequest } from "./types.ts";

/** A question, or the outcome of one that cannot be asked. */
export type Asked<Question> = { readonly question: Question } | { readonly outcome: QueryOutcome };

/** Where results come from. */
export interface ResultSource<Question> {
  ask(request: WatchRequest): Asked<Question>;
  /** A known result that holds at `ts`; `null` when it has to be computed. */
  find(question: Question, ts: Timestamp, reader: Reader): CachedQuery | null;
  obtain(question: Question, ts: Timestamp, reader: Reader): Promise<CachedQuery>;
}

/** Who asks, as far as it matters for what he may be given. */
export interface Reader {
  /** What he was told last; newcomers were told nothing. */
  readonly previous: QueryOutcome | null;
  /** Whether the result was the same for everybody the last time. */
  readonly wasShared: boolean;
}

/** A query that one watcher follows, as one of those who share its result. */
export class SharedQuery<Question> implements LiveQuery, QueryListener {
  readonly #source: ResultSource<Question>;
  readonly #request: WatchRequest;
  readonly #onInvalidated: () => void;
  #asked: Asked<Question> | null = null;
  #askedJournal: string | null = null;
  #previous: QueryOutcome | null = null;
  #entry: CachedQuery | null = null;
  #isReleased = false;

  constructor(source: ResultSource<Question>, request: WatchRequest, onInvalidated: () => void) {
    this.#source = source;
    this.#request = request;
    this.#onInvalidated = onInvalidated;
  }

  get isFresh(): boolean {
    return this.#entry?.isFresh ?? false;
  }

  evaluate(ts: Timestamp): QueryOutcome | Promise<QueryOutcome> {
    const asked = this.#ask(this.#previous?.journal ?? this.#request.journal);
    if ("outcome" in asked) return (this.#previous ??= asked.outcome);
    if (this.#entry?.holdsAt(ts) === true) return this.#take(this.#entry);
    const known = this.#source.find(asked.question, ts, this);
    if (known !== null) return this.#take(known);
    return this.#source.obtain(asked.question, ts, this).then((entry) => this.#take(entry));
  }

  release(): void {
    this.#isReleased = true;
    this.#entry?.removeListener(this);
  }

  invalidated(): void {
    this.#onInvalidated();
  }

  get previous(): QueryOutcome | null {
    return this.#previous;
  }

  get wasShared(): boolean {
    return this.#entry?.computed.isIdentityRead === false;
  }

  /** A page's end is part of its question from its first run on. */
  #ask(journal: string | null): Asked<Question> {
    if (this.#asked === null || this.#askedJournal !== journal) {
      this.#asked = this.#source.ask({ ...this.#request, journal });
      this.#askedJournal = journal;
    }
    return this.#asked;
  }

  #take(entry: CachedQuery): QueryOutcome {
    if (entry !== this.#entry) this.#entry?.removeListener(this);
    this.#entry = entry;
    if (!this.#isReleased && !entry.addListener(this)) queueMicrotask(this.#onInvalidated);
    const { outcome } = entry.computed;
    const isSame = this.#previous !== null && isSameOutcome(this.#previous, outcome);
    return isSame && this.#previous !== null ? this.#previous : (this.#previous = outcome);
  }
}
