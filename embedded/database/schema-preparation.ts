import { checkValue, type Validator } from "../values/validator.ts";
import {
  declaredIndex,
  fixedTableName,
  isSystemTable,
  type CatalogState,
  type IndexState,
  type NumberAllocator,
  type SearchIndexState,
  type TableState,
} from "./catalog-state.ts";
import { DatabaseError } from "./database-error.ts";
import type { Schema, TableSchema } from "./schema.ts";
import { withoutSystemFields, type ParsedDocument } from "./stored-document.ts";
import type {
  ComponentPath,
  IndexDescription,
  PreparedSchema,
  SchemaDiff,
  SearchIndexDefinition,
} from "./types.ts";

/** What a schema makes of one table's declared indexes. */
interface TablePlan {
  readonly name: string;
  /** As they are once the schema is active. */
  readonly indexes: readonly IndexState[];
  readonly searchIndexes: readonly SearchIndexState[];
  readonly added: readonly (IndexState | SearchIndexState)[];
  readonly dropped: readonly (IndexState | SearchIndexState)[];
  readonly enabled: readonly (IndexState | SearchIndexState)[];
  readonly disabled: readonly (IndexState | SearchIndexState)[];
}

/** A schema on its way to be active: its indexes are being built, its rows being checked. */
export class SchemaPreparation implements PreparedSchema {
  readonly componentPath: ComponentPath;
  readonly schemaJson: string | null;
  readonly schema: Schema | null;
  readonly plans: readonly TablePlan[];
  readonly diff: SchemaDiff;
  /** Tables whose existing rows have to be checked. */
  readonly tablesToCheck: ReadonlyMap<string, Validator>;
  /** Ids of rows written since the preparation began, per table to check or to index. */
  readonly written = new Map<string, Set<string>>();
  isAborted = false;
  readonly #planOf: ReadonlyMap<string, TablePlan>;

  constructor(
    catalog: CatalogState,
    componentPath: ComponentPath,
    schema: Schema | null,
    allocator: NumberAllocator,
  ) {
    this.componentPath = componentPath;
    this.schemaJson = schema?.json ?? null;
    this.schema = schema;
    this.plans = planTables(catalog, componentPath, schema, allocator);
    this.#planOf = new Map(this.plans.map((plan) => [plan.name, plan]));
    this.diff = describeChanges(catalog, this);
    this.tablesToCheck = tablesToCheck(catalog.component(componentPath).schema, schema);
    for (const { name, added } of this.plans) {
      if (added.length > 0 || this.tablesToCheck.has(name)) this.written.set(name, new Set());
    }
  }

  checkNotAborted(): void {
    if (this.isAborted) {
      throw new DatabaseError(
        "SchemaAborted",
        "The schema was overtaken by another one that was pushed later, or discarded.",
      );
    }
  }

  noteWrite(table: string, id: string): void {
    this.written.get(table)?.add(id);
  }

  /** @throws DatabaseError `SchemaValidationFailed` when a row does not fit the new schema. */
  checkRow(catalog: CatalogState, table: string, { stored, value }: ParsedDocument): void {
    const documentType = this.schema?.tables.get(table)?.documentType ?? null;
    if (this.schema?.isEnforced !== true || documentType === null) return;
    const { tablesByNumber } = catalog.component(this.componentPath);
    const failure = checkValue(
      documentType,
      withoutSystemFields(value),
      (number) => tablesByNumber.get(number)?.name ?? fixedTableName(number),
    );
    if (failure === null) return;
    throw new DatabaseError(
      "SchemaValidationFailed",
      `Document with ID "${stored.id}" in table "${table}" does not match the schema: ` +
        failure.message,
    );
  }

  /** The table with the indexes to build, which nobody can use yet. */
  tableWhileBuilding(table: TableState): TableState {
    const plan = this.#planOf.get(table.name);
    if (plan === undefined) return table;
    const building = plan.added.map((index) => ({ ...index, isBuilding: true }));
    return {
      ...table,
      indexes: [...table.indexes, ...building.filter(isDatabaseIndex)],
      searchIndexes: [...table.searchIndexes, ...building.filter(isSearchIndex)],
    };
  }

  tableWhenActive(table: TableState): TableState {
    const plan = this.#planOf.get(table.name);
    if (plan === undefined) return table;
    return { ...table, indexes: plan.indexes, searchIndexes: plan.searchIndexes };
  }
}

/** What the schema would change, without preparing anything. */
export function diffSchema(
  catalog: CatalogState,
  componentPath: ComponentPath,
  schema: Schema | null,
  allocator: NumberAllocator,
): SchemaDiff {
  const plans = planTables(catalog, componentPath, schema, allocator);
  return describeChanges(catalog, { componentPath, schema, plans });
}

function isSearchIndex(index: IndexState | SearchIndexState): index is SearchIndexState {
  return "searchField" in index;
}

function isDatabaseIndex(index: IndexState | SearchIndexState): index is IndexState {
  return !isSearchIndex(index);
}

function planTables(
  catalog: CatalogState,
  componentPath: ComponentPath,
  schema: Schema | null,
  allocator: NumberAllocator,
): TablePlan[] {
  const { tables } = catalog.component(componentPath);
  const names = new Set([...tables.keys(), ...(schema?.tables.keys() ?? [])]);
  return [...names]
    .filter((name) => !isSystemTable(name))
    .sort()
    .map((name) => planTable(name, tables.get(name), schema?.tables.get(name), allocator));
}

function planTable(
  name: string,
  table: TableState | undefined,
  wanted: TableSchema | undefined,
  allocator: NumberAllocator,
): TablePlan {
  const current = [...(table?.indexes ?? []), ...(table?.searchIndexes ?? [])].filter(
    ({ isBuilding }) => !isBuilding,
  );
  const kept = new Map<string, IndexState | SearchIndexState>();
  for (const index of current) kept.set(definitionKey(index), index);
  const added: (IndexState | SearchIndexState)[] = [];
  const resolve = (
    definition: Parameters<typeof definitionKey>[0] & { readonly staged: boolean },
    make: () => IndexState | SearchIndexState,
  ): IndexState | SearchIndexState => {
    const existing = kept.get(definitionKey(definition));
    if (existing !== undefined) return { ...existing, staged: definition.staged };
    const index = make();
    added.push(index);
    return index;
  };
  const indexes = (wanted?.indexes ?? []).map((definition) =>
    resolve(definition, () => declaredIndex(allocator.indexNumber(), definition, false)),
  );
  const searchIndexes = (wanted?.searchIndexes ?? []).map((definition) =>
    resolve(definition, () => ({
      ...definition,
      number: allocator.indexNumber(),
      isBuilding: false,
    })),
  );
  const result = [...indexes, ...searchIndexes];
  const stagedBefore = new Map(current.map(({ number, staged }) => [number, staged]));
  return {
    name,
    indexes: indexes.filter(isDatabaseIndex),
    searchIndexes: searchIndexes.filter(isSearchIndex),
    added,
    dropped: current.filter(({ number }) => !result.some((index) => index.number === number)),
    enabled: result.filter((index) => stagedBefore.get(index.number) === true && !index.staged),
    disabled: result.filter((index) => stagedBefore.get(index.number) === false && index.staged),
  };
}

/** Equal for indexes of which one can serve as the other. */
function definitionKey(
  index:
    | { readonly name: string; readonly fields: readonly string[] }
    | Pick<SearchIndexDefinition, "name" | "searchField" | "filterFields">,
): string {
  return "fields" in index
    ? JSON.stringify([index.name, index.fields])
    : JSON.stringify([index.name, index.searchField, index.filterFields.toSorted()]);
}

function describeChanges(
  catalog: CatalogState,
  { componentPath, schema, plans }: Pick<SchemaPreparation, "componentPath" | "schema" | "plans">,
): SchemaDiff {
  const before = vectorIndexes(catalog.component(componentPath).schema);
  const after = vectorIndexes(schema);
  const all = (part: "added" | "dropped" | "enabled" | "disabled"): IndexDescription[] =>
    plans.flatMap((plan) => plan[part].map((index) => describe(plan.name, index)));
  const turned = (staged: boolean) =>
    [...after].filter(([key, index]) => {
      const old = before.get(key);
      return old !== undefined && old.staged !== staged && index.staged === staged;
    });
  const only = (these: typeof before, others: typeof before) =>
    [...these].filter(([key]) => !others.has(key));
  const valuesOf = (entries: readonly (readonly [string, IndexDescription])[]) =>
    entries.map(([, index]) => index);
  return {
    addedIndexes: [...all("added"), ...valuesOf(only(after, before))],
    droppedIndexes: [...all("dropped"), ...valuesOf(only(before, after))],
    enabledIndexes: [...all("enabled"), ...valuesOf(turned(false))],
    disabledIndexes: [...all("disabled"), ...valuesOf(turned(true))],
  };
}

/** Vector indexes by what makes them the same index. */
function vectorIndexes(schema: Schema | null): ReadonlyMap<string, IndexDescription> {
  const found = new Map<string, IndexDescription>();
  for (const { name: table, vectorIndexes: indexes } of schema?.tables.values() ?? []) {
    for (const { name, staged, vectorField, dimensions, filterFields } of indexes) {
      const definition = { kind: "vector", vectorField, dimensions, filterFields } as const;
      const key = JSON.stringify([table, name, vectorField, dimensions, filterFields.toSorted()]);
      found.set(key, { table, name, staged, definition });
    }
  }
  return found;
}

function describe(table: string, index: IndexState | SearchIndexState): IndexDescription {
  const { name, staged } = index;
  return {
    table,
    name,
    staged,
    definition: isSearchIndex(index)
      ? { kind: "search", searchField: index.searchField, filterFields: index.filterFields }
      : { kind: "database", fields: index.fields },
  };
}

/** Rows were checked on every write under the old schema, so an unchanged type needs no check. */
function tablesToCheck(before: Schema | null, after: Schema | null): Map<string, Validator> {
  const tables = new Map<string, Validator>();
  if (after?.isEnforced !== true) return tables;
  for (const [name, { documentType, documentTypeJson }] of after.tables) {
    const enforced = before?.isEnforced === true ? before.tables.get(name) : undefined;
    if (documentType !== null && enforced?.documentTypeJson !== documentTypeJson) {
      tables.set(name, documentType);
    }
  }
  return tables;
}
