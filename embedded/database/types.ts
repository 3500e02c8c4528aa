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
  /** Milliseconds of Unix time, with a fraction. */
  readonly creationTime: number;
  /** Bytes as Convex counts them for limits, system fields included. */
  readonly size: number;
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
  /** How many entries are going to be read, as far as that is known: so many are fetched together. */
  readonly expected?: number | undefined;
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

  /** To be called at once when code that may have been reading was ended from outside. */
  recoverReads(): void;

  /**
   * `null` when absent, when the table does not exist or when `id` is no id; the read is recorded
   * in each case.
   */
  get(componentPath: ComponentPath, id: string): StoredDocument | null;
  /**
   * The table a valid id belongs to in this component, `null` otherwise (then the table list is
   * recorded as read). Says nothing about whether the document exists.
   */
  tableOf(componentPath: ComponentPath, id: string): string | null;
  /** The same by the number that ids of the table contain. */
  tableNumbered(componentPath: ComponentPath, tableNumber: number): string | null;
  range(request: IndexRangeRequest): RangeCursor;
  /**
   * Ranked documents, best first; consuming past 1024 throws `DatabaseError`
   * (`SearchQueryScannedTooManyDocumentsError`). Keys of the entries are ranks: they order the results
   * of this one search and mean nothing else.
   */
  search(request: SearchRequest): RangeCursor;
  count(componentPath: ComponentPath, table: string): number;
  /**
   * Fields of an index including the trailing `_creationTime` and `_id`; throws `IndexNotFound`,
   * for staged indexes `IndexStaged`. In a table that does not exist yet, only `by_id` and
   * `by_creation_time` are found.
   */
  indexFields(componentPath: ComponentPath, table: string, index: string): readonly string[];
  /** `searchField` and `filterFields` of a search index; throws `IndexNotFound`, `IndexStaged`. */
  searchIndex(componentPath: ComponentPath, table: string, index: string): SearchIndexDefinition;
  /** Throws `IndexNotFound`, `IndexStaged`, and `IndexNotAVectorIndexError` for another kind of index. */
  vectorIndex(componentPath: ComponentPath, table: string, index: string): VectorIndexDefinition;

  /**
   * Writes check size, nesting, field names and the table's schema; they throw `DatabaseError`. The
   * commit timestamp placeholder `{"$commitTs":null}` may be anywhere in a value: it counts as the
   * largest int64, is read back as itself, and is the commit's timestamp from the commit on.
   */
  insert(componentPath: ComponentPath, table: string, valueJson: string): string;
  /** Top-level merge; `{"$undefined":null}` deletes the field. */
  patch(componentPath: ComponentPath, id: string, valueJson: string): void;
  replace(componentPath: ComponentPath, id: string, valueJson: string): void;
  remove(componentPath: ComponentPath, id: string): void;

  /**
   * Makes a prepared schema the component's schema when this transaction commits, together with its
   * other writes (a push commits modules and schema at once). Conflicts with every transaction that
   * wrote to the component under the old schema or read a dropped index.
   * @throws DatabaseError `SchemaValidationFailed` when a row written since the preparation does not
   *   fit; `SchemaAborted` when the preparation was discarded or overtaken.
   */
  activateSchema(prepared: PreparedSchema): void;

  /**
   * Inserts a document of an import, whose text may bring its own `_id` and `_creationTime`.
   * @throws DatabaseError `ImportConflict` for an id of another table, `DuplicateId` for one in use.
   */
  insertImported(componentPath: ComponentPath, table: string, documentJson: string): string;
  /**
   * Puts the tables of an import in the place of those they replace when this transaction commits,
   * together with its other writes.
   * @throws DatabaseError at the commit: `ImportSchemaChanged`, `ImportForeignKey`, `TableConflict`,
   *   `TableExists` when what the import found at its beginning is no longer so.
   */
  activateImport(tables: TableImport): void;

  savepoint(): Savepoint;
  /** Undoes writes made since; reads stay recorded. */
  rollbackTo(savepoint: Savepoint): void;

  /** A view of the begin snapshot alone: hides own writes and records no reads (`useStaleSnapshot`). */
  staleView(): Transaction;
  readSet(): ReadSet;
  /**
   * Documents are handed out as the store has them, unparsed; this looks at all that were, for when
   * somebody could not make sense of one.
   * @throws StorageStoppedError when one is damaged: the database has stopped then.
   */
  requireReadable(): void;
}

export interface CommitResult {
  readonly ts: Timestamp;
}

/** Calls back at most once, synchronously inside the commit that touched the read set. */
export interface Subscription {
  cancel(): void;
}

/** One table as the catalog lists it. */
export interface TableInfo {
  readonly componentPath: ComponentPath;
  readonly name: string;
  /** From 10001 for user tables, below for system tables; unique within the component. */
  readonly number: number;
  /** True for names starting with `_`. */
  readonly isSystem: boolean;
  /** Rows at the latest timestamp. */
  readonly count: number;
  /** Declared indexes, without `by_id` and `by_creation_time`. */
  readonly indexes: readonly IndexDefinition[];
  readonly searchIndexes: readonly SearchIndexDefinition[];
}

export interface SearchIndexDefinition {
  readonly name: string;
  readonly searchField: string;
  readonly filterFields: readonly string[];
  readonly staged: boolean;
}

/** Not stored: vectors are compared one by one when they are asked for. */
export interface VectorIndexDefinition {
  readonly name: string;
  readonly vectorField: string;
  /** Documents whose vector has another length are not found. */
  readonly dimensions: number;
  readonly filterFields: readonly string[];
  readonly staged: boolean;
}

/** An index as pushes report it: `table.name` with its fields in words. */
export interface IndexDescription {
  readonly table: string;
  readonly name: string;
  readonly staged: boolean;
  readonly definition:
    | { readonly kind: "database"; readonly fields: readonly string[] }
    | {
        readonly kind: "search";
        readonly searchField: string;
        readonly filterFields: readonly string[];
      }
    | {
        readonly kind: "vector";
        readonly vectorField: string;
        readonly dimensions: number;
        readonly filterFields: readonly string[];
      };
}

/** What a schema would change. An index whose fields change is in both lists. */
export interface SchemaDiff {
  readonly addedIndexes: readonly IndexDescription[];
  readonly droppedIndexes: readonly IndexDescription[];
  /** Same definition, staged before and enabled now, or the other way. */
  readonly enabledIndexes: readonly IndexDescription[];
  readonly disabledIndexes: readonly IndexDescription[];
}

/**
 * A schema whose indexes are built and against which all rows were checked, waiting for
 * `Transaction.activateSchema`. Until then nothing of it can be seen but its tables, which exist (and
 * have numbers) from the preparation on, empty.
 */
export interface PreparedSchema {
  readonly componentPath: ComponentPath;
  /** The schema's export JSON as it was given, `null` for "no schema": then all indexes go. */
  readonly schemaJson: string | null;
  readonly diff: SchemaDiff;
}

/** Indexes of a table whose name starts with `_`; such tables have no document schema. */
export interface SystemTableDefinition {
  readonly name: string;
  /** Fields without the trailing `_creationTime` and `_id`, which are added. */
  readonly indexes: readonly { readonly name: string; readonly fields: readonly string[] }[];
}

/** Tables, indexes and schemas at the latest timestamp, and how a deploy changes them. */
export interface Catalog {
  /** Components that hold at least one table or schema; `""` is always among them. */
  componentPaths(): readonly ComponentPath[];
  /** Tables of a component by name, system tables included. */
  tables(componentPath: ComponentPath): readonly TableInfo[];
  /** The active schema's export JSON as it was given, `null` before the first deploy. */
  schemaJson(componentPath: ComponentPath): string | null;

  /**
   * Declares a system table's indexes for every component, now and later; call it at start-up,
   * before the first transaction that uses them. Existing rows are indexed, declarations that
   * disappeared are dropped. The table itself appears with its first row.
   */
  defineSystemTable(definition: SystemTableDefinition): void;

  /** Compares with the active schema. Throws `DatabaseError` (`InvalidSchema`) for a malformed one. */
  diffSchema(componentPath: ComponentPath, schemaJson: string | null): SchemaDiff;
  /**
   * Builds added indexes and checks every existing row, in slices that leave the event loop free.
   * Rows written meanwhile are indexed at once and checked at activation.
   * One preparation per component at a time: a later one overtakes (discards) the earlier.
   * @throws DatabaseError `InvalidSchema`; `SchemaValidationFailed` naming the row's id; `SchemaAborted`
   *   when it was overtaken or discarded meanwhile; `DatabaseClosed`.
   */
  prepareSchema(componentPath: ComponentPath, schemaJson: string | null): Promise<PreparedSchema>;
  /** Drops what a schema that will not be activated has built. Harmless when called twice. */
  discardSchema(prepared: PreparedSchema): void;
}

/** A table of an import. */
export interface ImportTable {
  readonly componentPath: ComponentPath;
  readonly name: string;
  /** What the ids of its rows carry; `null` for the number of the table it replaces, or any. */
  readonly number: number | null;
}

export interface ImportOptions {
  /** Refuse to replace a table that has rows. */
  readonly requiresEmpty: boolean;
  /** Empty the tables that are not in the import, and remove those that are in no schema. */
  readonly clearsOthers: boolean;
  /** Bytes of rows and index entries in memory before they go to the disk; 48 MB by default. */
  readonly sortingMemory?: number;
}

/**
 * Tables that are being filled where nobody sees them, to take the place of others in one commit
 * (`Transaction.activateImport`). What is not activated is gone after a restart.
 */
export interface TableImport {
  /** The number a table will have; `null` when it is not imported. */
  tableNumber(componentPath: ComponentPath, name: string): number | null;
  /**
   * Adds rows, each the JSON text of a document in Convex's encoding, with `_id` and `_creationTime`
   * when they are to be kept. Resolves when there is room for more.
   * @throws ImportRefusedError for the first row that is no valid document or does not fit the schema.
   */
  write(componentPath: ComponentPath, name: string, rowsJson: readonly string[]): Promise<void>;
  /**
   * Writes the tables and their indexes once all rows were added. `onProgress` is told how many entries
   * of how many are done, and ends it by rejecting.
   * @throws ImportRefusedError naming the table, for a row whose id another one has.
   */
  build(onProgress: (done: number, total: number) => Promise<void>): Promise<void>;
  /** Drops what was written. Harmless when it was activated, or discarded before. */
  discard(): void;
}

/** A row of an import that cannot be stored; `cause` is the `DatabaseError` that says why. */
export class ImportRefusedError extends Error {
  override readonly name = "ImportRefusedError";
  /** Position in the rows that were written together, or in all of the table's rows; from 0. */
  readonly rowIndex: number;
  /** When it was found among all rows. */
  readonly table: Pick<ImportTable, "componentPath" | "name"> | null;

  constructor(
    rowIndex: number,
    cause: Error,
    table: Pick<ImportTable, "componentPath" | "name"> | null = null,
  ) {
    super(cause.message, { cause });
    this.rowIndex = rowIndex;
    this.table = table;
  }
}

/** A table as a snapshot of the disk has it. */
export interface StoredTable {
  readonly componentPath: ComponentPath;
  readonly name: string;
  readonly number: number;
  readonly count: number;
}

/**
 * The database as it was on disk at one moment, readable for as long as it is open whatever is written
 * meanwhile. Keep it for minutes, not for hours: the data file cannot reuse what it holds.
 */
export interface DiskSnapshot {
  readonly ts: Timestamp;
  readonly tables: readonly StoredTable[];
  /** Documents in the order of their ids, about `limit` of them, from the one after `afterId` on. */
  documents(table: StoredTable, afterId: string | null, limit: number): readonly StoredDocument[];
  /** The first documents, 16 at most, whose values in a declared index start with these. */
  find(table: StoredTable, index: string, key: IndexKey): readonly StoredDocument[];
  close(): void;
}

/** Moving tables in and out as a whole. */
export interface Transfer {
  /** @throws DatabaseError `TableConflict` when two tables would have the same number. */
  beginImport(tables: readonly ImportTable[], options: ImportOptions): TableImport;
  /** Of everything committed so far. @throws DiskFullError, StorageStoppedError */
  openDiskSnapshot(): Promise<DiskSnapshot>;
}

/** What `openDatabase` gives: transactions, the catalog and the transfer of whole tables. */
export interface EngineDatabase extends Database, Catalog, Transfer {}

export interface Database {
  /** Timestamp of the newest commit visible to new transactions (maybe not flushed yet). */
  readonly latestTs: Timestamp;
  /** The oldest timestamp `begin` accepts. */
  readonly oldestTs: Timestamp;
  /**
   * Begins at `latestTs`, or at an older `ts` still inside the write log's retention
   * (else `DatabaseError` `SnapshotTooOld`). `nowMs` is the time that `_creationTime` starts from.
   */
  begin(options?: { readonly ts?: Timestamp; readonly nowMs?: number }): Transaction;
  /**
   * Validates the read set against everything committed since the snapshot, assigns a timestamp
   * (max(latest + 1, now)), puts it for the placeholders in what was written, applies the writes in
   * memory and queues them for the disk.
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
  /** Runs once when a flush failed or damage was met; nothing can be read or written any more. */
  onStopped(listener: (error: Error) => void): () => void;
  /** Stops the database if an error that came out of it tells of damage. */
  stopIfDamaged(error: unknown): void;
  /** Flushes what is pending, gives the folder free. */
  close(): Promise<void>;
}
