import { SCHEMA_LIMITS } from "../lib/limits.ts";
import { encodeKey } from "../values/index-key.ts";
import { DatabaseError } from "./database-error.ts";
import type { Schema } from "./schema.ts";
import type { ComponentPath, IndexKey, SearchIndexDefinition } from "./types.ts";

/**
 * Index numbers of what is read about the catalog itself. Nothing is stored under them: they exist so
 * that reading "no such table" or writing under a schema can be part of a read set.
 */
export const TABLES_INDEX = 1;
export const SCHEMAS_INDEX = 2;
export const COUNTS_INDEX = 3;
/** Index numbers from here on belong to indexes of tables. */
const FIRST_INDEX_NUMBER = 100;

const FIRST_USER_TABLE = 10001;
const FIRST_SYSTEM_TABLE = 513;
const FIXED_TABLES = new Map([
  ["_scheduled_functions", 539],
  ["_storage", 540],
]);

export interface IndexState {
  /** Number in the store; never used again for another index. */
  readonly number: number;
  readonly name: string;
  /** Declared fields. */
  readonly fields: readonly string[];
  /** Paths whose values make the key, the trailing `_creationTime` and `_id` included. */
  readonly paths: readonly (readonly string[])[];
  readonly staged: boolean;
  /** Maintained by every commit, but not visible yet: a schema in preparation builds it. */
  readonly isBuilding: boolean;
}

export interface SearchIndexState extends SearchIndexDefinition {
  readonly number: number;
  readonly isBuilding: boolean;
}

export interface TableState {
  readonly componentPath: ComponentPath;
  readonly name: string;
  readonly number: number;
  readonly byId: IndexState;
  readonly byCreationTime: IndexState;
  readonly indexes: readonly IndexState[];
  readonly searchIndexes: readonly SearchIndexState[];
}

export interface ComponentState {
  readonly tables: ReadonlyMap<string, TableState>;
  readonly tablesByNumber: ReadonlyMap<number, TableState>;
  readonly schema: Schema | null;
}

const EMPTY_COMPONENT: ComponentState = {
  tables: new Map(),
  tablesByNumber: new Map(),
  schema: null,
};

/** All tables, indexes and schemas at one timestamp. Never changes; `with…` make a new one. */
export class CatalogState {
  readonly #components: ReadonlyMap<ComponentPath, ComponentState>;

  constructor(components: ReadonlyMap<ComponentPath, ComponentState> = new Map()) {
    this.#components = components;
  }

  componentPaths(): ComponentPath[] {
    return [...new Set(["", ...this.#components.keys()])].sort();
  }

  component(path: ComponentPath): ComponentState {
    return this.#components.get(path) ?? EMPTY_COMPONENT;
  }

  table(path: ComponentPath, name: string): TableState | null {
    return this.component(path).tables.get(name) ?? null;
  }

  withTable(table: TableState): CatalogState {
    return this.withTables(table.componentPath, [table]);
  }

  /** Of one component. */
  withTables(path: ComponentPath, added: readonly TableState[]): CatalogState {
    const component = this.component(path);
    const tables = new Map(component.tables);
    const tablesByNumber = new Map(component.tablesByNumber);
    for (const table of added) {
      tables.set(table.name, table);
      tablesByNumber.set(table.number, table);
    }
    return this.#with(path, { ...component, tables, tablesByNumber });
  }

  withoutTable({ componentPath, name, number }: TableState): CatalogState {
    const component = this.component(componentPath);
    const tables = new Map(component.tables);
    tables.delete(name);
    const tablesByNumber = new Map(component.tablesByNumber);
    tablesByNumber.delete(number);
    return this.#with(componentPath, { ...component, tables, tablesByNumber });
  }

  withSchema(path: ComponentPath, schema: Schema | null): CatalogState {
    return this.#with(path, { ...this.component(path), schema });
  }

  *allTables(): Generator<TableState> {
    for (const component of this.#components.values()) yield* component.tables.values();
  }

  #with(path: ComponentPath, component: ComponentState): CatalogState {
    return new CatalogState(new Map(this.#components).set(path, component));
  }
}

/** Hands out table and index numbers. A number that was given out is never given again. */
export class NumberAllocator {
  #nextIndex = FIRST_INDEX_NUMBER;
  readonly #nextTable = new Map<string, number>();

  /** Notes a number that is in use already. */
  reserveIndex(number: number): void {
    this.#nextIndex = Math.max(this.#nextIndex, number + 1);
  }

  reserveTable(componentPath: ComponentPath, name: string, number: number): void {
    const counter = tableCounter(componentPath, name);
    this.#nextTable.set(counter, Math.max(this.#nextTable.get(counter) ?? 0, number + 1));
  }

  indexNumber(): number {
    return this.#nextIndex++;
  }

  tableNumber(componentPath: ComponentPath, name: string): number {
    const fixed = FIXED_TABLES.get(name);
    if (fixed !== undefined) return fixed;
    const counter = tableCounter(componentPath, name);
    const first = isSystemTable(name) ? FIRST_SYSTEM_TABLE : FIRST_USER_TABLE;
    let number = Math.max(first, this.#nextTable.get(counter) ?? 0);
    while ([...FIXED_TABLES.values()].includes(number)) number += 1;
    this.#nextTable.set(counter, number + 1);
    return number;
  }
}

/** A table with its two built-in indexes and nothing declared. */
export function newTable(
  allocator: NumberAllocator,
  componentPath: ComponentPath,
  name: string,
): TableState {
  return {
    componentPath,
    name,
    number: allocator.tableNumber(componentPath, name),
    byId: builtInIndex(allocator.indexNumber(), "by_id"),
    byCreationTime: builtInIndex(allocator.indexNumber(), "by_creation_time"),
    indexes: [],
    searchIndexes: [],
  };
}

/** The same table over empty indexes. Those that a schema in preparation builds are left out. */
export function withNewIndexes(table: TableState, allocator: NumberAllocator): TableState {
  const renew = <T extends IndexState | SearchIndexState>(index: T): T => ({
    ...index,
    number: allocator.indexNumber(),
  });
  return {
    ...table,
    byId: renew(table.byId),
    byCreationTime: renew(table.byCreationTime),
    indexes: table.indexes.filter(({ isBuilding }) => !isBuilding).map(renew),
    searchIndexes: table.searchIndexes.filter(({ isBuilding }) => !isBuilding).map(renew),
  };
}

export function builtInIndex(number: number, name: "by_id" | "by_creation_time"): IndexState {
  const paths = name === "by_id" ? [["_id"]] : [["_creationTime"], ["_id"]];
  return { number, name, fields: [], paths, staged: false, isBuilding: false };
}

export function declaredIndex(
  number: number,
  definition: {
    readonly name: string;
    readonly fields: readonly string[];
    readonly staged: boolean;
  },
  isBuilding: boolean,
): IndexState {
  const paths = [...definition.fields, "_creationTime", "_id"].map((field) => field.split("."));
  const { name, fields, staged } = definition;
  return { number, name, fields, paths, staged, isBuilding };
}

export function isSystemTable(name: string): boolean {
  return name.startsWith("_");
}

/** @throws DatabaseError `TooManyTables` when so many more than these would be too many. */
export function requireRoomForTables(existing: number, added: number): void {
  const { max, text } = SCHEMA_LIMITS.tables;
  if (existing + added > max) throw new DatabaseError("TooManyTables", text());
}

/** How many of the tables count against the limit. */
export function countUserTables(tables: Iterable<TableState>): number {
  let count = 0;
  for (const { name } of tables) if (!isSystemTable(name)) count += 1;
  return count;
}

/** Tables whose number is known before their first row. */
export function fixedTableName(number: number): string | null {
  for (const [name, fixed] of FIXED_TABLES) if (fixed === number) return name;
  return null;
}

/** All indexes that a commit maintains, the ones being built included. */
export function databaseIndexes(table: TableState): readonly IndexState[] {
  return [table.byId, table.byCreationTime, ...table.indexes];
}

export function tableNameKey(componentPath: ComponentPath, name: string): IndexKey {
  return encodeKey([componentPath, name]);
}

export function tableNumberKey(componentPath: ComponentPath, number: number): IndexKey {
  return encodeKey([componentPath, number]);
}

export function schemaKey(componentPath: ComponentPath): IndexKey {
  return encodeKey([componentPath]);
}

function tableCounter(componentPath: ComponentPath, name: string): string {
  return `${isSystemTable(name) ? "system" : "user"}:${componentPath}`;
}
