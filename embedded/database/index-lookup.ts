import {
  isSystemTable,
  type IndexState,
  type SearchIndexState,
  type TableState,
} from "./catalog-state.ts";
import { DatabaseError } from "./database-error.ts";

interface WantedIndex {
  readonly tableName: string;
  /** `null` when it does not exist. */
  readonly table: TableState | null;
  readonly name: string;
}

/**
 * The index of this name; `null` for a built-in or system index of a table that does not exist.
 * @param onRefused called before it throws: whoever handles the error depends on the schema.
 * @throws DatabaseError `IndexNotFound`, `IndexStaged`
 */
export function findIndex(wanted: WantedIndex, onRefused: () => void): IndexState | null {
  const { tableName, table, name } = wanted;
  if (name === "by_id") return table?.byId ?? null;
  if (name === "by_creation_time") return table?.byCreationTime ?? null;
  // Declared system indexes exist as soon as their table does.
  if (table === null && isSystemTable(tableName)) return null;
  return requireUsable(wanted, table?.indexes.find(isNamed(name)), onRefused);
}

/** The same for a search index, without which there is nothing to read. */
export function findSearchIndex(wanted: WantedIndex, onRefused: () => void): SearchIndexState {
  return requireUsable(wanted, wanted.table?.searchIndexes.find(isNamed(wanted.name)), onRefused);
}

/** What is left to check of any index that was looked up. */
export function requireUsable<T extends { readonly staged: boolean }>(
  { tableName, name }: Pick<WantedIndex, "tableName" | "name">,
  index: T | undefined,
  onRefused: () => void,
): T {
  if (index !== undefined && !index.staged) return index;
  onRefused();
  if (index === undefined) {
    throw new DatabaseError("IndexNotFound", `Index ${tableName}.${name} not found.`);
  }
  throw new DatabaseError(
    "IndexStaged",
    `Index ${tableName}.${name} is currently staged and not available to query until it is enabled.`,
  );
}

function isNamed(name: string) {
  return (index: IndexState | SearchIndexState) => index.name === name && !index.isBuilding;
}
