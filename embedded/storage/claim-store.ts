/** Makes a store that was opened this process's own. */
import { lockFolder, type FolderLock } from "./folder-lock.ts";
import {
  beginJournal,
  Journal,
  makeJournalFiles,
  readJournal,
  type JournalContent,
  type JournalOptions,
  type JournalRecord,
} from "./journal.ts";
import { positionOf, writeBatch } from "./lmdb-batch.ts";
import {
  journalSecret,
  knownJournalSecret,
  readMeta,
  recordFormat,
  storedFormat,
  swapMeta,
  type Lmdb,
} from "./open-lmdb.ts";
import { keepReserve, withReserve } from "./reserve-file.ts";
import { DataFolderError } from "./storage-error.ts";
import { WriteLayer } from "./write-layer.ts";

export const LOCK_KEY = "lock";
/** The format from which on a journal's files have headers. */
const HEADERS_FORMAT = 3;

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
    const content = requireWholeJournal(folder, lmdb, owner);
    // Before there is an owner: one that is killed leaves both files, so that a lost one is noticed.
    if (content === null || !hasHeaders(lmdb)) makeJournalFiles(folder);
    else if (owner === null) renewJournal(folder, lmdb, content);
  });
  try {
    keepReserve(folder);
    if (!hasHeaders(lmdb)) await addHeaders(folder, lmdb);
    const { journal, records } = Journal.open(folder, { ...options, secret: journalSecret(lmdb) });
    return { lock, journal, records: unstored(folder, lmdb, records) };
  } catch (error) {
    // Not as given free: what the owner before left in the journal is needed still.
    lock.abandon();
    throw error;
  }
}

/**
 * @param owner of the process that was killed, or kept something in the journal when it ended.
 * @returns what is in it, `null` for a store that has had none.
 */
function requireWholeJournal(
  folder: string,
  lmdb: Lmdb,
  owner: string | null,
): JournalContent | null {
  const secret = knownJournalSecret(lmdb);
  if (secret === undefined) return null;
  const content = readJournal(folder, { secret, hasHeaders: hasHeaders(lmdb) });
  const problem = owner === null ? null : journalProblem(content, positionOf(lmdb).loggedTo);
  if (problem !== null) throw damagedJournal(folder, problem);
  unstored(folder, lmdb, content.records);
  return content;
}

/**
 * What is wrong with the journal of a store that may need it.
 * @param loggedTo how far it went at least.
 */
export function journalProblem({ fault, to }: JournalContent, loggedTo: number): string | null {
  if (fault !== null) return fault;
  return to < loggedTo ? "its journal was replaced by an older one" : null;
}

/** Whether the store says that its journal's files have headers. */
export function hasHeaders(lmdb: Lmdb): boolean {
  const format = storedFormat(lmdb);
  return format !== undefined && format >= HEADERS_FORMAT && knownJournalSecret(lmdb) !== undefined;
}

/** A store that was given free needs none of its journal, which may be gone: then it begins anew. */
function renewJournal(folder: string, lmdb: Lmdb, content: JournalContent): void {
  const { number, loggedTo } = positionOf(lmdb);
  if (journalProblem(content, loggedTo) === null) return;
  beginJournal(folder, journalSecret(lmdb), number);
}

/** What an earlier version left in the journal moves to the store first: headers go over it. */
async function addHeaders(folder: string, lmdb: Lmdb): Promise<void> {
  const secret = journalSecret(lmdb);
  const { records } = readJournal(folder, { secret, hasHeaders: false });
  let { number } = positionOf(lmdb);
  const layer = new WriteLayer();
  let last: JournalRecord | null = null;
  for (const record of unstored(folder, lmdb, records)) {
    for (const { index, key, value } of record.writes) layer.set(index, key, value);
    last = record;
  }
  if (last !== null) {
    number = last.to;
    await writeBatch(lmdb, layer, { ts: last.ts, number, loggedTo: 0 });
    lmdb.resetReadTxn();
  }
  beginJournal(folder, secret, number);
  recordFormat(lmdb);
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

export function damagedJournal(folder: string, problem: string): DataFolderError {
  return new DataFolderError(
    "Damaged",
    `The data folder ${folder} cannot be opened: ${problem}; restore it from a backup.`,
  );
}
