import { setTimeout as delay } from "node:timers/promises";

import { commitWrites } from "../database/commit-writes.ts";
import type { Database, Transaction } from "../database/types.ts";
import { DiskFullError } from "../storage/storage-error.ts";

const RETRY_DELAY_MS = 1_000;

/** Writes what must not be given up, waiting for room on a full disk for as long as it takes. */
export async function commitWhenPossible(
  database: Database,
  write: (transaction: Transaction) => void,
): Promise<void> {
  for (;;) {
    try {
      await commitWrites(database, write);
      return;
    } catch (error) {
      if (!(error instanceof DiskFullError)) throw error;
      await delay(RETRY_DELAY_MS, undefined, { ref: false });
    }
  }
}
