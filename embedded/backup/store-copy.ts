import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { open } from "lmdb";

import { openDatabase } from "../database/open-database.ts";
import { checkStore } from "../database/store-check.ts";
import { listRows, textField } from "../modules/system-documents.ts";
import { STORED_FILES } from "../runtime/runtime-tables.ts";
import { JOURNAL_FILES, readJournal } from "../storage/journal.ts";
import { findDamagedPage } from "../storage/data-file-check.ts";
import { positionOf } from "../storage/lmdb-batch.ts";
import {
  forgetJournalSecret,
  knownJournalSecret,
  metaKey,
  openLmdb,
  readMeta,
  requireSound,
  type Lmdb,
} from "../storage/open-lmdb.ts";
import { DamagedRecordError, DataFolderError } from "../storage/storage-error.ts";
import { damagedJournal, hasHeaders, journalProblem, LOCK_KEY } from "../storage/claim-store.ts";
import { Storage } from "../storage/storage.ts";
import type { OnProgress } from "./backup-layout.ts";

export interface StoreCopy {
  /** Of the newest commit in it, in nanoseconds of Unix time. */
  readonly ts: bigint;
  /** `_storage` ids of the files that its rows name, by key of their bytes. */
  readonly blobs: ReadonlyMap<string, string>;
}

/** The owner may go on in the journal's other file, and reuse pages that are looked at. */
const MAX_TRIES = 3;
const PAUSE_MS = 50;

/**
 * Copies a store as it is at one moment, whatever its owner writes meanwhile, checks the whole copy and
 * says what is in it. Call it from a process that does not have the store open.
 * @param target a folder that does not exist yet.
 * @throws DamagedRecordError naming what is damaged, DataFolderError when it is no store of ours.
 */
export async function copyStore(
  folder: string,
  target: string,
  onProgress: OnProgress,
): Promise<StoreCopy> {
  for (let tries = 1; ; tries += 1) {
    try {
      // LMDB must not be let at a file that is no database.
      requireSound(folder);
      return await copyOnce(folder, target, onProgress);
    } catch (error) {
      const isTorn = error instanceof DataFolderError && error.code === "Damaged";
      if (!isTorn || tries === MAX_TRIES) throw error;
      rmSync(target, { recursive: true, force: true });
      await setTimeout(PAUSE_MS);
    }
  }
}

async function copyOnce(
  folder: string,
  target: string,
  onProgress: OnProgress,
): Promise<StoreCopy> {
  onProgress("Copying the database", 0, 0);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const source = open<Buffer, Buffer>({
    path: folder,
    noSubdir: false,
    keyEncoding: "binary",
    encoding: "binary",
    readOnly: true,
  });
  let loggedTo: number;
  try {
    ({ loggedTo } = positionOf(source));
    // Before the store: what it does not hold yet is in there.
    copyJournal(folder, target);
    await source.backup(target, false);
  } finally {
    await source.close();
  }
  requireSoundPages(target, onProgress);
  await forgetOwner(folder, target, loggedTo);
  await requireSoundRows(target, onProgress);
  const database = await openDatabase({ folder: target });
  try {
    const blobs = new Map<string, string>();
    for (const row of listRows(database.begin(), STORED_FILES, "by_creation_time")) {
      blobs.set(textField(row, "blobKey"), textField(row, "storageId"));
    }
    // Everything belongs into the store itself, the journal stays behind.
    (await database.openDiskSnapshot()).close();
    return { ts: database.latestTs, blobs };
  } finally {
    await database.close();
  }
}

/**
 * Reads every page, row and index of a store that nobody uses.
 * @throws DamagedRecordError naming what is damaged.
 */
export async function checkWholeStore(folder: string, onProgress: OnProgress): Promise<void> {
  requireSoundPages(folder, onProgress);
  await requireSoundRows(folder, onProgress);
}

function requireSoundPages(folder: string, onProgress: OnProgress): void {
  const problem = findDamagedPage(join(folder, "data.mdb"), (done, total) => {
    onProgress("Checking pages", done, total);
  });
  if (problem !== null) throw new DamagedRecordError(problem);
}

async function requireSoundRows(folder: string, onProgress: OnProgress): Promise<void> {
  const storage = await Storage.open(folder);
  try {
    const snapshot = await storage.openSnapshot();
    checkStore(snapshot, (done, total) => onProgress("Checking rows", done, total));
    snapshot.close();
  } finally {
    await storage.close();
  }
}

/**
 * Makes a restored store another one than its original, whose journal it does not take any more, and
 * sets its time to now, after everything that the original may have told since: clients turn away from
 * a deployment whose time went back.
 */
export async function partFromOriginal(folder: string, nowMs: number): Promise<void> {
  const lmdb = openLmdb(join(folder, "database"));
  await forgetJournalSecret(lmdb);
  await lmdb.close();
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

/**
 * The owner of the original is not the owner of the copy.
 * @param loggedTo how far the journal went before it was copied.
 */
async function forgetOwner(folder: string, target: string, loggedTo: number): Promise<void> {
  const lmdb = openLmdb(target);
  try {
    const problem = problemWithJournal(lmdb, target, loggedTo);
    if (problem !== null) throw damagedJournal(folder, problem);
    await lmdb.remove(metaKey(LOCK_KEY));
  } finally {
    await lmdb.close();
  }
}

function problemWithJournal(lmdb: Lmdb, folder: string, loggedTo: number): string | null {
  const secret = knownJournalSecret(lmdb);
  if (secret === undefined || readMeta(lmdb, LOCK_KEY) === undefined) return null;
  const content = readJournal(folder, { secret, hasHeaders: hasHeaders(lmdb) });
  return journalProblem(content, loggedTo);
}
