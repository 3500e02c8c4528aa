/**
 * The database rung's contract: what the rungs above (functions, scheduler, sync, http) may rely on.
 *
 * Every call is synchronous except `flushed`. A transaction reads one snapshot plus its own writes;
 * it never crosses an `await` unless the caller holds it open on purpose (tests of interleavings,
 * WebCrypto inside a mutation). Documents travel as canonical Convex JSON text, so that results can
 * be spliced together without decoding.
 */

/** Nanoseconds of Unix time; passes 2^53, therefore a bigint. Strictly monotonic, across restarts too. */
export type Timestamp = bigint;

/** Instance path of a mounted component: `""` for the app, `"a/b"` for `b` mounted in `a`. */
export type ComponentPath = string;

/** An order-preserving binary key held as a latin1 string, so that `<` on it is byte order. */
export type IndexKey = string;

/** A half-open interval `[lower, upper)` of keys of one index; `upper: null` has no end. */
export interface KeyInterval {
  readonly lower: IndexKey;
  readonly upper: IndexKey | null;
}

/** What a transaction read, exactly as far as it consumed it. Input of validation and subscriptions. */
export interface ReadSet {
  /** Merged, sorted intervals per index number. */
  readonly intervals: ReadonlyMap<number, readonly KeyInterval[]>;
  /** Search reads: per search index number the terms (or term prefixes) and filters asked for. */
  readonly searches: ReadonlyMap<number, readonly SearchRead[]>;
}

export interface SearchRead {
  readonly terms: readonly { readonly text: string; readonly isPrefix: boolean }[];
  /** Equality filters, field path to encoded value key; a document must match all to matter. */
  readonly filters: ReadonlyMap<string, IndexKey>;
}

export interface StoredDocument {
  readonly id: string;
  readonly creationTime: number;
  /** Canonical Convex JSON of the whole document, system fields included. */
  readonly json: string;
}

export interface IndexEntry {
  readonly key: IndexKey;
  readonly document: StoredDocument;
}

/** Lazily reads a range; each `next` widens the read set up to the returned key, the end closes it. */
export interface RangeCursor {
  next(): IndexEntry | null;
}

export interface IndexRangeRequest {
  readonly componentPath: ComponentPath;
  readonly table: string;
  /** `by_id`, `by_creation_time` or a name from the schema. */
  readonly index: string;
  readonly interval: KeyInterval;
  readonly order: "asc" | "desc";
}

export interface SearchRequest {
  readonly componentPath: ComponentPath;
  readonly table: string;
  readonly index: string;
  readonly query: string;
  /** Field path and encoded value key (`encodeKey([value])`). */
  readonly filters: readonly { readonly fieldPath: string; readonly key: IndexKey }[];
}

export interface IndexDefinition {
  readonly name: string;
  readonly fields: readonly string[];
  readonly staged: boolean;
}

export interface Savepoint {
  readonly writeCount: number;
}

/** Counters a transaction has used, for limits and `getTransactionMetrics`. */
export interface TransactionUsage {
  documentsRead: number;
  bytesRead: number;
  databaseQueries: number;
  documentsWritten: number;
  bytesWritten: number;
}

export interface Transaction {
  readonly snapshotTs: Timestamp;
  readonly usage: TransactionUsage;
  readonly hasWrites: boolean;

  /** `null` when absent or when the table does not exist; the read is recorded either way. */
  get(componentPath: ComponentPath, id: string): StoredDocument | null;
  /** The table a valid id belongs to in this component, `null` otherwise. Reads the table list. */
  tableOf(componentPath: ComponentPath, id: string): string | null;
  range(request: IndexRangeRequest): RangeCursor;
  /** Ranked documents, best first, at most 1024 candidates (then a `SEARCH_LIMIT` DatabaseError). */
  search(request: SearchRequest): RangeCursor;
  count(componentPath: ComponentPath, table: string): number;
  /** Fields of an index including the trailing `_creationTime` and `_id`; throws `IndexNotFound`. */
  indexFields(componentPath: ComponentPath, table: string, index: string): readonly string[];

  /** Writes check size, nesting, field names and the table's schema; they throw `DatabaseError`. */
  insert(componentPath: ComponentPath, table: string, valueJson: string): string;
  /** Top-level merge; `{"$undefined":null}` deletes the field. */
  patch(componentPath: ComponentPath, id: string, valueJson: string): void;
  replace(componentPath: ComponentPath, id: string, valueJson: string): void;
  remove(componentPath: ComponentPath, id: string): void;

  savepoint(): Savepoint;
  /** Undoes writes made since; reads stay recorded. */
  rollbackTo(savepoint: Savepoint): void;

  /** A view of the begin snapshot alone: hides own writes and records no reads (`useStaleSnapshot`). */
  staleView(): Transaction;
  readSet(): ReadSet;
}

export interface CommitResult {
  readonly ts: Timestamp;
}

/** Calls back at most once, synchronously inside the commit that touched the read set. */
export interface Subscription {
  cancel(): void;
}

export interface Database {
  /** Timestamp of the newest commit visible to new transactions (maybe not flushed yet). */
  readonly latestTs: Timestamp;
  /** Begins at `latestTs`, or at an older `ts` still inside the write log's retention. */
  begin(options?: { readonly ts?: Timestamp; readonly nowMs?: number }): Transaction;
  /**
   * Validates the read set against everything committed since the snapshot, assigns a timestamp
   * (max(latest + 1, now)), applies the writes in memory and queues them for the disk.
   * A transaction without writes is not validated and commits at its snapshot.
   * @throws OccConflictError with the table and document that changed.
   * @throws StorageStoppedError after a failed flush.
   */
  commit(transaction: Transaction): CommitResult;
  /** Resolves when everything up to `ts` is on disk; rejects when the flush failed. */
  flushed(ts: Timestamp): Promise<void>;
  /** Whether nothing committed in `(since, latestTs]` touches the read set. */
  isUnchanged(readSet: ReadSet, since: Timestamp): boolean;
  subscribe(readSet: ReadSet, onInvalidated: (ts: Timestamp) => void): Subscription;
  /** Runs after the subscriptions of each commit were told. Returns the function that stops it. */
  onCommit(listener: (ts: Timestamp) => void): () => void;
  close(): Promise<void>;
}
