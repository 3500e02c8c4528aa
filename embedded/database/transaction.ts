import { encodeDocumentId, newInternalId, tableNumberOf } from "../values/document-id.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import { DamagedRecordError } from "../storage/storage-error.ts";
import { fits } from "../values/fitting.ts";
import { checkValue, identifierProblem, isIdentifier } from "../values/validator.ts";
import {
  COUNTS_INDEX,
  countUserTables,
  fixedTableName,
  isSystemTable,
  requireRoomForTables,
  SCHEMAS_INDEX,
  schemaKey,
  tableNameKey,
  tableNumberKey,
  TABLES_INDEX,
  type CatalogState,
  type IndexState,
  type SearchIndexState,
  type TableState,
} from "./catalog-state.ts";
import { tableId } from "./catalog-store.ts";
import { DatabaseError } from "./database-error.ts";
import { importedDocument } from "./imported-document.ts";
import { IndexCursor } from "./index-cursor.ts";
import { findIndex, findSearchIndex, requireUsable } from "./index-lookup.ts";
import { OwnWrites, type OwnDocument } from "./own-writes.ts";
import { ReadRecorder, type ConsumedInterval } from "./read-recorder.ts";
import { rankKey, SearchCursor, searchRead } from "./search-reading.ts";
import { SnapshotView, type SnapshotSource } from "./snapshot-view.ts";
import {
  applyPatch,
  makeDocument,
  parseDocument,
  parseWrittenValue,
  valueOf,
  withoutSystemFields,
  type ParsedDocument,
} from "./stored-document.ts";
import type {
  ComponentPath,
  IndexEntry,
  IndexRangeRequest,
  PreparedSchema,
  RangeCursor,
  ReadSet,
  Savepoint,
  SearchIndexDefinition,
  SearchRequest,
  StoredDocument,
  TableImport,
  Timestamp,
  Transaction,
  TransactionUsage,
  VectorIndexDefinition,
} from "./types.ts";

/** What transactions need of the database they belong to. */
export interface TransactionHost extends SnapshotSource {
  /** Rows of a table at the latest timestamp. */
  rowCount(table: TableState): number;
  /** A new table with the indexes that its name is known to have. */
  makeTable(componentPath: ComponentPath, name: string): TableState;
  randomBytes(length: number): Buffer;
}

/** One snapshot, the writes made on it and what was read. */
export class DatabaseTransaction implements Transaction {
  readonly usage: TransactionUsage = {
    documentsRead: 0,
    bytesRead: 0,
    databaseQueries: 0,
    documentsWritten: 0,
    bytesWritten: 0,
  };
  readonly #host: TransactionHost;
  readonly #view: SnapshotView;
  /** `null` in a stale view: nothing is written, nothing is recorded. */
  readonly #writes: OwnWrites | null;
  readonly #reads = new ReadRecorder();
  /** Of user tables, as they were handed out. */
  readonly #documentsRead: StoredDocument[] = [];
  /** How many of them are known to be readable. */
  #documentsChecked = 0;
  /** Tables it made, by name and by number; only those that got rows are committed. */
  readonly #newTables = new Map<string, TableState>();
  readonly #newTablesByNumber = new Map<string, TableState>();
  /** How many there are with its own; `null` until it makes one. */
  #userTables: number | null = null;
  readonly #schemas = new Map<ComponentPath, PreparedSchema>();
  readonly #imports: TableImport[] = [];
  readonly #nowMs: number;
  #creationTime: number | null = null;
  #isFinished = false;

  constructor(host: TransactionHost, view: SnapshotView, nowMs: number, isStale = false) {
    this.#host = host;
    this.#view = view;
    this.#nowMs = nowMs;
    this.#writes = isStale ? null : new OwnWrites();
  }

  get snapshotTs(): Timestamp {
    return this.#view.ts;
  }

  get hasWrites(): boolean {
    return (this.#writes?.count ?? 0) > 0 || this.#schemas.size > 0 || this.#imports.length > 0;
  }

  recoverReads(): void {
    this.#view.storage.recoverReads();
  }

  get catalog(): CatalogState {
    return this.#view.catalog;
  }

  get preparedSchemas(): ReadonlyMap<ComponentPath, PreparedSchema> {
    return this.#schemas;
  }

  get imports(): readonly TableImport[] {
    return this.#imports;
  }

  writtenDocuments(): Iterable<[string, OwnDocument]> {
    return this.#writes?.documents() ?? [];
  }

  /** The latest creation time it gave to a document; 0 when there is none. */
  get lastCreationTime(): number {
    return this.#creationTime ?? 0;
  }

  /** No further use after the commit. */
  finish(): void {
    this.checkOpen();
    this.#isFinished = true;
  }

  /** @throws DatabaseError `TransactionFinished` */
  checkOpen(): void {
    if (this.#isFinished) {
      throw new DatabaseError("TransactionFinished", "The transaction has been committed already.");
    }
  }

  get(componentPath: ComponentPath, id: string): StoredDocument | null {
    this.checkOpen();
    const table = this.#tableOfId(componentPath, id);
    if (table === null) return null;
    return this.#read(table, id);
  }

  tableOf(componentPath: ComponentPath, id: string): string | null {
    this.checkOpen();
    const tableNumber = tableNumberOf(id);
    return tableNumber === null ? null : this.#tableName(componentPath, tableNumber);
  }

  tableNumbered(componentPath: ComponentPath, tableNumber: number): string | null {
    this.checkOpen();
    return this.#tableName(componentPath, tableNumber);
  }

  range(request: IndexRangeRequest): RangeCursor {
    this.checkOpen();
    const { componentPath, interval, order, expected } = request;
    const table = this.#findTable(componentPath, request.table);
    const index = this.#findIndex(componentPath, request.table, table, request.index);
    if (table === null || index === null) return { next: () => null };
    if (!isSystemTable(table.name)) this.usage.databaseQueries += 1;
    const cursor = new IndexCursor({
      view: this.#view,
      index: index.number,
      interval,
      order,
      expected,
      ownKeys: this.#writes === null ? null : () => this.#writes?.keys(index.number),
    });
    const consumed: ConsumedInterval = { lower: interval.lower, upper: interval.upper };
    let isRecorded = this.#writes === null;
    return {
      next: () => {
        if (!isRecorded) this.#reads.interval(index.number, consumed);
        isRecorded = true;
        return this.#step(table, cursor, request, consumed);
      },
    };
  }

  search(request: SearchRequest): RangeCursor {
    this.checkOpen();
    const { componentPath, table: tableName } = request;
    const index = this.#findSearchIndex(componentPath, tableName, request.index);
    const table = this.#findTable(componentPath, tableName);
    const read = searchRead(index, request);
    if (table === null || read === null || read.terms.length === 0) return { next: () => null };
    if (!isSystemTable(tableName)) this.usage.databaseQueries += 1;
    if (this.#writes !== null) this.#reads.search(index.number, read);
    const cursor = new SearchCursor(this.#view, table, index, read, () => this.writtenDocuments());
    return { next: () => this.#stepSearch(table, cursor) };
  }

  count(componentPath: ComponentPath, tableName: string): number {
    this.checkOpen();
    const table = this.#findTable(componentPath, tableName);
    if (table === null) return 0;
    if (this.#writes !== null) {
      this.#reads.point(COUNTS_INDEX, tableNameKey(componentPath, tableName));
    }
    let count = this.#host.rowCount(table) + this.#view.countDelta(tableId(table));
    for (const [, written] of this.writtenDocuments()) {
      if (written.table.byId.number !== table.byId.number) continue;
      count += (written.current === null ? 0 : 1) - (written.before === null ? 0 : 1);
    }
    return count;
  }

  indexFields(componentPath: ComponentPath, tableName: string, name: string): readonly string[] {
    this.checkOpen();
    const table = this.#findTable(componentPath, tableName);
    const index = this.#findIndex(componentPath, tableName, table, name);
    if (index !== null) return index.paths.map((path) => path.join("."));
    return name === "by_id" ? ["_id"] : ["_creationTime", "_id"];
  }

  searchIndex(
    componentPath: ComponentPath,
    tableName: string,
    name: string,
  ): SearchIndexDefinition {
    this.checkOpen();
    return this.#findSearchIndex(componentPath, tableName, name);
  }

  vectorIndex(
    componentPath: ComponentPath,
    tableName: string,
    name: string,
  ): VectorIndexDefinition {
    this.checkOpen();
    const schema = this.catalog.component(componentPath).schema?.tables.get(tableName);
    const index = schema?.vectorIndexes.find((candidate) => candidate.name === name);
    const others = [...(schema?.indexes ?? []), ...(schema?.searchIndexes ?? [])];
    if (others.some((other) => other.name === name)) {
      throw new DatabaseError(
        "IndexNotAVectorIndexError",
        `Index ${tableName}.${name} is not a vector index`,
      );
    }
    return requireUsable({ tableName, name }, index, () => this.#readSchema(componentPath));
  }

  insert(componentPath: ComponentPath, tableName: string, valueJson: string): string {
    const writes = this.#checkWritable();
    const fields = parseWrittenValue(valueJson, false);
    const table =
      this.#findTable(componentPath, tableName) ?? this.#create(componentPath, tableName);
    const id = this.#newId(table);
    const document = makeDocument(id, this.#nextCreationTime(), fields, {
      isSystem: isSystemTable(tableName),
    });
    this.#enforceSchema(table, document);
    writes.write(table, id, null, document);
    this.#countWrites();
    return id;
  }

  patch(componentPath: ComponentPath, id: string, valueJson: string): void {
    const patch = parseWrittenValue(valueJson, true);
    this.#change(componentPath, id, "Update", (old) => applyPatch(old.value, patch));
  }

  replace(componentPath: ComponentPath, id: string, valueJson: string): void {
    const fields = parseWrittenValue(valueJson, false);
    this.#change(componentPath, id, "Replace", () => fields);
  }

  remove(componentPath: ComponentPath, id: string): void {
    const writes = this.#checkWritable();
    const { table, document } = this.#existing(componentPath, id, "Delete");
    writes.write(table, id, document, null);
    this.#countWrites();
  }

  activateSchema(prepared: PreparedSchema): void {
    this.#checkWritable();
    this.#schemas.set(prepared.componentPath, prepared);
  }

  insertImported(componentPath: ComponentPath, tableName: string, documentJson: string): string {
    const writes = this.#checkWritable();
    const table =
      this.#findTable(componentPath, tableName) ?? this.#create(componentPath, tableName);
    const document = importedDocument(documentJson, {
      tableName,
      tableNumber: table.number,
      newId: () => this.#newId(table),
      newCreationTime: () => this.#nextCreationTime(),
    });
    const { id } = document.stored;
    if (this.#read(table, id) !== null) {
      throw new DatabaseError(
        "DuplicateId",
        `Objects in table "${tableName}" have duplicate _id fields: ${id}`,
      );
    }
    this.#enforceSchema(table, document);
    writes.write(table, id, null, document);
    this.#countWrites();
    return id;
  }

  activateImport(tables: TableImport): void {
    this.#checkWritable();
    this.#imports.push(tables);
  }

  savepoint(): Savepoint {
    return { writeCount: this.#checkWritable().count };
  }

  rollbackTo(savepoint: Savepoint): void {
    this.#checkWritable().rollbackTo(savepoint.writeCount);
    this.#countWrites();
  }

  staleView(): Transaction {
    this.checkOpen();
    return new DatabaseTransaction(this.#host, this.#view, this.#nowMs, true);
  }

  readSet(): ReadSet {
    return this.#reads.readSet();
  }

  requireReadable(): void {
    try {
      for (const document of this.#documentsRead.slice(this.#documentsChecked)) {
        valueOf(document);
        this.#documentsChecked += 1;
      }
    } catch (error) {
      throw this.#view.storage.reportDamage(error);
    }
  }

  #checkWritable(): OwnWrites {
    this.checkOpen();
    if (this.#writes === null) {
      throw new DatabaseError(
        "ReadOnlyTransaction",
        "A stale view of a snapshot cannot be written.",
      );
    }
    return this.#writes;
  }

  #step(
    table: TableState,
    cursor: IndexCursor,
    { interval, order }: IndexRangeRequest,
    consumed: ConsumedInterval,
  ): IndexEntry | null {
    this.checkOpen();
    const found = cursor.next();
    if (found === null) {
      consumed.lower = interval.lower;
      consumed.upper = interval.upper;
      return null;
    }
    if (order === "asc") consumed.upper = `${found.key}\0`;
    else consumed.lower = found.key;
    const document = this.#lookUp(table, found.id);
    if (document === null) throw this.#missingRow(table, found.id);
    this.#countRead(table, document);
    return { key: found.key, document };
  }

  #stepSearch(table: TableState, cursor: SearchCursor): IndexEntry | null {
    this.checkOpen();
    const hit = cursor.next();
    if (hit === null) return null;
    const document = this.#lookUp(table, hit.id);
    if (document === null) {
      const isDeletedMeanwhile = this.#writes?.get(hit.id) !== undefined;
      if (isDeletedMeanwhile) return this.#stepSearch(table, cursor);
      throw this.#missingRow(table, hit.id);
    }
    this.#countRead(table, document);
    return { key: rankKey(hit), document };
  }

  #missingRow(table: TableState, id: string): unknown {
    const problem = `an index of ${table.name} names the row ${id}, which is missing`;
    return this.#view.storage.reportDamage(new DamagedRecordError(problem));
  }

  /** Reads a document by id, records and counts that, found or not. */
  #read(table: TableState, id: string): StoredDocument | null {
    // Reading the same document again, or writing it, is no further query.
    const isNew = this.#writes === null || this.#reads.point(table.byId.number, encodeKeyPart(id));
    if (isNew && !isSystemTable(table.name)) this.usage.databaseQueries += 1;
    const document = this.#lookUp(table, id);
    if (document !== null) this.#countRead(table, document);
    return document;
  }

  #lookUp(table: TableState, id: string): StoredDocument | null {
    const written = this.#writes?.get(id);
    if (written === undefined || written.table.byId.number !== table.byId.number) {
      return this.#view.document(table, id);
    }
    return written.current?.stored ?? null;
  }

  #change(
    componentPath: ComponentPath,
    id: string,
    operation: "Update" | "Replace",
    fieldsOf: (
      old: ParsedDocument,
    ) => ParsedDocument["value"] | ReturnType<typeof parseWrittenValue>,
  ): void {
    const writes = this.#checkWritable();
    const { table, document } = this.#existing(componentPath, id, operation);
    const old = writes.get(id)?.current ?? parseDocument(document);
    const next = makeDocument(id, document.creationTime, fieldsOf(old), {
      isSystem: isSystemTable(table.name),
    });
    if (next.stored.json === document.json) return;
    this.#enforceSchema(table, next);
    writes.write(table, id, document, next);
    this.#countWrites();
  }

  #existing(
    componentPath: ComponentPath,
    id: string,
    operation: "Update" | "Replace" | "Delete",
  ): { readonly table: TableState; readonly document: StoredDocument } {
    this.checkOpen();
    const table = this.#tableOfId(componentPath, id);
    const document = table === null ? null : this.#read(table, id);
    if (table === null || document === null) {
      throw new DatabaseError(
        "NonexistentDocument",
        `${operation} on nonexistent document ID ${id}`,
      );
    }
    return { table, document };
  }

  #enforceSchema(table: TableState, { value }: ParsedDocument): void {
    if (isSystemTable(table.name)) return;
    const { componentPath } = table;
    this.#reads.point(SCHEMAS_INDEX, schemaKey(componentPath));
    const schema = this.catalog.component(componentPath).schema;
    const documentType = schema?.tables.get(table.name)?.documentType ?? null;
    if (schema?.isEnforced !== true || documentType === null) return;
    const fields = withoutSystemFields(value);
    const tableName = (number: number) => this.#tableName(componentPath, number);
    if (fits(documentType, fields, tableName)) return;
    const failure = checkValue(documentType, fields, tableName);
    if (failure === null) return;
    throw new DatabaseError(
      "SchemaEnforcementError",
      `Failed to insert or update a document in table "${table.name}" because it does not match ` +
        `the schema: ${failure.message}`,
    );
  }

  #newId({ number }: TableState): string {
    const internalId = newInternalId(this.#host.randomBytes(14), this.#nowMs);
    return encodeDocumentId({ tableNumber: number, internalId });
  }

  #nextCreationTime(): number {
    this.#creationTime =
      this.#creationTime === null
        ? Math.max(Number(this.snapshotTs / 1000n) / 1000, this.#nowMs)
        : nextDouble(this.#creationTime);
    return this.#creationTime;
  }

  #tableOfId(componentPath: ComponentPath, id: string): TableState | null {
    const tableNumber = tableNumberOf(id);
    if (tableNumber === null) return null;
    const name = this.#tableName(componentPath, tableNumber);
    return name === null ? null : this.#findTable(componentPath, name);
  }

  #tableName(componentPath: ComponentPath, number: number): string | null {
    const table = this.catalog.component(componentPath).tablesByNumber.get(number);
    if (table !== undefined) return table.name;
    const key = tableNumberKey(componentPath, number);
    const created = this.#newTablesByNumber.get(key);
    if (created !== undefined) return created.name;
    const fixed = fixedTableName(number);
    if (fixed === null && this.#writes !== null) {
      this.#reads.point(TABLES_INDEX, key);
    }
    return fixed;
  }

  #findTable(componentPath: ComponentPath, name: string): TableState | null {
    const table = this.catalog.table(componentPath, name);
    if (table !== null) return table;
    const key = tableNameKey(componentPath, name);
    if (this.#writes !== null) this.#reads.point(TABLES_INDEX, key);
    return this.#writes === null ? null : (this.#newTables.get(key) ?? null);
  }

  #create(componentPath: ComponentPath, name: string): TableState {
    if (!isIdentifier(name)) {
      throw new DatabaseError("InvalidTableName", identifierProblem(name));
    }
    if (!isSystemTable(name)) {
      this.#userTables ??= countUserTables(this.catalog.allTables());
      requireRoomForTables(this.#userTables, 1);
      this.#userTables += 1;
    }
    const table = this.#host.makeTable(componentPath, name);
    this.#newTables.set(tableNameKey(componentPath, name), table);
    this.#newTablesByNumber.set(tableNumberKey(componentPath, table.number), table);
    return table;
  }

  #findIndex(
    componentPath: ComponentPath,
    tableName: string,
    table: TableState | null,
    name: string,
  ): IndexState | null {
    return findIndex({ tableName, table, name }, () => this.#readSchema(componentPath));
  }

  #findSearchIndex(
    componentPath: ComponentPath,
    tableName: string,
    name: string,
  ): SearchIndexState {
    const table = this.#findTable(componentPath, tableName);
    return findSearchIndex({ tableName, table, name }, () => this.#readSchema(componentPath));
  }

  #readSchema(componentPath: ComponentPath): void {
    if (this.#writes !== null) this.#reads.point(SCHEMAS_INDEX, schemaKey(componentPath));
  }

  #countRead(table: TableState, document: StoredDocument): void {
    if (isSystemTable(table.name)) return;
    this.usage.documentsRead += 1;
    this.usage.bytesRead += document.size;
    this.#documentsRead.push(document);
  }

  #countWrites(): void {
    this.usage.documentsWritten = this.#writes?.userDocuments ?? 0;
    this.usage.bytesWritten = this.#writes?.userBytes ?? 0;
  }
}

const doubleView = new DataView(new ArrayBuffer(8));

/** The next representable number after a positive one. */
function nextDouble(value: number): number {
  doubleView.setFloat64(0, value);
  doubleView.setBigUint64(0, doubleView.getBigUint64(0) + 1n);
  return doubleView.getFloat64(0);
}
