import type { EntrySorter } from "../storage/entry-sorter.ts";
import { encodeDocumentId, newInternalId } from "../values/document-id.ts";
import { checkValue } from "../values/validator.ts";
import {
  fixedTableName,
  isSystemTable,
  tableNameKey,
  withNewIndexes,
  type NumberAllocator,
  type TableState,
} from "./catalog-state.ts";
import { droppedIndexWrite, indexNumbers } from "./catalog-store.ts";
import { CommitPlan } from "./commit-plan.ts";
import { DatabaseError } from "./database-error.ts";
import { checkReferences, type ImportedTables } from "./import-constraints.ts";
import { HiddenWrites, type HiddenWritesHost } from "./hidden-writes.ts";
import { importedDocument } from "./imported-document.ts";
import { withoutSystemFields, type ParsedDocument } from "./stored-document.ts";
import { EntryMerger, TableEntries } from "./table-entries.ts";
import {
  ImportRefusedError,
  type ComponentPath,
  type ImportOptions,
  type ImportTable,
  type TableImport,
} from "./types.ts";

/** What an import needs of the database it goes into. */
export interface ImportHost extends HiddenWritesHost {
  readonly allocator: NumberAllocator;
  rowCount(table: TableState): number;
  makeTable(componentPath: ComponentPath, name: string): TableState;
  randomBytes(length: number): Buffer;
  /** Milliseconds of Unix time. */
  now(): number;
  /** Empties indexes that nobody can see. */
  removeEntries(index: number): void;
}

interface HiddenTable {
  readonly table: TableState;
  readonly entries: TableEntries;
}

/**
 * Tables of an import while they are filled. Entries of all their indexes are collected and sorted
 * first, so that each page of the store is written about once, then written: in no catalog, and noted
 * as dropped until the import is activated, so that a crash leaves nothing behind.
 */
export class HiddenTables implements TableImport, ImportedTables {
  readonly options: ImportOptions;
  readonly #host: ImportHost;
  readonly #tables = new Map<string, HiddenTable>();
  readonly #schemas = new Map<ComponentPath, string | null>();
  readonly #sorter: EntrySorter;
  readonly #writes: HiddenWrites;
  #creationTime: number;
  /** How many of the sorted entries are written. */
  #written = 0;
  #isOver = false;

  constructor(host: ImportHost, tables: readonly ImportTable[], options: ImportOptions) {
    this.#host = host;
    this.options = options;
    this.#sorter = host.storage.createSorter(options.sortingMemory);
    this.#writes = new HiddenWrites(host);
    this.#creationTime = Math.max(host.now(), Number(host.latestTs / 1000n) / 1000);
    for (const request of tables) this.#add(request);
    this.#checkNumbers();
    const plan = new CommitPlan(host.catalog);
    for (const { table } of this.#tables.values()) {
      host.allocator.reserveTable(table.componentPath, table.name, table.number);
      for (const number of indexNumbers(table)) plan.writes.push(droppedIndexWrite(number, false));
    }
    if (plan.writes.length > 0) host.apply(plan);
  }

  get componentPaths(): readonly ComponentPath[] {
    return [...this.#schemas.keys()];
  }

  tableNumber(componentPath: ComponentPath, name: string): number | null {
    return this.#find(componentPath, name)?.table.number ?? null;
  }

  /** What a table number means once the import is active. */
  tableName(componentPath: ComponentPath, number: number): string | null {
    for (const { table } of this.#tables.values()) {
      if (table.componentPath === componentPath && table.number === number) return table.name;
    }
    const current = this.#host.catalog.component(componentPath).tablesByNumber.get(number);
    if (current === undefined) return fixedTableName(number);
    const isReplaced = this.#find(componentPath, current.name) !== undefined;
    return isReplaced || this.#isRemoved(current) ? null : current.name;
  }

  async write(
    componentPath: ComponentPath,
    name: string,
    rowsJson: readonly string[],
  ): Promise<void> {
    const hidden = this.#find(componentPath, name);
    if (hidden === undefined || this.#isOver) throw new TypeError(`${name} is not being imported.`);
    this.#host.storage.requireSpace();
    const documents = this.#documents(hidden.table, rowsJson);
    await this.#sorter.add(hidden.entries.ofRows(documents));
  }

  async build(onProgress: (done: number, total: number) => Promise<void>): Promise<void> {
    for (const { entries } of this.#tables.values()) await this.#sorter.add(entries.ofAll());
    const tables = Array.from(this.#tables.values(), ({ table }) => table);
    const merger = new EntryMerger(tables, duplicateRow);
    let done = 0;
    try {
      for await (const entries of this.#sorter.sorted()) {
        await this.#writes.write(merger.writes(entries));
        done += entries.length;
        await onProgress(done, this.#sorter.count);
      }
      await this.#writes.write(merger.rest());
    } finally {
      await this.#writes.flushed();
    }
    this.#written = done;
  }

  /** Adds what makes the tables visible. @throws DatabaseError when the deployment changed meanwhile. */
  plan(plan: CommitPlan): void {
    if (this.#isOver) throw new TypeError("The import is over.");
    if (this.#written < this.#sorter.count) throw new TypeError("The import is not built.");
    this.#checkUnchanged();
    this.#checkNumbers();
    checkReferences(this.#host, this);
    const hidden = [...this.#tables.values()];
    const replaced = hidden
      .map(({ table }) => this.#current(table))
      .filter((table) => table !== null);
    const others = this.options.clearsOthers ? this.#others() : [];
    for (const table of [...replaced, ...others])
      plan.removeTable(table, this.#host.rowCount(table));
    for (const { table, entries } of hidden) {
      plan.addTable(table);
      plan.addRows(table, entries.rowCount);
      for (const number of indexNumbers(table)) plan.writes.push(droppedIndexWrite(number, true));
    }
    for (const table of others.filter((other) => !this.#isRemoved(other))) {
      plan.addTable(withNewIndexes(table, this.#host.allocator));
    }
    for (const path of this.componentPaths) plan.touchSchema(path);
  }

  finish(): void {
    this.#isOver = true;
    this.#sorter.close();
  }

  discard(): void {
    if (this.#isOver) return;
    this.finish();
    for (const { table } of this.#tables.values()) {
      for (const number of indexNumbers(table)) this.#host.removeEntries(number);
    }
  }

  #add({ componentPath, name, number }: ImportTable): void {
    const key = tableNameKey(componentPath, name);
    if (this.#tables.has(key)) throw new TypeError(`${name} is imported twice.`);
    const { catalog, allocator } = this.#host;
    const replaced = catalog.table(componentPath, name);
    const fresh =
      replaced === null
        ? this.#host.makeTable(componentPath, name)
        : withNewIndexes(replaced, allocator);
    const table = { ...fresh, number: number ?? fresh.number };
    this.#tables.set(key, { table, entries: new TableEntries(table) });
    this.#schemas.set(componentPath, catalog.component(componentPath).schema?.json ?? null);
  }

  #documents(table: TableState, rowsJson: readonly string[]): ParsedDocument[] {
    return rowsJson.map((json, index) => {
      try {
        return this.#document(table, json);
      } catch (error) {
        if (error instanceof DatabaseError) throw new ImportRefusedError(index, error);
        throw error;
      }
    });
  }

  #document(table: TableState, json: string): ParsedDocument {
    const document = importedDocument(json, {
      tableName: table.name,
      tableNumber: table.number,
      newId: () =>
        encodeDocumentId({
          tableNumber: table.number,
          internalId: newInternalId(this.#host.randomBytes(14), this.#host.now()),
        }),
      // Milliseconds in a float can tell microseconds apart.
      newCreationTime: () => (this.#creationTime += 0.001),
    });
    this.#checkSchema(table, document);
    return document;
  }

  #checkSchema({ componentPath, name }: TableState, { value }: ParsedDocument): void {
    const { schema } = this.#host.catalog.component(componentPath);
    const documentType = schema?.tables.get(name)?.documentType ?? null;
    if (schema?.isEnforced !== true || documentType === null) return;
    const failure = checkValue(documentType, withoutSystemFields(value), (number) =>
      this.tableName(componentPath, number),
    );
    if (failure === null) return;
    throw new DatabaseError(
      "SchemaEnforcementError",
      `New document in table "${name}" does not match the schema: ${failure.message}`,
    );
  }

  #find(componentPath: ComponentPath, name: string): HiddenTable | undefined {
    return this.#tables.get(tableNameKey(componentPath, name));
  }

  #current({ componentPath, name }: TableState): TableState | null {
    return this.#host.catalog.table(componentPath, name);
  }

  /** User tables that are not in the import. */
  #others(): TableState[] {
    return [...this.#host.catalog.allTables()].filter(
      (table) =>
        !isSystemTable(table.name) && this.#find(table.componentPath, table.name) === undefined,
    );
  }

  /** Whether a table that is not in the import goes away with it; one of the schema is only emptied. */
  #isRemoved({ componentPath, name }: TableState): boolean {
    if (!this.options.clearsOthers || isSystemTable(name)) return false;
    const { schema } = this.#host.catalog.component(componentPath);
    return schema?.tables.has(name) !== true;
  }

  #checkUnchanged(): void {
    for (const [path, schemaJson] of this.#schemas) {
      if ((this.#host.catalog.component(path).schema?.json ?? null) !== schemaJson) {
        throw new DatabaseError(
          "ImportSchemaChanged",
          "Could not complete import because schema changed. Avoid modifying schema.ts while " +
            "importing tables",
        );
      }
    }
    for (const { table } of this.#tables.values()) {
      const current = this.#current(table);
      if (this.options.requiresEmpty && current !== null && this.#host.rowCount(current) > 0) {
        throw new DatabaseError(
          "TableExists",
          `Table ${table.name} already exists. Please choose a new table name or use ` +
            "replace/append modes.",
        );
      }
    }
  }

  /** No two tables of a component may share a number once the import is active. */
  #checkNumbers(): void {
    const taken = new Map<string, string>();
    for (const { table } of this.#tables.values()) {
      const { componentPath, name, number } = table;
      const key = JSON.stringify([componentPath, number]);
      const other = taken.get(key);
      if (other !== undefined) {
        throw new DatabaseError(
          "TableConflict",
          `conflict between \`${other}\` and \`${name}\` with number ${number}`,
        );
      }
      taken.set(key, name);
      const existing = this.#host.catalog.component(componentPath).tablesByNumber.get(number);
      if (existing === undefined || this.#find(componentPath, existing.name) !== undefined)
        continue;
      if (!this.#isRemoved(existing)) throw conflict(table, existing);
    }
  }
}

function duplicateRow(table: TableState, id: string, row: number): never {
  const message = `Objects in table "${table.name}" have duplicate _id fields: ${id}`;
  throw new ImportRefusedError(row, new DatabaseError("DuplicateId", message), table);
}

function conflict(table: TableState, existing: TableState): DatabaseError {
  const inComponent = table.componentPath === "" ? "" : ` in component ${table.componentPath}`;
  const what = `New table \`${table.name}\`${inComponent} has IDs that conflict with existing`;
  return new DatabaseError(
    "TableConflict",
    isSystemTable(existing.name)
      ? `${what} internal table. Consider importing this table without \`_id\` fields or import ` +
          "into a new deployment."
      : `${what} table \`${existing.name}\`. To delete all existing tables, import with ` +
          "`npx convex import --replace-all`.",
  );
}
