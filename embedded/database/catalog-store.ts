/** The catalog's records in the store: one per table, row count and schema, under the meta index. */
import { META_INDEX } from "../storage/open-lmdb.ts";
import type { StorageSnapshot, StorageWrite } from "../storage/storage.ts";
import {
  builtInIndex,
  CatalogState,
  declaredIndex,
  type IndexState,
  type NumberAllocator,
  type SearchIndexState,
  type TableState,
} from "./catalog-state.ts";
import { parseSchema, type Schema } from "./schema.ts";
import type { ComponentPath, SearchIndexDefinition } from "./types.ts";

interface TableRecord {
  readonly componentPath: ComponentPath;
  readonly name: string;
  readonly number: number;
  readonly byId: number;
  readonly byCreationTime: number;
  readonly indexes: readonly (Pick<IndexState, "name" | "fields" | "staged" | "isBuilding"> & {
    readonly number: number;
  })[];
  readonly searchIndexes: readonly (SearchIndexDefinition & {
    readonly number: number;
    readonly isBuilding: boolean;
  })[];
}

type Scannable = Pick<StorageSnapshot, "scan">;

export interface LoadedCatalog {
  readonly catalog: CatalogState;
  /** Rows per table, by `tableId`. */
  readonly counts: Map<string, number>;
  /** Numbers of indexes that were dropped but not yet removed from the store. */
  readonly dropped: readonly number[];
}

/** Reads all records; the allocator learns the numbers in use. */
export function loadCatalog(storage: Scannable, allocator: NumberAllocator): LoadedCatalog {
  const tables = new Map<ComponentPath, TableState[]>();
  for (const [, text] of records(storage, "table:")) {
    const table = tableOf(JSON.parse(text) as TableRecord);
    const siblings = tables.get(table.componentPath) ?? [];
    siblings.push(table);
    tables.set(table.componentPath, siblings);
    allocator.reserveTable(table.componentPath, table.name, table.number);
    for (const number of indexNumbers(table)) allocator.reserveIndex(number);
  }
  let catalog = new CatalogState();
  for (const [path, siblings] of tables) catalog = catalog.withTables(path, siblings);
  for (const [path, text] of records(storage, "schema:")) {
    catalog = catalog.withSchema(path, parseSchema(text));
  }
  const dropped = records(storage, "dropped:").map(([number]) => Number(number));
  for (const number of dropped) allocator.reserveIndex(number);
  const counts = records(storage, "count:").map(([id, count]) => [id, Number(count)] as const);
  return { catalog, counts: new Map(counts), dropped };
}

export function tableWrite(table: TableState): StorageWrite {
  const { componentPath, name, number, byId, byCreationTime } = table;
  const record: TableRecord = {
    componentPath,
    name,
    number,
    byId: byId.number,
    byCreationTime: byCreationTime.number,
    indexes: table.indexes.map((index) => ({
      number: index.number,
      name: index.name,
      fields: index.fields,
      staged: index.staged,
      isBuilding: index.isBuilding,
    })),
    searchIndexes: table.searchIndexes,
  };
  return write(`table:${tableId(table)}`, JSON.stringify(record));
}

export function tableRemovalWrite(table: TableState): StorageWrite {
  return write(`table:${tableId(table)}`, null);
}

export function schemaWrite(componentPath: ComponentPath, schema: Schema | null): StorageWrite {
  return write(`schema:${componentPath}`, schema?.json ?? null);
}

export function countWrite(table: string, count: number): StorageWrite {
  return write(`count:${table}`, String(count));
}

/** Notes that an index's entries must be removed, or (`isDone`) that they are. */
export function droppedIndexWrite(number: number, isDone: boolean): StorageWrite {
  return write(`dropped:${number}`, isDone ? null : "");
}

/** Names a table across components. */
export function tableId(table: Pick<TableState, "componentPath" | "name">): string {
  return JSON.stringify([table.componentPath, table.name]);
}

/** Numbers of all indexes of a table, built-in, declared and search. */
export function indexNumbers(table: TableState): number[] {
  return [table.byId, table.byCreationTime, ...table.indexes, ...table.searchIndexes].map(
    ({ number }) => number,
  );
}

function tableOf(record: TableRecord): TableState {
  return {
    componentPath: record.componentPath,
    name: record.name,
    number: record.number,
    byId: builtInIndex(record.byId, "by_id"),
    byCreationTime: builtInIndex(record.byCreationTime, "by_creation_time"),
    indexes: record.indexes.map((index) => declaredIndex(index.number, index, index.isBuilding)),
    searchIndexes: record.searchIndexes satisfies readonly SearchIndexState[],
  };
}

function records(storage: Scannable, prefix: string): [string, string][] {
  const found: [string, string][] = [];
  let lower = prefix;
  for (;;) {
    const { entries, isEnd } = storage.scan({
      index: META_INDEX,
      lower,
      upper: `${prefix}\xff`,
      isReverse: false,
      limit: 256,
    });
    for (const { key, value } of entries) {
      const name = Buffer.from(key.slice(prefix.length), "latin1").toString();
      found.push([name, value.toString()]);
      lower = `${key}\0`;
    }
    if (isEnd || entries.length === 0) return found;
  }
}

function write(key: string, text: string | null): StorageWrite {
  return {
    index: META_INDEX,
    key: Buffer.from(key).toString("latin1"),
    value: text === null ? null : Buffer.from(text),
  };
}
