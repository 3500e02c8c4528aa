/** Reads a whole store and holds rows, indexes and counts against each other. */
import { isUtf8 } from "node:buffer";

import { DamagedRecordError } from "../storage/storage-error.ts";
import type { StorageSnapshot } from "../storage/storage.ts";
import { valueSize } from "../values/size.ts";
import {
  databaseIndexes,
  NumberAllocator,
  type IndexState,
  type TableState,
} from "./catalog-state.ts";
import { loadCatalog, tableId } from "./catalog-store.ts";
import { EntrySum, entriesOf } from "./entry-sum.ts";
import { SearchCheck } from "./search-check.ts";
import {
  decodeStored,
  documentKey,
  HEADER_LENGTH,
  valueOf,
  type ParsedDocument,
} from "./stored-document.ts";

/** How many rows are looked at between two reports of progress. */
const PROGRESS_STEP = 8192;

/**
 * Checks that every row can be read and is what its id, creation time and size say, that every index,
 * those for searches included, has the entries that follow from the rows and no others, and that the
 * counts are right. Takes little memory, whatever the size of the store.
 * @throws DamagedRecordError naming the first row or index that is damaged.
 */
export function checkStore(
  snapshot: StorageSnapshot,
  onProgress: (done: number, total: number) => void,
): void {
  const { catalog, counts } = loadCatalog(snapshot, new NumberAllocator());
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let done = 0;
  for (const table of catalog.allTables()) {
    const indexes = databaseIndexes(table)
      .filter(({ name, isBuilding }) => name !== "by_id" && !isBuilding)
      .map((index) => ({ index, expected: new EntrySum() }));
    const searches = table.searchIndexes
      .filter(({ isBuilding }) => !isBuilding)
      .map((index) => ({ index, check: new SearchCheck(snapshot, index) }));
    const rows = checkRows(snapshot, table, (row) => {
      const { stored, value } = row;
      for (const { index, expected } of indexes) {
        expected.add(documentKey(value, index.paths), stored.id);
      }
      for (const { check } of searches) check.add(row);
      done += 1;
      if (done % PROGRESS_STEP === 0) onProgress(done, total);
    });
    const count = counts.get(tableId(table)) ?? 0;
    if (rows !== count) {
      throw new DamagedRecordError(`${nameOf(table)} has ${rows} rows instead of ${count}`);
    }
    for (const { index, expected } of indexes) checkIndex(snapshot, table, index, expected);
    for (const { index, check } of searches) if (!check.fits()) throw misfit(table, index);
  }
}

/** Returns the number of rows. */
function checkRows(
  snapshot: StorageSnapshot,
  table: TableState,
  handle: (row: ParsedDocument) => void,
): number {
  let rows = 0;
  for (const { key, value: bytes } of entriesOf(snapshot, table.byId.number)) {
    // A key is the encoded id: a type byte, the text and its end.
    const id = key.slice(1, -1);
    const row = isUtf8(bytes.subarray(HEADER_LENGTH)) ? readRow(id, bytes) : null;
    if (row === null) {
      throw new DamagedRecordError(`the row ${id} of ${nameOf(table)} cannot be read`);
    }
    handle(row);
    rows += 1;
  }
  return rows;
}

/** `null` for a damaged one. */
function readRow(id: string, bytes: Buffer): ParsedDocument | null {
  try {
    const stored = decodeStored(id, bytes);
    const value = valueOf(stored);
    const isWhole =
      value["_id"] === id &&
      value["_creationTime"] === stored.creationTime &&
      valueSize(value) === stored.size;
    return isWhole ? { stored, value } : null;
  } catch (error) {
    if (error instanceof DamagedRecordError) return null;
    throw error;
  }
}

function checkIndex(
  snapshot: StorageSnapshot,
  table: TableState,
  index: IndexState,
  expected: EntrySum,
): void {
  const found = new EntrySum();
  for (const { key, value } of entriesOf(snapshot, index.number)) {
    found.add(key, value.toString("latin1"));
  }
  if (!found.equals(expected)) throw misfit(table, index);
}

function misfit(table: TableState, { name }: { readonly name: string }): DamagedRecordError {
  return new DamagedRecordError(`the index ${nameOf(table)}.${name} does not fit the rows`);
}

function nameOf({ componentPath, name }: TableState): string {
  return componentPath === "" ? name : `${componentPath}/${name}`;
}
