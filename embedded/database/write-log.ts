import type { SearchDocument } from "../search/search-document.ts";
import type { CatalogState, TableState } from "./catalog-state.ts";
import { DatabaseError } from "./database-error.ts";
import type { IndexKey, StoredDocument, Timestamp } from "./types.ts";

/** One document's change within a commit; both `null` never happens. */
export interface DocumentChange {
  readonly table: TableState;
  readonly id: string;
  readonly before: StoredDocument | null;
  readonly after: StoredDocument | null;
}

/** A key of an index that a commit wrote, with the id it led to before. */
export class TouchedKey {
  readonly index: number;
  readonly before: string | null;
  readonly change: DocumentChange | null;
  #key: IndexKey | (() => IndexKey);

  /** Made when it is first asked for where nothing else needs it: most commits meet no reader. */
  constructor(
    index: number,
    key: IndexKey | (() => IndexKey),
    before: string | null,
    change: DocumentChange | null,
  ) {
    this.index = index;
    this.#key = key;
    this.before = before;
    this.change = change;
  }

  get key(): IndexKey {
    return typeof this.#key === "string" ? this.#key : (this.#key = this.#key());
  }
}

/** A version of a document in a search index that a commit added, replaced or removed. */
export class TouchedSearchDocument {
  readonly change: DocumentChange;
  readonly #make: () => SearchDocument | null;
  #document: SearchDocument | null | undefined;

  /** `make` is called when the document is first asked for: most commits meet no search. */
  constructor(change: DocumentChange, make: () => SearchDocument | null) {
    this.change = change;
    this.#make = make;
  }

  /** `null` when this version is not in the index. */
  get document(): SearchDocument | null {
    return this.#document === undefined ? (this.#document = this.#make()) : this.#document;
  }
}

export interface LogEntry {
  readonly ts: Timestamp;
  readonly changes: readonly DocumentChange[];
  /** Old and new keys of every changed document; catalog keys too. */
  readonly touched: readonly TouchedKey[];
  /** Old and new versions of changed documents, per search index number. */
  readonly searched: ReadonlyMap<number, readonly TouchedSearchDocument[]>;
  /** Numbers of indexes that went away or changed as a whole. */
  readonly invalidatedIndexes: readonly number[];
  readonly catalogBefore: CatalogState | null;
  readonly countDeltas: ReadonlyMap<string, number>;
}

export interface RetentionLimits {
  readonly commits: number;
  readonly ageMs: number;
  /** Characters of document text, old and new versions together. */
  readonly textLength: number;
}

/**
 * The latest commits with the values they replaced: for validating transactions and for reading at
 * slightly older timestamps. Bounded by number, age and size.
 */
export class WriteLog {
  readonly #entries: LogEntry[] = [];
  #first = 0;
  #textLength = 0;
  #oldestTs: Timestamp;
  readonly #limits: RetentionLimits;

  constructor(oldestTs: Timestamp, limits: RetentionLimits) {
    this.#oldestTs = oldestTs;
    this.#limits = limits;
  }

  /** The oldest timestamp whose snapshot can still be read. */
  get oldestTs(): Timestamp {
    return this.#oldestTs;
  }

  append(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#textLength += textLengthOf(entry);
    const minTs = entry.ts - BigInt(this.#limits.ageMs) * 1_000_000n;
    for (;;) {
      const oldest = this.#entries[this.#first];
      const count = this.#entries.length - this.#first;
      const isWithinLimits =
        count <= this.#limits.commits &&
        this.#textLength <= this.#limits.textLength &&
        (oldest?.ts ?? entry.ts) >= minTs;
      if (oldest === undefined || isWithinLimits) break;
      this.#dropFirst(oldest);
    }
    this.#compact();
  }

  /** Makes snapshots older than `ts` unreadable, those of views that are open included. */
  forgetBefore(ts: Timestamp): void {
    for (;;) {
      const oldest = this.#entries[this.#first];
      if (oldest === undefined || oldest.ts > ts) break;
      this.#dropFirst(oldest);
    }
    if (ts > this.#oldestTs) this.#oldestTs = ts;
    this.#compact();
  }

  /** @throws DatabaseError `SnapshotTooOld` */
  requireKept(ts: Timestamp): void {
    if (ts >= this.#oldestTs) return;
    throw new DatabaseError(
      "SnapshotTooOld",
      `The timestamp ${ts} is too old to be read; the oldest one kept is ${this.#oldestTs}.`,
    );
  }

  #dropFirst(oldest: LogEntry): void {
    this.#textLength -= textLengthOf(oldest);
    this.#oldestTs = oldest.ts;
    this.#first += 1;
  }

  #compact(): void {
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** Commits later than `ts`, oldest first. Throws `DatabaseError` (`SnapshotTooOld`). */
  *since(ts: Timestamp): Generator<LogEntry> {
    this.requireKept(ts);
    for (let position = this.#firstAfter(ts); position < this.#entries.length; position += 1) {
      const entry = this.#entries[position];
      if (entry !== undefined) yield entry;
    }
  }

  #firstAfter(ts: Timestamp): number {
    let low = this.#first;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.ts ?? 0n) <= ts) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function textLengthOf({ changes }: LogEntry): number {
  let length = 0;
  for (const { before, after } of changes) {
    length += (before?.json.length ?? 0) + (after?.json.length ?? 0);
  }
  return length;
}
