import { randomBytes } from "node:crypto";

import { BoundedCache } from "../lib/bounded-cache.ts";
import type { Storage } from "../storage/storage.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import {
  countUserTables,
  declaredIndex,
  isSystemTable,
  newTable,
  NumberAllocator,
  requireRoomForTables,
  SCHEMAS_INDEX,
  schemaKey,
  type CatalogState,
  type TableState,
} from "./catalog-state.ts";
import { countWrite, loadCatalog, schemaWrite, tableId } from "./catalog-store.ts";
import { CommitPlan } from "./commit-plan.ts";
import { DatabaseError, OccConflictError } from "./database-error.ts";
import { HiddenTables, type ImportHost } from "./hidden-tables.ts";
import { IndexBuilder } from "./index-builder.ts";
import { findConflict } from "./read-validation.ts";
import { parseSchema } from "./schema.ts";
import { diffSchema, SchemaPreparation } from "./schema-preparation.ts";
import { SnapshotView } from "./snapshot-view.ts";
import { decodeStored, parseDocument } from "./stored-document.ts";
import { StoredSnapshot } from "./stored-snapshot.ts";
import { SubscriptionRegistry } from "./subscription-registry.ts";
import { DatabaseTransaction, type TransactionHost } from "./transaction.ts";
import type {
  CommitResult,
  ComponentPath,
  DiskSnapshot,
  EngineDatabase,
  ImportOptions,
  ImportTable,
  PreparedSchema,
  ReadSet,
  SchemaDiff,
  StoredDocument,
  Subscription,
  SystemTableDefinition,
  TableImport,
  TableInfo,
  Timestamp,
  Transaction,
} from "./types.ts";
import { WriteLog, type LogEntry, type RetentionLimits } from "./write-log.ts";

/** Characters of document text that are kept decoded. */
const DOCUMENT_CACHE_LENGTH = 16 * 2 ** 20;

export interface EngineOptions {
  readonly storage: Storage;
  /** Milliseconds of Unix time; fractions are kept. */
  readonly clock: () => number;
  readonly retention: RetentionLimits;
  readonly systemTables: readonly SystemTableDefinition[];
}

/** The database over one store: begins transactions, commits them one after the other. */
export class DatabaseEngine implements EngineDatabase, TransactionHost {
  readonly storage: Storage;
  readonly log: WriteLog;
  readonly #clock: () => number;
  readonly #allocator = new NumberAllocator();
  readonly #counts: Map<string, number>;
  /** Documents read or written lately, as the newest commit left them. */
  readonly #documents = new BoundedCache<StoredDocument>(DOCUMENT_CACHE_LENGTH);
  readonly #subscriptions = new SubscriptionRegistry();
  readonly #commitListeners = new Set<(ts: Timestamp) => void>();
  readonly #systemTables = new Map<string, SystemTableDefinition>();
  readonly #preparations = new Map<ComponentPath, SchemaPreparation>();
  readonly #builder: IndexBuilder;
  readonly #importHost: ImportHost;
  #catalog: CatalogState;
  #latestTs: Timestamp;

  constructor({ storage, clock, retention, systemTables }: EngineOptions) {
    this.storage = storage;
    this.#clock = clock;
    this.#latestTs = storage.durableTs;
    this.log = new WriteLog(this.#latestTs, retention);
    const { catalog, counts, dropped } = loadCatalog(storage, this.#allocator);
    this.#catalog = catalog;
    this.#counts = counts;
    this.#importHost = this.#createImportHost();
    this.#builder = new IndexBuilder(this.#importHost, this.log, retention.ageMs);
    for (const number of dropped) this.#builder.removeEntries(number);
    this.#dropUnfinishedIndexes();
    for (const definition of systemTables) this.defineSystemTable(definition);
  }

  get latestTs(): Timestamp {
    return this.#latestTs;
  }

  get oldestTs(): Timestamp {
    return this.log.oldestTs;
  }

  get catalog(): CatalogState {
    return this.#catalog;
  }

  begin(options: { readonly ts?: Timestamp; readonly nowMs?: number } = {}): Transaction {
    const ts = options.ts ?? this.#latestTs;
    const view = new SnapshotView(this, ts, this.#catalogAt(ts));
    return new DatabaseTransaction(this, view, options.nowMs ?? this.#clock());
  }

  commit(transaction: Transaction): CommitResult {
    if (!(transaction instanceof DatabaseTransaction)) {
      throw new TypeError("The transaction does not belong to this database.");
    }
    if (!transaction.hasWrites) {
      transaction.finish();
      return { ts: transaction.snapshotTs };
    }
    transaction.checkOpen();
    this.storage.requireSpace();
    const imports = transaction.imports.map((tables) => this.#startActivation(tables));
    this.#validate(transaction);
    const ts = this.#nextTs(transaction.lastCreationTime);
    const plan = new CommitPlan(this.#catalog);
    plan.addDocuments(transaction, this.storage, ts);
    const activated = [...transaction.preparedSchemas.values()].map((prepared) =>
      this.#planActivation(plan, prepared),
    );
    for (const tables of imports) tables.plan(plan);
    transaction.finish();
    for (const tables of imports) tables.finish();
    for (const preparation of activated) this.#preparations.delete(preparation.componentPath);
    this.#apply(plan, ts);
    return { ts };
  }

  flushed(ts: Timestamp): Promise<void> {
    return this.storage.flushed(ts);
  }

  latestDocument(byId: number, id: string): StoredDocument | null {
    const cached = this.#documents.get(documentCacheKey(byId, id), textLength);
    if (cached !== undefined && !this.storage.isStopped) return cached;
    const document = this.storage.decode(byId, encodeKeyPart(id), (bytes) =>
      decodeStored(id, bytes),
    );
    if (document !== null) this.#cacheDocument(byId, document);
    return document;
  }

  isUnchanged(readSet: ReadSet, since: Timestamp): boolean {
    if (since < this.log.oldestTs) return false;
    for (const entry of this.log.since(since)) {
      if (findConflict(readSet, entry) !== null) return false;
    }
    return true;
  }

  subscribe(readSet: ReadSet, onInvalidated: (ts: Timestamp) => void): Subscription {
    return this.#subscriptions.add(readSet, onInvalidated);
  }

  onCommit(listener: (ts: Timestamp) => void): () => void {
    this.#commitListeners.add(listener);
    return () => this.#commitListeners.delete(listener);
  }

  onStopped(listener: (error: Error) => void): () => void {
    return this.storage.onStopped(listener);
  }

  stopIfDamaged(error: unknown): void {
    this.storage.reportDamage(error);
  }

  async close(): Promise<void> {
    this.#builder.stop();
    for (const preparation of this.#preparations.values()) preparation.isAborted = true;
    await this.storage.close();
  }

  rowCount(table: TableState): number {
    return this.#counts.get(tableId(table)) ?? 0;
  }

  makeTable(componentPath: ComponentPath, name: string): TableState {
    const table = newTable(this.#allocator, componentPath, name);
    const definition = this.#systemTables.get(name);
    if (definition === undefined) return table;
    const indexes = definition.indexes.map((index) =>
      declaredIndex(this.#allocator.indexNumber(), { ...index, staged: false }, false),
    );
    return { ...table, indexes };
  }

  randomBytes(length: number): Buffer {
    return randomBytes(length);
  }

  componentPaths(): readonly ComponentPath[] {
    return this.#catalog.componentPaths();
  }

  tables(componentPath: ComponentPath): readonly TableInfo[] {
    const tables = [...this.#catalog.component(componentPath).tables.values()];
    return tables
      .sort((left, right) => (left.name < right.name ? -1 : 1))
      .map((table) => ({
        componentPath,
        name: table.name,
        number: table.number,
        isSystem: isSystemTable(table.name),
        count: this.rowCount(table),
        indexes: table.indexes
          .filter(({ isBuilding }) => !isBuilding)
          .map(({ name, fields, staged }) => ({ name, fields, staged })),
        searchIndexes: table.searchIndexes
          .filter(({ isBuilding }) => !isBuilding)
          .map(({ name, searchField, filterFields, staged }) => ({
            name,
            searchField,
            filterFields,
            staged,
          })),
      }));
  }

  schemaJson(componentPath: ComponentPath): string | null {
    return this.#catalog.component(componentPath).schema?.json ?? null;
  }

  defineSystemTable(definition: SystemTableDefinition): void {
    if (!isSystemTable(definition.name)) {
      throw new TypeError(`${definition.name} is no name of a system table.`);
    }
    this.#systemTables.set(definition.name, definition);
    for (const path of this.#catalog.componentPaths()) {
      const table = this.#catalog.table(path, definition.name);
      if (table !== null) this.#redefine(table, definition);
    }
  }

  diffSchema(componentPath: ComponentPath, schemaJson: string | null): SchemaDiff {
    const schema = schemaJson === null ? null : parseSchema(schemaJson);
    return diffSchema(this.#catalog, componentPath, schema, new NumberAllocator());
  }

  async prepareSchema(
    componentPath: ComponentPath,
    schemaJson: string | null,
  ): Promise<PreparedSchema> {
    const schema = schemaJson === null ? null : parseSchema(schemaJson);
    this.storage.requireSpace();
    const previous = this.#preparations.get(componentPath);
    if (previous !== undefined) this.discardSchema(previous);
    const preparation = new SchemaPreparation(
      this.#catalog,
      componentPath,
      schema,
      this.#allocator,
    );
    this.#preparations.set(componentPath, preparation);
    this.#startBuilding(preparation);
    try {
      for (const plan of preparation.plans) await this.#builder.build(preparation, plan.name);
    } catch (error) {
      this.discardSchema(preparation);
      throw error;
    }
    return preparation;
  }

  discardSchema(prepared: PreparedSchema): void {
    const preparation = this.#preparations.get(prepared.componentPath);
    if (preparation === undefined || preparation !== prepared) return;
    preparation.isAborted = true;
    this.#preparations.delete(preparation.componentPath);
    // After a stop the next start does it.
    if (!this.storage.isStopped) this.#dropUnfinishedIndexes(preparation.componentPath);
  }

  beginImport(tables: readonly ImportTable[], options: ImportOptions): TableImport {
    return new HiddenTables(this.#importHost, tables, options);
  }

  async openDiskSnapshot(): Promise<DiskSnapshot> {
    return new StoredSnapshot(await this.storage.openSnapshot());
  }

  #cacheDocument(byId: number, document: StoredDocument): void {
    this.#documents.set(documentCacheKey(byId, document.id), document, textLength(document));
  }

  #catalogAt(ts: Timestamp): CatalogState {
    if (ts === this.#latestTs) return this.#catalog;
    if (ts > this.#latestTs) {
      throw new DatabaseError(
        "SnapshotInFuture",
        `The timestamp ${ts} is later than the latest one, ${this.#latestTs}.`,
      );
    }
    for (const { catalogBefore } of this.log.since(ts)) {
      if (catalogBefore !== null) return catalogBefore;
    }
    return this.#catalog;
  }

  #validate(transaction: DatabaseTransaction): void {
    if (transaction.snapshotTs === this.#latestTs) return;
    if (transaction.snapshotTs < this.log.oldestTs) throw new OccConflictError(null, null);
    const readSet = transaction.readSet();
    for (const entry of this.log.since(transaction.snapshotTs)) {
      const conflict = findConflict(readSet, entry);
      if (conflict === null) continue;
      const { change } = conflict;
      throw new OccConflictError(change?.table.name ?? null, change?.id ?? null);
    }
  }

  /**
   * After any creation time given out, so that what is inserted by a later transaction is later;
   * a microsecond apart, so that creation times (milliseconds in a float) can tell commits apart.
   */
  #nextTs(lastCreationTime: number): Timestamp {
    const atLeast =
      BigInt(Math.ceil(Math.max(this.#clock(), lastCreationTime + 0.001) * 1000)) * 1000n;
    const next = this.#latestTs + 1000n;
    return atLeast > next ? atLeast : next;
  }

  #apply(plan: CommitPlan, ts = this.#nextTs(0)): void {
    for (const [table, delta] of plan.countDeltas) {
      plan.writes.push(countWrite(table, (this.#counts.get(table) ?? 0) + delta));
    }
    this.storage.write(plan.writes, ts);
    for (const [table, delta] of plan.countDeltas) {
      this.#counts.set(table, (this.#counts.get(table) ?? 0) + delta);
    }
    const entry: LogEntry = {
      ts,
      changes: plan.changes,
      touched: plan.touched,
      searched: plan.searched,
      invalidatedIndexes: plan.invalidatedIndexes,
      catalogBefore: plan.catalog === this.#catalog ? null : this.#catalog,
      countDeltas: plan.countDeltas,
    };
    for (const { table, id, after } of plan.changes) {
      if (after === null) this.#documents.delete(documentCacheKey(table.byId.number, id));
      else this.#cacheDocument(table.byId.number, after);
    }
    this.#latestTs = ts;
    this.#catalog = plan.catalog;
    this.log.append(entry);
    for (const { table, id } of entry.changes) {
      this.#preparations.get(table.componentPath)?.noteWrite(table.name, id);
    }
    for (const index of plan.removedIndexes) this.#builder.removeDropped(index);
    this.#subscriptions.invalidate(entry);
    for (const listener of this.#commitListeners) listener(ts);
  }

  #createImportHost(): ImportHost {
    const currentCatalog = () => this.#catalog;
    const currentTs = () => this.#latestTs;
    return {
      storage: this.storage,
      allocator: this.#allocator,
      get catalog() {
        return currentCatalog();
      },
      get latestTs() {
        return currentTs();
      },
      rowCount: (table) => this.rowCount(table),
      makeTable: (componentPath, name) => this.makeTable(componentPath, name),
      randomBytes: (length) => this.randomBytes(length),
      now: this.#clock,
      apply: (plan) => this.#apply(plan),
      removeEntries: (index) => this.#builder.removeEntries(index),
    };
  }

  /** A schema that is being prepared for tables that are replaced would index rows that are gone. */
  #startActivation(tables: TableImport): HiddenTables {
    if (!(tables instanceof HiddenTables)) {
      throw new TypeError("The import does not belong to this database.");
    }
    for (const preparation of [...this.#preparations.values()]) {
      const isTouched =
        tables.options.clearsOthers || tables.componentPaths.includes(preparation.componentPath);
      if (isTouched) this.discardSchema(preparation);
    }
    return tables;
  }

  #planActivation(plan: CommitPlan, prepared: PreparedSchema): SchemaPreparation {
    const { componentPath } = prepared;
    const preparation = this.#preparations.get(componentPath);
    if (preparation === undefined || preparation !== prepared) {
      throw new DatabaseError(
        "SchemaAborted",
        "The schema was overtaken by another one that was pushed later, or discarded.",
      );
    }
    this.#checkRowsWrittenSince(plan, preparation);
    const changed: TableState[] = [];
    for (const { name, dropped, disabled } of preparation.plans) {
      const table = plan.catalog.table(componentPath, name);
      if (table !== null) changed.push(preparation.tableWhenActive(table));
      for (const { number } of [...dropped, ...disabled]) plan.invalidatedIndexes.push(number);
      for (const { number } of dropped) plan.removeIndex(number);
    }
    plan.changeTables(componentPath, changed);
    plan.catalog = plan.catalog.withSchema(componentPath, preparation.schema);
    plan.writes.push(schemaWrite(componentPath, preparation.schema));
    plan.touch(SCHEMAS_INDEX, schemaKey(componentPath));
    return preparation;
  }

  #checkRowsWrittenSince(plan: CommitPlan, preparation: SchemaPreparation): void {
    const changed = new Map<string, StoredDocument | null>();
    for (const { table, id, after } of plan.changes) {
      if (table.componentPath !== preparation.componentPath || isSystemTable(table.name)) continue;
      changed.set(id, after);
      if (after !== null) preparation.checkRow(plan.catalog, table.name, parseDocument(after));
    }
    const view = new SnapshotView(this, this.#latestTs, this.#catalog);
    for (const [name, ids] of preparation.written) {
      if (!preparation.tablesToCheck.has(name)) continue;
      const table = this.#catalog.table(preparation.componentPath, name);
      for (const id of ids) {
        const row = table === null || changed.has(id) ? null : view.document(table, id);
        if (row !== null) preparation.checkRow(plan.catalog, name, parseDocument(row));
      }
    }
  }

  /** Tables of the schema come into being here, so that rows inserted from now on are indexed. */
  #startBuilding(preparation: SchemaPreparation): void {
    const { componentPath, plans } = preparation;
    const known = this.#catalog.component(componentPath).tables;
    const missing = plans.filter(({ name }) => !known.has(name)).length;
    requireRoomForTables(countUserTables(this.#catalog.allTables()), missing);
    const building = plans
      .filter(({ name, added }) => added.length > 0 || !known.has(name))
      .map(({ name }) => known.get(name) ?? this.makeTable(componentPath, name))
      .map((table) => preparation.tableWhileBuilding(table));
    const plan = new CommitPlan(this.#catalog);
    plan.changeTables(componentPath, building);
    if (plan.writes.length > 0) this.#apply(plan);
  }

  /** Indexes that a preparation left behind when it was discarded or the process ended. */
  #dropUnfinishedIndexes(componentPath?: ComponentPath): void {
    const plan = new CommitPlan(this.#catalog);
    for (const table of this.#catalog.allTables()) {
      if (componentPath !== undefined && table.componentPath !== componentPath) continue;
      const all = [...table.indexes, ...table.searchIndexes];
      const unfinished = all.filter(({ isBuilding }) => isBuilding);
      if (unfinished.length === 0) continue;
      for (const { number } of unfinished) plan.removeIndex(number);
      plan.changeTable({
        ...table,
        indexes: table.indexes.filter(({ isBuilding }) => !isBuilding),
        searchIndexes: table.searchIndexes.filter(({ isBuilding }) => !isBuilding),
      });
    }
    if (plan.writes.length > 0) this.#apply(plan);
  }

  #redefine(table: TableState, definition: SystemTableDefinition): void {
    const wanted = definition.indexes.map(
      (index) =>
        table.indexes.find(
          ({ name, fields }) => name === index.name && fields.join() === index.fields.join(),
        ) ?? declaredIndex(this.#allocator.indexNumber(), { ...index, staged: false }, false),
    );
    const added = wanted.filter((index) => !table.indexes.includes(index));
    const dropped = table.indexes.filter((index) => !wanted.includes(index));
    if (added.length === 0 && dropped.length === 0) return;
    const plan = new CommitPlan(this.#catalog);
    plan.changeTable({ ...table, indexes: wanted });
    for (const { number } of dropped) {
      plan.invalidatedIndexes.push(number);
      plan.removeIndex(number);
    }
    this.#apply(plan);
    this.#builder.buildNow(table, added);
  }
}

function documentCacheKey(byId: number, id: string): string {
  return `${byId} ${id}`;
}

function textLength({ json }: StoredDocument): number {
  return json.length;
}
