import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { open } from "lmdb";

import { openDatabase } from "../database/open-database.ts";
import { listRows, textField } from "../modules/system-documents.ts";
import { STORED_FILES } from "../runtime/runtime-tables.ts";
import { JOURNAL_FILES } from "../storage/journal.ts";
import { openLmdb, metaKey } from "../storage/open-lmdb.ts";
import { DataFolderError } from "../storage/storage-error.ts";
import { LOCK_KEY, Storage } from "../storage/storage.ts";

export interface StoreCopy {
  /** Of the newest commit in it, in nanoseconds of Unix time. */
  readonly ts: bigint;
  /** Keys of the files that its rows name. */
  readonly blobKeys: ReadonlySet<string>;
}

/** The journal may go on in its other file while it is copied. */
const MAX_TRIES = 3;

/**
 * Copies a store as it is at one moment, whatever its owner writes meanwhile, and says what is in the
 * copy. Call it from a process that does not have the store open.
 * @param target a folder that does not exist yet.
 * @throws DataFolderError when the store is missing or damaged.
 */
export async function copyStore(folder: string, target: string): Promise<StoreCopy> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await copyOnce(folder, target);
    } catch (error) {
      const isTorn = error instanceof DataFolderError && error.code === "Damaged";
      if (!isTorn || tries === MAX_TRIES) throw error;
      rmSync(target, { recursive: true });
    }
  }
}

async function copyOnce(folder: string, target: string): Promise<StoreCopy> {
  mkdirSync(target, { recursive: true, mode: 0o700 });
  // Before the store: what it does not hold yet is in there.
  copyJournal(folder, target);
  const source = open<Buffer, Buffer>({ path: folder, noSubdir: false, readOnly: true });
  try {
    await source.backup(target, false);
  } finally {
    await source.close();
  }
  await forgetOwner(target);
  const database = await openDatabase({ folder: target });
  try {
    const blobKeys = new Set<string>();
    for (const row of listRows(database.begin(), STORED_FILES, "by_creation_time")) {
      blobKeys.add(textField(row, "blobKey"));
    }
    // Everything belongs into the store itself, the journal stays behind.
    (await database.openDiskSnapshot()).close();
    return { ts: database.latestTs, blobKeys };
  } finally {
    await database.close();
  }
}

/**
 * Sets a restored store's time to now, after everything that its original may have told since: clients
 * turn away from a deployment whose time went back.
 */
export async function moveTimeOn(folder: string, nowMs: number): Promise<void> {
  const storage = await Storage.open(join(folder, "database"));
  const ts = BigInt(Math.ceil(nowMs)) * 1_000_000n;
  if (ts > storage.durableTs) {
    storage.write([], ts);
    await storage.flushed(ts);
  }
  await storage.close();
}

/** The file that is being written comes last, so that what the copy holds has no gap. */
function copyJournal(folder: string, target: string): void {
  const files = JOURNAL_FILES.filter((name) => existsSync(join(folder, name)));
  const writtenAt = new Map(files.map((name) => [name, statSync(join(folder, name)).mtimeMs]));
  files.sort((left, right) => (writtenAt.get(left) ?? 0) - (writtenAt.get(right) ?? 0));
  for (const name of files) copyFileSync(join(folder, name), join(target, name));
}

/** The owner of the original is not the owner of the copy. */
async function forgetOwner(folder: string): Promise<void> {
  const lmdb = openLmdb(folder);
  await lmdb.remove(metaKey(LOCK_KEY));
  await lmdb.close();
}
