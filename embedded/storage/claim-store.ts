/** Makes a store that was opened this process's own. */
import { lockFolder, type FolderLock } from "./folder-lock.ts";
import {
  Journal,
  makeJournalFiles,
  missingJournalFile,
  readJournal,
  type JournalOptions,
  type JournalRecord,
} from "./journal.ts";
import { positionOf } from "./lmdb-batch.ts";
import {
  journalSecret,
  knownJournalSecret,
  readMeta,
  recordFormat,
  swapMeta,
  type Lmdb,
} from "./open-lmdb.ts";
import { keepReserve, withReserve } from "./reserve-file.ts";
import { DataFolderError } from "./storage-error.ts";

export const LOCK_KEY = "lock";

export interface ClaimedStore {
  readonly lock: FolderLock;
  readonly journal: Journal;
  /** What the process before left in the journal and the store does not have, in order. */
  readonly records: readonly JournalRecord[];
}

/**
 * Claims the folder and opens the journal. When that is refused, nothing has changed.
 * @throws DataFolderError `InUse`; `Damaged` when the journal lacks something.
 */
export async function claimStore(
  folder: string,
  lmdb: Lmdb,
  options: Omit<JournalOptions, "secret">,
): Promise<ClaimedStore> {
  const record = {
    read: () => {
      lmdb.resetReadTxn();
      return readMeta(lmdb, LOCK_KEY)?.toString() ?? null;
    },
    swap: (expected: string | null, next: string | null) =>
      withReserve(folder, () => swapMeta(lmdb, LOCK_KEY, expected, next)),
  };
  const lock = await lockFolder(folder, record, (owner) => {
    requireWholeJournal(folder, lmdb, owner);
    // Before there is an owner: one that is killed leaves both files, so that a lost one is noticed.
    makeJournalFiles(folder);
  });
  try {
    keepReserve(folder);
    recordFormat(lmdb);
    const { journal, records } = Journal.open(folder, { ...options, secret: journalSecret(lmdb) });
    return { lock, journal, records: unstored(folder, lmdb, records) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** @param owner of the process that was killed, or kept something in the journal when it ended. */
function requireWholeJournal(folder: string, lmdb: Lmdb, owner: string | null): void {
  const secret = knownJournalSecret(lmdb);
  if (secret === undefined) return;
  const missing = owner === null ? null : missingJournalFile(folder);
  if (missing !== null) throw lostJournal(folder, missing);
  unstored(folder, lmdb, readJournal(folder, secret));
}

function unstored(
  folder: string,
  lmdb: Lmdb,
  records: readonly JournalRecord[],
): readonly JournalRecord[] {
  let { number } = positionOf(lmdb);
  return records.filter(({ from, to }) => {
    if (to <= number) return false;
    if (from > number) throw damagedJournal(folder, "its journal is damaged");
    number = to;
    return true;
  });
}

/** @param file of the journal. */
export function lostJournal(folder: string, file: string): DataFolderError {
  return damagedJournal(folder, `${file} is missing`);
}

function damagedJournal(folder: string, problem: string): DataFolderError {
  return new DataFolderError(
    "Damaged",
    `The data folder ${folder} cannot be opened: ${problem}; restore it from a backup.`,
  );
}
