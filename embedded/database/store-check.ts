/** Reads a whole store and holds rows, indexes and counts against each other. */
import { isUtf8 } from "node:buffer";
import { crc32 } from "node:zlib";

import { DamagedRecordError } from "../storage/storage-error.ts";
import type { StorageSnapshot } from "../storage/storage.ts";
import type { JsonObject } from "../values/json-value.ts";
import { valueSize } from "../values/size.ts";
import {
  databaseIndexes,
  NumberAllocator,
  type IndexState,
  type TableState,
} from "./catalog-state.ts";
import { loadCatalog, tableId } from "./catalog-store.ts";
import { decodeStored, documentKey, HEADER_LENGTH, valueOf } from "./stored-document.ts";

const SCAN_SIZE = 256;
/** How many rows are looked at between two reports of progress. */
const PROGRESS_STEP = 8192;

/**
 * Checks that every row can be read and is what its id, creation time and size say, that every database
 * index has the entries that follow from the rows and no others, and that the counts are right. Full
 * text indexes are not compared. Takes little memory, whatever the size of the store.
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
    const rows = checkRows(snapshot, table, (id, value) => {
      for (const { index, expected } of indexes) expected.add(documentKey(value, index.paths), id);
      done += 1;
      if (done % PROGRESS_STEP === 0) onProgress(done, total);
    });
    const count = counts.get(tableId(table)) ?? 0;
    if (rows !== count) {
      throw new DamagedRecordError(`${nameOf(table)} has ${rows} rows instead of ${count}`);
    }
    for (const { index, expected } of indexes) checkIndex(snapshot, table, index, expected);
  }
}

/** Returns the number of rows. */
function checkRows(
  snapshot: StorageSnapshot,
  table: TableState,
  handle: (id: string, value: JsonObject) => void,
): number {
  let rows = 0;
  for (const { key, value: bytes } of entriesOf(snapshot, table.byId.number)) {
    // A key is the encoded id: a type byte, the text and its end.
    const id = key.slice(1, -1);
    const value = isUtf8(bytes.subarray(HEADER_LENGTH)) ? readRow(id, bytes) : null;
    if (value === null) {
      throw new DamagedRecordError(`the row ${id} of ${nameOf(table)} cannot be read`);
    }
    handle(id, value);
    rows += 1;
  }
  return rows;
}

/** `null` for a damaged one. */
function readRow(id: string, bytes: Buffer): JsonObject | null {
  try {
    const stored = decodeStored(id, bytes);
    const value = valueOf(stored);
    const isWhole =
      value["_id"] === id &&
      value["_creationTime"] === stored.creationTime &&
      valueSize(value) === stored.size;
    return isWhole ? value : null;
  } catch (error) {
    if (error instanceof DamagedRecordError) return null;
    throw error;
  }
}

function checkIndex(
  snapshot: StorageSnapshot,
  table: TableState,
  { number, name }: IndexState,
  expected: EntrySum,
): void {
  const found = new EntrySum();
  for (const { key, value } of entriesOf(snapshot, number))
    found.add(key, value.toString("latin1"));
  if (!found.equals(expected)) {
    throw new DamagedRecordError(`the index ${nameOf(table)}.${name} does not fit the rows`);
  }
}

/** Stands for a set of index entries, whatever the order in which they come. */
class EntrySum {
  #count = 0;
  #sum = 0;

  add(key: string, id: string): void {
    this.#count += 1;
    this.#sum = (this.#sum + crc32(id, crc32(key))) % Number.MAX_SAFE_INTEGER;
  }

  equals(other: EntrySum): boolean {
    return this.#count === other.#count && this.#sum === other.#sum;
  }
}

function* entriesOf(snapshot: StorageSnapshot, index: number) {
  let lower = "";
  for (;;) {
    const request = { index, lower, upper: null, isReverse: false, limit: SCAN_SIZE };
    const { entries, isEnd } = snapshot.scan(request);
    yield* entries;
    const last = entries[entries.length - 1];
    if (isEnd || last === undefined) return;
    lower = `${last.key}\0`;
  }
}

function nameOf({ componentPath, name }: TableState): string {
  return componentPath === "" ? name : `${componentPath}/${name}`;
}
