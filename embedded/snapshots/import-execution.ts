import { commitWrites } from "../database/commit-writes.ts";
import { DatabaseError } from "../database/database-error.ts";
import {
  ImportRefusedError,
  type EngineDatabase,
  type ImportTable,
  type TableImport,
  type Transaction,
} from "../database/types.ts";
import { ImportError } from "./import-error.ts";
import type { ImportMode } from "./import-records.ts";
import type { ImportSource } from "./import-source.ts";
import { rowJson, type ImportedTable } from "./import-table.ts";
import { optionalFields, withoutEmptyCells } from "./optional-cells.ts";
import { storeFiles, type FileStore, type RestoredFile } from "./restored-files.ts";
import { tablesToImport } from "./table-numbers.ts";

export interface ImportContext extends FileStore {
  readonly database: EngineDatabase;
  readonly mode: ImportMode;
  /** The first so many rows and files are in their tables since the import was interrupted. */
  readonly appended: number;
  /** Notes that so many are, together with the last of them. */
  readonly onAppend: (transaction: Transaction, count: number) => void;
  /** What is being done, for people. */
  readonly onProgress: (message: string) => Promise<void>;
  /** What is done. */
  readonly onCheckpoint: (message: string) => Promise<void>;
  /** Writes that become visible together with the import's last ones. */
  readonly onCommit: (transaction: Transaction, rowCount: number) => void;
}

const SLICE_ROWS = 250;
const SLICE_LENGTH = 1 << 18;

/**
 * Puts what a file holds into the database. All of it becomes visible in one commit, except in mode
 * `append`, where all rows are checked before the first one is written, in slices; there an import
 * that was interrupted goes on behind those that are written.
 * @throws ImportError, or whatever the disk fails with; then nothing has changed.
 */
export async function executeImport(source: ImportSource, context: ImportContext): Promise<void> {
  const requests = await tablesToImport(source);
  const rows = source.tables.filter(({ name }) => !name.startsWith("_"));
  if (context.mode === "append") await append(source, rows, requests, context);
  else await replace(source, rows, requests, context);
}

async function replace(
  source: ImportSource,
  tables: readonly ImportedTable[],
  requests: readonly ImportTable[],
  context: ImportContext,
): Promise<void> {
  const { database, mode } = context;
  const hidden = refuse(() =>
    database.beginImport(requests, {
      requiresEmpty: mode === "requireEmpty",
      clearsOthers: mode === "replaceAll",
    }),
  );
  try {
    let rowCount = 0;
    for (const table of tables) {
      rowCount += await writeRows(table, context, (slice) =>
        hidden.write(table.componentPath, table.name, slice),
      );
    }
    const files = await storeFiles(source, context, (file) =>
      hidden.write(file.componentPath, "_storage", [file.rowJson]),
    );
    await build(hidden, context);
    await activate(hidden, files, rowCount, context);
  } catch (error) {
    hidden.discard();
    throw error;
  }
}

async function build(
  hidden: TableImport,
  { onProgress, onCheckpoint }: ImportContext,
): Promise<void> {
  try {
    await hidden.build((done, total) =>
      onProgress(`Writing tables and indexes (${Math.floor((done / total) * 100)}%)`),
    );
  } catch (error) {
    if (!(error instanceof ImportRefusedError) || error.table === null) throw error;
    throw refusedRow(error.table, 0, error);
  }
  await onCheckpoint("Wrote tables and indexes");
}

async function activate(
  hidden: TableImport,
  files: readonly RestoredFile[],
  rowCount: number,
  { database, replaceFiles, onCommit }: ImportContext,
): Promise<void> {
  await refuse(() =>
    commitWrites(database, (transaction) => {
      transaction.activateImport(hidden);
      replaceFiles(transaction, hidden, files);
      onCommit(transaction, rowCount);
    }),
  );
}

/** Tables that do not exist yet are made first, empty, with the numbers that their ids need. */
async function append(
  source: ImportSource,
  tables: readonly ImportedTable[],
  requests: readonly ImportTable[],
  context: ImportContext,
): Promise<void> {
  const { database } = context;
  const missing = requests.filter(
    ({ componentPath, name }) =>
      !database.tables(componentPath).some((existing) => existing.name === name),
  );
  const made = refuse(() =>
    database.beginImport(missing, { requiresEmpty: true, clearsOthers: false }),
  );
  await refuse(() => commitWrites(database, (transaction) => transaction.activateImport(made)));
  await checkRows(tables, context);
  let rowCount = 0;
  for (const table of tables) {
    const before = rowCount;
    const done = Math.max(0, context.appended - before);
    const write = (slice: readonly string[], position: number): Promise<void> =>
      commitWrites(database, (transaction) => {
        insertRows(transaction, table, slice);
        context.onAppend(transaction, before + position + slice.length);
      });
    rowCount += await writeRows(table, context, write, done);
  }
  let count = Math.max(rowCount, context.appended);
  await storeFiles(
    source,
    context,
    (file) =>
      commitWrites(database, (transaction) => {
        transaction.insertImported(file.componentPath, "_storage", file.rowJson);
        context.addFile(transaction, file);
        context.onAppend(transaction, (count += 1));
      }),
    Math.max(0, context.appended - rowCount),
  );
  await commitWrites(database, (transaction) => context.onCommit(transaction, rowCount));
}

/** @throws ImportError for the first row that cannot be inserted; nothing is written. */
async function checkRows(
  tables: readonly ImportedTable[],
  { database, appended }: ImportContext,
): Promise<void> {
  let rowCount = 0;
  for (const table of tables) {
    const check = (slice: readonly string[]): Promise<void> => {
      insertRows(database.begin(), table, slice);
      return Promise.resolve();
    };
    rowCount += await eachSlice(table, database, check, Math.max(0, appended - rowCount));
  }
}

function insertRows(
  transaction: Transaction,
  { componentPath, name }: ImportedTable,
  slice: readonly string[],
): void {
  for (const [index, json] of slice.entries()) {
    try {
      transaction.insertImported(componentPath, name, json);
    } catch (error) {
      if (error instanceof DatabaseError) throw new ImportRefusedError(index, error);
      throw error;
    }
  }
}

/** Returns how many rows there were, with the first ones that are written already. */
async function writeRows(
  table: ImportedTable,
  { database, onProgress, onCheckpoint }: ImportContext,
  write: (slice: readonly string[], position: number) => Promise<void>,
  done = 0,
): Promise<number> {
  const { name } = table;
  const where = inComponent(table.componentPath);
  await onProgress(`Importing "${name}"${where}`);
  const writeSlice = async (slice: readonly string[], before: number): Promise<void> => {
    await write(slice, before);
    if (before > 0) await onProgress(`Importing "${name}" (${formatted(before)} documents)`);
  };
  const count = await eachSlice(table, database, writeSlice, done);
  await onCheckpoint(`Imported "${name}"${where} (${formatted(count)} documents)`);
  return count;
}

/**
 * Hands rows over in Convex's encoding, a few at a time, but for the first that are done. Returns how
 * many rows there are.
 * @throws ImportError with the row's number for one that is refused.
 */
async function eachSlice(
  table: ImportedTable,
  database: EngineDatabase,
  handle: (slice: readonly string[], before: number) => Promise<void>,
  done = 0,
): Promise<number> {
  const optional = table.isUntyped
    ? optionalFields(database.schemaJson(table.componentPath), table.name)
    : new Set<string>();
  let slice: string[] = [];
  let length = 0;
  let count = 0;
  const flush = async (): Promise<void> => {
    const before = count - slice.length;
    try {
      await handle(slice, before);
    } catch (error) {
      throw error instanceof ImportRefusedError ? refusedRow(table, before, error) : error;
    }
    slice = [];
    length = 0;
  };
  for await (const line of table.rows()) {
    count += 1;
    if (count <= done) continue;
    const json = rowJson(table, withoutEmptyCells(line, optional), count);
    slice.push(json);
    length += json.length;
    if (slice.length >= SLICE_ROWS || length >= SLICE_LENGTH) await flush();
  }
  if (slice.length > 0) await flush();
  return count;
}

function refusedRow(
  { name, componentPath }: Pick<ImportedTable, "name" | "componentPath">,
  before: number,
  error: ImportRefusedError,
): ImportError {
  const row = before + error.rowIndex + 1;
  return new ImportError(`Row ${row} of "${name}"${inComponent(componentPath)}: ${error.message}`, {
    cause: error,
  });
}

/** What the database says about an import as a whole is the importer's to know. */
function refuse<T>(action: () => T): T {
  const translate = (error: unknown): never => {
    throw error instanceof DatabaseError ? new ImportError(error.message, { cause: error }) : error;
  };
  try {
    const result = action();
    return result instanceof Promise ? (result.catch(translate) as T) : result;
  } catch (error) {
    return translate(error);
  }
}

function inComponent(path: string): string {
  return path === "" ? "" : ` in component ${path}`;
}

function formatted(count: number): string {
  return count.toLocaleString("en-US");
}
