import { SearchWriter } from "../search/search-writer.ts";
import type { Storage, StorageWrite } from "../storage/storage.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import {
  COUNTS_INDEX,
  databaseIndexes,
  SCHEMAS_INDEX,
  schemaKey,
  tableNameKey,
  tableNumberKey,
  TABLES_INDEX,
  type CatalogState,
  type SearchIndexState,
  type TableState,
} from "./catalog-state.ts";
import {
  droppedIndexWrite,
  indexNumbers,
  tableId,
  tableRemovalWrite,
  tableWrite,
} from "./catalog-store.ts";
import {
  documentKey,
  encodeStored,
  isSameAt,
  parseDocument,
  resolveDocument,
  type ParsedDocument,
} from "./stored-document.ts";
import { isSameToSearch, searchDocumentOf } from "./search-reading.ts";
import type { DatabaseTransaction } from "./transaction.ts";
import type { ComponentPath, StoredDocument, Timestamp } from "./types.ts";
import { TouchedKey, TouchedSearchDocument, type DocumentChange } from "./write-log.ts";

/** A document's change with both versions parsed, as index maintenance needs them. */
export interface ParsedChange extends DocumentChange {
  readonly old: ParsedDocument | null;
  readonly next: ParsedDocument | null;
}

/** All that a commit does to the store, worked out before any of it is done. */
export class CommitPlan {
  readonly changes: ParsedChange[] = [];
  readonly touched: TouchedKey[] = [];
  readonly searched = new Map<number, TouchedSearchDocument[]>();
  readonly invalidatedIndexes: number[] = [];
  readonly removedIndexes: number[] = [];
  readonly writes: StorageWrite[] = [];
  readonly countDeltas = new Map<string, number>();
  catalog: CatalogState;

  constructor(catalog: CatalogState) {
    this.catalog = catalog;
  }

  addTable(table: TableState): void {
    this.catalog = this.catalog.withTable(table);
    this.writes.push(tableWrite(table));
    this.#touchTable(table);
  }

  /** With all its rows. Whoever read any of them is told; older snapshots can read them on. */
  removeTable(table: TableState, rowCount: number): void {
    this.catalog = this.catalog.withoutTable(table);
    this.writes.push(tableRemovalWrite(table));
    this.#touchTable(table);
    for (const number of indexNumbers(table)) {
      this.invalidatedIndexes.push(number);
      this.removeIndex(number);
    }
    this.addRows(table, -rowCount);
  }

  /** Rows that came or went otherwise than by `addDocuments`. */
  addRows(table: TableState, count: number): void {
    if (count !== 0) this.#addCount(table, count);
  }

  /** Makes transactions that wrote to the component under the schema as it was run again. */
  touchSchema(componentPath: ComponentPath): void {
    this.touch(SCHEMAS_INDEX, schemaKey(componentPath));
  }

  /** Replaces the record of a table that exists. */
  changeTable(table: TableState): void {
    this.changeTables(table.componentPath, [table]);
  }

  /** Replaces the records of a component's tables, and adds those that are new. */
  changeTables(componentPath: ComponentPath, tables: readonly TableState[]): void {
    for (const table of tables) {
      const isNew = this.catalog.table(componentPath, table.name) === null;
      if (isNew) this.#touchTable(table);
      this.writes.push(tableWrite(table));
    }
    this.catalog = this.catalog.withTables(componentPath, tables);
  }

  /**
   * Net changes of a transaction that commits at `ts`, with the indexes that exist now rather than at
   * its snapshot.
   */
  addDocuments(transaction: DatabaseTransaction, storage: Storage, ts: Timestamp): void {
    const created = new CreatedTables(this.catalog);
    for (const [id, written] of transaction.writtenDocuments()) {
      const { before } = written;
      const current = written.current === null ? null : resolveDocument(written.current, ts);
      if (before?.json === current?.stored.json) continue;
      this.#addChange({
        table: created.current(written.table),
        id,
        before,
        after: current?.stored ?? null,
        old: before === null ? null : parseDocument(before),
        next: current,
      });
    }
    for (const [componentPath, tables] of created.byComponent) {
      this.changeTables(componentPath, [...tables.values()]);
    }
    try {
      this.#addSearches(storage);
    } catch (error) {
      throw storage.reportDamage(error);
    }
  }

  /** Notes an index whose entries are to be removed from the store later on. */
  removeIndex(index: number): void {
    this.removedIndexes.push(index);
    this.writes.push(droppedIndexWrite(index, false));
  }

  touch(index: number, key: string): void {
    this.touched.push(new TouchedKey(index, key, null, null));
  }

  #touchTable({ componentPath, name, number }: TableState): void {
    this.touch(TABLES_INDEX, tableNameKey(componentPath, name));
    this.touch(TABLES_INDEX, tableNumberKey(componentPath, number));
  }

  #addChange(change: ParsedChange): void {
    this.changes.push(change);
    const { table, id, old, next } = change;
    for (const index of databaseIndexes(table)) {
      const { number, paths } = index;
      if (old !== null && next !== null && isSameAt(old.value, next.value, paths)) {
        const key = () => documentKey(next.value, paths);
        this.touched.push(new TouchedKey(number, key, id, change));
        continue;
      }
      const oldKey = old === null ? null : documentKey(old.value, paths);
      const newKey = next === null ? null : documentKey(next.value, paths);
      if (oldKey !== null) this.touched.push(new TouchedKey(number, oldKey, id, change));
      if (newKey !== null && newKey !== oldKey) {
        this.touched.push(new TouchedKey(number, newKey, null, change));
      }
      if (index.name !== "by_id") this.writes.push(...keyWrites(number, id, oldKey, newKey));
    }
    this.writes.push(documentWrite(table, id, change.after));
    const delta = (next === null ? 0 : 1) - (old === null ? 0 : 1);
    if (delta !== 0) this.#addCount(table, delta);
  }

  #addSearches(storage: Storage): void {
    const writers = new Map<number, SearchWriter>();
    for (const change of this.changes) {
      const { old, next } = change;
      for (const index of change.table.searchIndexes) {
        if (old !== null && next !== null && isSameToSearch(index, old, next)) {
          this.#touchSearched(index, change, next);
          continue;
        }
        const before = this.#touchSearched(index, change, old)?.document ?? null;
        const after = this.#touchSearched(index, change, next)?.document ?? null;
        let writer = writers.get(index.number);
        if (writer === undefined) {
          writer = new SearchWriter(storage, index.number, index.filterFields);
          writers.set(index.number, writer);
        }
        // A row that the index under construction has not reached yet is not in it.
        const isIndexed = before === null || !index.isBuilding || writer.has(change.id);
        writer.change(isIndexed ? before : null, after);
      }
    }
    for (const writer of writers.values()) {
      for (const write of writer.finish()) this.writes.push(write);
    }
  }

  #touchSearched(
    index: SearchIndexState,
    change: ParsedChange,
    version: ParsedDocument | null,
  ): TouchedSearchDocument | null {
    if (version === null) return null;
    const touched = new TouchedSearchDocument(change, () => searchDocumentOf(index, version));
    const documents = this.searched.get(index.number);
    if (documents === undefined) this.searched.set(index.number, [touched]);
    else documents.push(touched);
    return touched;
  }

  #addCount(table: TableState, delta: number): void {
    const key = tableId(table);
    const previous = this.countDeltas.get(key);
    if (previous === undefined)
      this.touch(COUNTS_INDEX, tableNameKey(table.componentPath, table.name));
    this.countDeltas.set(key, (previous ?? 0) + delta);
  }
}

/** Tables that a transaction made, gathered to enter the catalog together. */
class CreatedTables {
  readonly byComponent = new Map<ComponentPath, Map<string, TableState>>();
  readonly #catalog: CatalogState;

  constructor(catalog: CatalogState) {
    this.#catalog = catalog;
  }

  /** The table as it is now; it comes into being if it has not yet. */
  current(table: TableState): TableState {
    const { componentPath, name } = table;
    const existing =
      this.#catalog.table(componentPath, name) ?? this.byComponent.get(componentPath)?.get(name);
    if (existing !== undefined) return existing;
    const tables = this.byComponent.get(componentPath);
    if (tables === undefined) this.byComponent.set(componentPath, new Map([[name, table]]));
    else tables.set(name, table);
    return table;
  }
}

/** Writes that move a document's entry in an index other than `by_id`. */
function keyWrites(
  index: number,
  id: string,
  oldKey: string | null,
  newKey: string | null,
): StorageWrite[] {
  if (oldKey === newKey) return [];
  const writes: StorageWrite[] = [];
  if (oldKey !== null) writes.push({ index, key: oldKey, value: null });
  if (newKey !== null) writes.push({ index, key: newKey, value: Buffer.from(id, "latin1") });
  return writes;
}

function documentWrite(table: TableState, id: string, after: StoredDocument | null): StorageWrite {
  return {
    index: table.byId.number,
    key: encodeKeyPart(id),
    value: after === null ? null : encodeStored(after),
  };
}
