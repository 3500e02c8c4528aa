import { randomBytes } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

import { open, type RootDatabase } from "lmdb";

import { checkDataFile } from "./data-file-check.ts";
import { makeFolderDurably, syncFolder } from "./durable-files.ts";
import { JOURNAL_SECRET_LENGTH } from "./journal.ts";
import { physicalKey } from "./physical-key.ts";
import { DataFolderError, systemErrorCode } from "./storage-error.ts";

export type Lmdb = RootDatabase<Buffer, Buffer>;

/**
 * 2: what was written lately may be in the journal alone. 3: the journal's files have headers, and the
 * clock says how far they go.
 */
export const STORAGE_FORMAT = 3;
/** Stores from this one on hold the same and are opened as they are. */
export const OLDEST_STORAGE_FORMAT = 1;

/** Index number of the records about the store itself; the rungs above use others. */
export const META_INDEX = 0;

export interface OpenOptions {
  /** Leaves out every sync, for tests that show what is lost then. */
  readonly noSync?: boolean;
}

/** Of the files that LMDB makes; lmdb's types leave this option out. */
const OWNER_ONLY = { permissionsMode: 0o600 };

const FORMAT_KEY = "format";
const JOURNAL_KEY = "journal";

/**
 * Opens or creates the LMDB environment of a data folder. Writes to no file that has been there.
 * @throws DataFolderError `NotWritable`, `Damaged` or `NewerFormat`
 */
export function openLmdb(folder: string, options: OpenOptions = {}): Lmdb {
  try {
    makeFolderDurably(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    requireSound(folder);
  } catch (error) {
    throw error instanceof DataFolderError ? error : notWritable(folder, error);
  }
  const lmdb = openChecked(folder, options);
  try {
    requireKnownFormat(lmdb, folder);
    syncFolder(folder);
    return lmdb;
  } catch (error) {
    void lmdb.close();
    throw error instanceof DataFolderError ? error : damaged(folder, error);
  }
}

/** `undefined` for a store that is being created. */
export function storedFormat(lmdb: Lmdb): number | undefined {
  return readMeta(lmdb, FORMAT_KEY)?.readUInt32BE(0);
}

/** Records that the store has this version's format; call it once the folder is claimed. */
export function recordFormat(lmdb: Lmdb): void {
  const format = Buffer.alloc(4);
  format.writeUInt32BE(STORAGE_FORMAT);
  lmdb.putSync(metaKey(FORMAT_KEY), format);
}

/** What tells the journal's own records from other bytes, made when it is first asked for. */
export function journalSecret(lmdb: Lmdb): Buffer {
  const known = knownJournalSecret(lmdb);
  if (known !== undefined) return known;
  const secret = randomBytes(JOURNAL_SECRET_LENGTH);
  lmdb.putSync(metaKey(JOURNAL_KEY), secret);
  return secret;
}

export function knownJournalSecret(lmdb: Lmdb): Buffer | undefined {
  return readMeta(lmdb, JOURNAL_KEY);
}

/** Makes a copy another store than its original, whose records it takes no more; it must be closed. */
export async function forgetJournalSecret(lmdb: Lmdb): Promise<void> {
  await lmdb.remove(metaKey(JOURNAL_KEY));
}

export function metaKey(key: string): Buffer {
  return physicalKey(META_INDEX, key);
}

export function readMeta(lmdb: Lmdb, key: string): Buffer | undefined {
  return lmdb.get(metaKey(key));
}

/** Replaces a record if it still is `expected`, atomically across processes. */
export function swapMeta(
  lmdb: Lmdb,
  key: string,
  expected: string | null,
  next: string | null,
): boolean {
  return lmdb.transactionSync(() => {
    if ((readMeta(lmdb, key)?.toString() ?? null) !== expected) return false;
    if (next === null) lmdb.removeSync(metaKey(key));
    else lmdb.putSync(metaKey(key), Buffer.from(next));
    return true;
  });
}

/** @throws DataFolderError `Damaged` or `NewerFormat`, as far as the first pages tell. */
export function requireSound(folder: string): void {
  const file = join(folder, "data.mdb");
  switch (checkDataFile(file)) {
    case null:
      return;
    case "newer":
      throw new DataFolderError(
        "NewerFormat",
        `The data folder ${folder} was written by a newer version; start that version instead.`,
      );
    case "damaged":
      throw new DataFolderError(
        "Damaged",
        `The data folder ${folder} cannot be opened: ${file} is damaged or no database; restore it from a backup.`,
      );
  }
}

function openChecked(folder: string, { noSync = false }: OpenOptions): Lmdb {
  try {
    return open<Buffer, Buffer>({
      ...OWNER_ONLY,
      path: folder,
      noSubdir: false,
      keyEncoding: "binary",
      encoding: "binary",
      // `committed` then means durable: pages are synced before the commit is published.
      overlappingSync: false,
      noSync,
      // Growing the map keeps the old ones in memory; address space costs nothing.
      mapSize: 2 ** 36,
    });
  } catch (error) {
    const isDenied = /permission denied|read-only/i.test(String(error));
    throw isDenied ? notWritable(folder, error) : damaged(folder, error);
  }
}

function requireKnownFormat(lmdb: Lmdb, folder: string): void {
  const stored = storedFormat(lmdb);
  if (stored === undefined || stored <= STORAGE_FORMAT) return;
  throw new DataFolderError(
    "NewerFormat",
    `The data folder ${folder} was written by a newer version (format ${stored}, this version reads ` +
      `up to ${STORAGE_FORMAT}); start that version instead.`,
  );
}

function notWritable(folder: string, cause: unknown): DataFolderError {
  const reason = systemErrorCode(cause).replace(/^Error: /, "");
  return new DataFolderError(
    "NotWritable",
    `The data folder ${folder} cannot be written to (${reason}).`,
    { cause },
  );
}

function damaged(folder: string, cause: unknown): DataFolderError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DataFolderError(
    "Damaged",
    `The data folder ${folder} cannot be opened: ${reason.replaceAll("\n", " ")}.`,
    { cause },
  );
}
