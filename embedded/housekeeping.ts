import { commitWrites } from "./database/commit-writes.ts";
import type { Database } from "./database/types.ts";
import { purgeAnswers } from "./functions/session-requests.ts";
import { isBlobReferenced } from "./runtime/file-records.ts";
import type { Snapshots } from "./snapshots/snapshots.ts";
import type { BlobFolder } from "./storage/blob-folder.ts";

export interface HousekeepingOptions {
  readonly database: Database;
  readonly blobs: BlobFolder;
  readonly snapshots: Pick<Snapshots, "isBusy" | "sweep">;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

const INTERVAL_MS = 3_600_000;
/** A start has better things to do at first. */
const FIRST_AFTER_MS = 60_000;
/** Longer than any upload or old snapshot may still need the bytes. */
const BLOB_GRACE_MS = 3_600_000;

/** Removes, soon and then every hour, what nobody needs any more. Returns the function that stops it. */
export function startHousekeeping(options: HousekeepingOptions): () => void {
  const clean = () => void cleanUp(options).catch(options.onError);
  const timer = setInterval(clean, INTERVAL_MS);
  timer.unref();
  const first = setTimeout(clean, FIRST_AFTER_MS).unref();
  return () => {
    clearInterval(timer);
    clearTimeout(first);
  };
}

/** Answers to old socket mutations, and bytes of files that were deleted or never recorded. */
async function cleanUp({ database, blobs, snapshots, now }: HousekeepingOptions): Promise<void> {
  let hasMore = true;
  while (hasMore) {
    hasMore = await commitWrites(database, (transaction) => purgeAnswers(transaction, now()));
  }
  // An import writes blobs long before their rows; an export reads those of files deleted meanwhile.
  if (snapshots.isBusy) return;
  await snapshots.sweep();
  await blobs.sweep({
    isWanted: (key) => isBlobReferenced(database.begin(), key),
    minAgeMs: BLOB_GRACE_MS,
    now: now(),
  });
}
