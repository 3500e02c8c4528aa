import { SearchWriter } from "../search/search-writer.ts";
import type { Storage, StorageWrite } from "../storage/storage.ts";
import type { CatalogState, IndexState, SearchIndexState, TableState } from "./catalog-state.ts";
import { droppedIndexWrite } from "./catalog-store.ts";
import { keyWrites } from "./commit-plan.ts";
import { DatabaseError } from "./database-error.ts";
import { searchDocumentOf } from "./search-reading.ts";
import type { SchemaPreparation } from "./schema-preparation.ts";
import {
  decodeStored,
  documentKey,
  parseDocument,
  type ParsedDocument,
} from "./stored-document.ts";
import type { Timestamp } from "./types.ts";

/** Rows handled before other work gets its turn. */
const SLICE_ROWS = 200;

export interface BuilderHost {
  readonly storage: Storage;
  readonly latestTs: Timestamp;
  readonly catalog: CatalogState;
}

/**
 * Fills new indexes from the rows that exist and empties dropped ones, in slices between which the
 * event loop is free. Commits keep the indexes up to date meanwhile.
 */
export class IndexBuilder {
  readonly #host: BuilderHost;
  readonly #removalDelayMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopped = false;

  constructor(host: BuilderHost, removalDelayMs: number) {
    this.#host = host;
    this.#removalDelayMs = removalDelayMs;
  }

  /** Ends work between two slices; what is left is done after the next start. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Indexes and checks all rows of one table for a schema in preparation. */
  async build(preparation: SchemaPreparation, tableName: string): Promise<void> {
    const plan = preparation.plans.find(({ name }) => name === tableName);
    const needsCheck = preparation.tablesToCheck.has(tableName);
    if (plan === undefined || (plan.added.length === 0 && !needsCheck)) return;
    let after: string | null = "";
    while (after !== null) {
      if (this.#isStopped) throw new DatabaseError("DatabaseClosed", "The database is closed.");
      preparation.checkNotAborted();
      this.#host.storage.requireSpace();
      const { catalog } = this.#host;
      const table = catalog.table(preparation.componentPath, tableName);
      if (table === null) return;
      const building = table.indexes.filter(({ isBuilding }) => isBuilding);
      const buildingSearch = table.searchIndexes.filter(({ isBuilding }) => isBuilding);
      after = this.#slice(table, after, (rows) => {
        if (needsCheck) for (const row of rows) preparation.checkRow(catalog, tableName, row);
        this.#index(building, rows);
        for (const index of buildingSearch) this.#indexText(index, rows);
      });
      if (after !== null) await new Promise((resolve) => setImmediate(resolve));
    }
    preparation.checkNotAborted();
  }

  /** Indexes all rows at once; for system tables at start-up. */
  buildNow(table: TableState, indexes: readonly IndexState[]): void {
    let after: string | null = "";
    while (after !== null) after = this.#slice(table, after, (rows) => this.#index(indexes, rows));
  }

  /**
   * Empties a dropped index once no snapshot can ask for it any more (`null`: after the retention),
   * then deletes the note that it has to be done.
   */
  removeEntries(index: number, delayMs: number | null): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#removeSlice(index);
    }, delayMs ?? this.#removalDelayMs);
    timer.unref();
    this.#timers.add(timer);
  }

  #removeSlice(index: number): void {
    const { storage, latestTs } = this.#host;
    if (storage.isStopped) return;
    const { entries, isEnd } = storage.scan({
      index,
      lower: "",
      upper: null,
      isReverse: false,
      limit: SLICE_ROWS * 4,
    });
    const writes: StorageWrite[] = entries.map(({ key }) => ({ index, key, value: null }));
    if (isEnd) writes.push(droppedIndexWrite(index, true));
    storage.write(writes, latestTs);
    if (!isEnd) this.removeEntries(index, 0);
  }

  /** Hands the next rows by id over; returns where to go on, `null` at the end. */
  #slice(
    table: TableState,
    after: string,
    handle: (rows: readonly ParsedDocument[]) => void,
  ): string | null {
    const { entries, isEnd } = this.#host.storage.scan({
      index: table.byId.number,
      lower: after,
      upper: null,
      isReverse: false,
      limit: SLICE_ROWS,
    });
    handle(entries.map(({ key, value }) => parseDocument(decodeStored(key.slice(1, -1), value))));
    const last = entries[entries.length - 1];
    return isEnd || last === undefined ? null : `${last.key}\0`;
  }

  #index(indexes: readonly IndexState[], rows: readonly ParsedDocument[]): void {
    const writes = indexes.flatMap(({ number, paths }) =>
      rows.flatMap(({ stored, value }) =>
        keyWrites(number, stored.id, null, documentKey(value, paths)),
      ),
    );
    this.#host.storage.write(writes, this.#host.latestTs);
  }

  #indexText(index: SearchIndexState, rows: readonly ParsedDocument[]): void {
    const { storage, latestTs } = this.#host;
    const writer = new SearchWriter(storage, index.number, index.filterFields);
    for (const row of rows) {
      // Rows written since the index was created are in it already.
      if (!writer.has(row.stored.id)) writer.change(null, searchDocumentOf(index, row));
    }
    storage.write(writer.finish(), latestTs);
  }
}
