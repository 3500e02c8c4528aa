/** A database in a temporary folder for tests, with a clock they set. */
import { onTestFinished } from "vitest";

import { temporaryFolder } from "../storage/test-folder.ts";
import { openDatabase, type OpenDatabaseOptions } from "./open-database.ts";
import type {
  EngineDatabase,
  IndexEntry,
  KeyInterval,
  RangeCursor,
  SystemTableDefinition,
  Transaction,
} from "./types.ts";

const EVERYTHING: KeyInterval = { lower: "", upper: null };

export interface TestDatabase {
  db: EngineDatabase;
  readonly folder: string;
  /** Milliseconds of Unix time that the database takes for now. */
  nowMs: number;
  /** Closes and opens again. */
  reopen(systemTables?: readonly SystemTableDefinition[]): Promise<void>;
}

export async function openTestDatabase(
  options: Omit<OpenDatabaseOptions, "folder" | "clock"> = {},
): Promise<TestDatabase> {
  const folder = temporaryFolder();
  const open = (more: Partial<OpenDatabaseOptions> = {}): Promise<EngineDatabase> =>
    openDatabase({ ...options, ...more, folder, clock: () => test.nowMs });
  const test: TestDatabase = {
    db: undefined as unknown as EngineDatabase,
    folder,
    nowMs: 1_700_000_000_000,
    reopen: async (systemTables) => {
      await test.db.close();
      test.db = await open(systemTables === undefined ? {} : { systemTables });
    },
  };
  test.db = await open();
  onTestFinished(() => test.db.close());
  return test;
}

/** Runs writes in a transaction of their own and commits. */
export function commit<T>(db: EngineDatabase, write: (tx: Transaction) => T): T {
  const tx = db.begin();
  const result = write(tx);
  db.commit(tx);
  return result;
}

/** Moves everything committed to the store, from which it is read then. */
export async function stored(db: EngineDatabase): Promise<void> {
  (await db.openDiskSnapshot()).close();
}

export function insert(db: EngineDatabase, table: string, value: unknown): string {
  return commit(db, (tx) => tx.insert("", table, JSON.stringify(value)));
}

/** Parsed document, `null` when there is none. */
export function read(tx: Transaction, id: string): Record<string, unknown> | null {
  const document = tx.get("", id);
  return document === null ? null : (JSON.parse(document.json) as Record<string, unknown>);
}

export function cursor(
  tx: Transaction,
  table: string,
  index = "by_creation_time",
  interval: KeyInterval = EVERYTHING,
  order: "asc" | "desc" = "asc",
  expected?: number,
): RangeCursor {
  return tx.range({ componentPath: "", table, index, interval, order, expected });
}

/** Parsed documents of a range, all or the first `limit`. */
export function rows(
  tx: Transaction,
  table: string,
  index?: string,
  interval?: KeyInterval,
  order?: "asc" | "desc",
  limit = Infinity,
): Record<string, unknown>[] {
  return take(cursor(tx, table, index, interval, order), limit).map(
    ({ document }) => JSON.parse(document.json) as Record<string, unknown>,
  );
}

export function take(range: RangeCursor, limit = Infinity): IndexEntry[] {
  const entries: IndexEntry[] = [];
  while (entries.length < limit) {
    const entry = range.next();
    if (entry === null) break;
    entries.push(entry);
  }
  return entries;
}

export interface TestTable {
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
  readonly staged?: Readonly<Record<string, readonly string[]>>;
  readonly search?: Readonly<Record<string, readonly [searchField: string, ...filters: string[]]>>;
  /** Export JSON of the document's validator; anything by default. */
  readonly type?: unknown;
}

/** Export JSON of a schema, as `defineSchema(…).export()` gives it. */
export function schemaOf(
  tables: Readonly<Record<string, TestTable>>,
  schemaValidation = true,
): string {
  return JSON.stringify({
    tables: Object.entries(tables).map(([tableName, table]) => ({
      tableName,
      indexes: Object.entries(table.indexes ?? {}).map(describeIndex),
      stagedDbIndexes: Object.entries(table.staged ?? {}).map(describeIndex),
      searchIndexes: Object.entries(table.search ?? {}).map(
        ([indexDescriptor, [searchField, ...filterFields]]) => ({
          indexDescriptor,
          searchField,
          filterFields,
        }),
      ),
      vectorIndexes: [],
      documentType: table.type ?? { type: "any" },
    })),
    schemaValidation,
  });
}

function describeIndex([indexDescriptor, fields]: [string, readonly string[]]) {
  return { indexDescriptor, fields };
}

export async function applySchema(
  db: EngineDatabase,
  schemaJson: string | null,
  componentPath = "",
): Promise<void> {
  const prepared = await db.prepareSchema(componentPath, schemaJson);
  commit(db, (tx) => tx.activateSchema(prepared));
}
