import { SearchAdditions, SearchListMerger } from "../search/search-additions.ts";
import type { SortableEntry, SortedEntry } from "../storage/entry-run.ts";
import type { StorageWrite } from "../storage/storage.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import { databaseIndexes, type IndexState, type TableState } from "./catalog-state.ts";
import { searchDocumentOf } from "./search-reading.ts";
import { documentKey, encodeStored, type ParsedDocument } from "./stored-document.ts";

const ROW_LENGTH = 6;

/** Entries of all indexes of a table that was empty, for rows that come some at a time. */
export class TableEntries {
  readonly #table: TableState;
  readonly #searches: readonly SearchAdditions[];
  #rowCount = 0;

  constructor(table: TableState) {
    this.#table = table;
    this.#searches = table.searchIndexes.map(
      ({ number, filterFields }) => new SearchAdditions(number, filterFields),
    );
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** To be sorted, and then made whole by an `EntryMerger`. */
  ofRows(documents: readonly ParsedDocument[]): SortableEntry[] {
    const { byId, searchIndexes } = this.#table;
    const entries = indexEntries(databaseIndexes(this.#table), documents);
    for (const { stored } of documents) {
      const value = withRow(encodeStored(stored), this.#rowCount++);
      entries.push({ index: byId.number, key: encodeKeyPart(stored.id), value });
    }
    for (const [position, additions] of this.#searches.entries()) {
      const index = searchIndexes[position];
      if (index === undefined) continue;
      const found = documents.map((document) => searchDocumentOf(index, document));
      for (const entry of additions.entries(found.filter((document) => document !== null))) {
        entries.push(entry);
      }
    }
    return entries;
  }

  /** What is known once all rows were there. */
  ofAll(): SortableEntry[] {
    return this.#searches.flatMap((additions) => additions.statistics());
  }
}

/** Entries of indexes other than `by_id`, which is passed over. */
export function indexEntries(
  indexes: readonly IndexState[],
  documents: readonly ParsedDocument[],
): SortableEntry[] {
  const entries: SortableEntry[] = [];
  for (const { number, name, paths } of indexes) {
    if (name === "by_id") continue;
    for (const { stored, value } of documents) {
      entries.push({ index: number, key: documentKey(value, paths), value: stored.id });
    }
  }
  return entries;
}

/** Told of a row whose id an earlier one has; rows count from 0. */
export type OnDuplicate = (table: TableState, id: string, row: number) => never;

/** Makes writes of the sorted entries of tables. */
export class EntryMerger {
  readonly #rowsOf = new Map<number, TableState>();
  readonly #listsOf = new Map<number, SearchListMerger>();
  readonly #onDuplicate: OnDuplicate;
  #latestRow: SortedEntry | null = null;
  #latestLists: SearchListMerger | null = null;

  constructor(tables: Iterable<TableState>, onDuplicate: OnDuplicate) {
    for (const table of tables) {
      this.#rowsOf.set(table.byId.number, table);
      for (const { number } of table.searchIndexes) {
        this.#listsOf.set(number, new SearchListMerger(number));
      }
    }
    this.#onDuplicate = onDuplicate;
  }

  writes(entries: readonly SortedEntry[]): StorageWrite[] {
    const writes: StorageWrite[] = [];
    for (const entry of entries) {
      const lists = this.#listsOf.get(entry.index) ?? null;
      if (lists !== this.#latestLists) this.#latestLists?.finish(writes);
      this.#latestLists = lists;
      const table = this.#rowsOf.get(entry.index);
      if (lists !== null) lists.add(entry, writes);
      else if (table !== undefined) writes.push(this.#row(table, entry));
      else writes.push(entry);
    }
    return writes;
  }

  /** What the last entries leave to be written. */
  rest(): StorageWrite[] {
    const writes: StorageWrite[] = [];
    this.#latestLists?.finish(writes);
    return writes;
  }

  #row(table: TableState, entry: SortedEntry): StorageWrite {
    const { index, key, value } = entry;
    const latest = this.#latestRow;
    const end = value.length - ROW_LENGTH;
    if (latest?.index === index && latest.key === key) {
      // An id's key is a mark, the id and a zero.
      this.#onDuplicate(table, key.slice(1, -1), value.readUIntBE(end, ROW_LENGTH));
    }
    this.#latestRow = entry;
    return { index, key, value: value.subarray(0, end) };
  }
}

function withRow(stored: Buffer, row: number): Buffer {
  const value = Buffer.allocUnsafe(stored.length + ROW_LENGTH);
  stored.copy(value);
  value.writeUIntBE(row, stored.length, ROW_LENGTH);
  return value;
}
