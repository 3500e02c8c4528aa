import { SearchWriter } from "../search/search-writer.ts";
import type { EntrySorter } from "../storage/entry-sorter.ts";
import type { SortedEntry } from "../storage/entry-run.ts";
import type { StorageWrite } from "../storage/storage.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import type { IndexState, SearchIndexState, TableState } from "./catalog-state.ts";
import { droppedIndexWrite } from "./catalog-store.ts";
import { DatabaseError } from "./database-error.ts";
import { HiddenWrites, type HiddenWritesHost } from "./hidden-writes.ts";
import { searchDocumentOf } from "./search-reading.ts";
import type { SchemaPreparation } from "./schema-preparation.ts";
import {
  decodeStored,
  documentKey,
  parseDocument,
  type ParsedDocument,
} from "./stored-document.ts";
import { indexEntries } from "./table-entries.ts";
import type { Timestamp } from "./types.ts";
import type { WriteLog } from "./write-log.ts";

/** Rows handled before other work gets its turn. */
const SLICE_ROWS = 200;

/**
 * Fills new indexes from the rows that exist and empties dropped ones, in slices between which the
 * event loop is free. Commits keep the indexes up to date meanwhile. Entries are sorted before they
 * are written, so that each page of the store is written about once; those of search indexes are
 * written as the rows come.
 */
export class IndexBuilder {
  readonly #host: HiddenWritesHost;
  readonly #log: WriteLog;
  readonly #removalDelayMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopped = false;

  /** `removalDelayMs`: how long the log keeps snapshots, which show what has been dropped since. */
  constructor(host: HiddenWritesHost, log: WriteLog, removalDelayMs: number) {
    this.#host = host;
    this.#log = log;
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
    const sorter = this.#host.storage.createSorter();
    try {
      let after: string | null = "";
      while (after !== null) {
        const table = this.#continue(preparation, tableName);
        if (table === null) return;
        const rows = this.#slice(table, after);
        after = rows.next;
        if (needsCheck) {
          const { catalog } = this.#host;
          for (const row of rows.documents) preparation.checkRow(catalog, tableName, row);
        }
        for (const index of table.searchIndexes) {
          if (index.isBuilding) this.#indexText(index, rows.documents);
        }
        await sorter.add(indexEntries(buildingIndexes(table), rows.documents));
        if (after !== null) await new Promise((resolve) => setImmediate(resolve));
      }
      await this.#writeSorted(preparation, tableName, sorter);
    } finally {
      sorter.close();
    }
    preparation.checkNotAborted();
  }

  async #writeSorted(
    preparation: SchemaPreparation,
    tableName: string,
    sorter: EntrySorter,
  ): Promise<void> {
    const hidden = new HiddenWrites(this.#host);
    const written = preparation.written.get(tableName);
    for await (const entries of sorter.sorted()) {
      const table = this.#continue(preparation, tableName);
      if (table === null) return;
      const indexes = new Map(buildingIndexes(table).map((index) => [index.number, index]));
      const isCurrent = (entry: SortedEntry): boolean => {
        const id = entry.value.toString("latin1");
        const index = indexes.get(entry.index);
        if (index === undefined) return false;
        return written?.has(id) !== true || this.#keyOf(table, id, index) === entry.key;
      };
      await hidden.write(entries.filter(isCurrent));
    }
    await hidden.flushed();
  }

  /** The key that a row has now; `null` when it is gone. */
  #keyOf(table: TableState, id: string, { paths }: IndexState): string | null {
    const bytes = this.#host.storage.get(table.byId.number, encodeKeyPart(id));
    return bytes === null ? null : documentKey(parseDocument(decodeStored(id, bytes)).value, paths);
  }

  /** The table as it is now; `null` when it is gone. @throws when the work is to end. */
  #continue(preparation: SchemaPreparation, tableName: string): TableState | null {
    if (this.#isStopped) throw new DatabaseError("DatabaseClosed", "The database is closed.");
    preparation.checkNotAborted();
    this.#host.storage.requireSpace();
    return this.#host.catalog.table(preparation.componentPath, tableName);
  }

  /** Indexes all rows at once; for system tables at start-up. */
  buildNow(table: TableState, indexes: readonly IndexState[]): void {
    const { storage, latestTs } = this.#host;
    for (let after: string | null = ""; after !== null;) {
      const { documents, next } = this.#slice(table, after);
      storage.write(
        indexEntries(indexes, documents).map(({ index, key, value }) => ({
          index,
          key,
          value: Buffer.from(value),
        })),
        latestTs,
      );
      after = next;
    }
  }

  /** Empties an index that the newest commit dropped, after the retention of snapshots that show it. */
  removeDropped(index: number): void {
    const droppedTs = this.#host.latestTs;
    this.#after(this.#removalDelayMs, () => this.#removeUnseen(index, droppedTs));
  }

  /** Empties an index that no snapshot shows, then deletes the note that it has to be done. */
  removeEntries(index: number): void {
    this.#after(0, () => this.#removeSlice(index));
  }

  #after(delayMs: number, task: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, delayMs);
    timer.unref();
    this.#timers.add(timer);
  }

  #removeUnseen(index: number, droppedTs: Timestamp): void {
    // The log forgets by itself only when something is committed.
    this.#log.forgetBefore(droppedTs);
    this.#removeSlice(index);
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
    if (!isEnd) this.removeEntries(index);
  }

  /** The next rows by id, and where to go on: `null` at the end. */
  #slice(
    table: TableState,
    after: string,
  ): { readonly documents: ParsedDocument[]; readonly next: string | null } {
    const { entries, isEnd } = this.#host.storage.scan({
      index: table.byId.number,
      lower: after,
      upper: null,
      isReverse: false,
      limit: SLICE_ROWS,
    });
    const last = entries[entries.length - 1];
    return {
      documents: entries.map(({ key, value }) =>
        parseDocument(decodeStored(key.slice(1, -1), value)),
      ),
      next: isEnd || last === undefined ? null : `${last.key}\0`,
    };
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

function buildingIndexes(table: TableState): IndexState[] {
  return table.indexes.filter(({ isBuilding }) => isBuilding);
}
