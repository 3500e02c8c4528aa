/** What a backend that was killed has left in its folder, looked at in a copy. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { NumberAllocator } from "#embedded/database/catalog-state.ts";
import { indexNumbers, loadCatalog } from "#embedded/database/catalog-store.ts";
import { openDatabase } from "#embedded/database/open-database.ts";
import { checkStore } from "#embedded/database/store-check.ts";
import { listImports } from "#embedded/snapshots/import-records.ts";
import { SNAPSHOT_SYSTEM_TABLES } from "#embedded/snapshots/snapshots.ts";
import { META_INDEX } from "#embedded/storage/open-lmdb.ts";
import { Storage, type StorageSnapshot } from "#embedded/storage/storage.ts";

export interface LeftByKill {
  /** States of the imports. */
  readonly imports: readonly string[];
  /** Indexes with entries that were being built or removed. */
  readonly indexesInWork: number;
}

/** Removing goes on at the next start; each gets so long, and there are so many. */
const REMOVAL_MS = 200;
const MAX_STARTS = 50;

/** @throws Error when rows, indexes and counts disagree, or when entries belong to no index. */
export async function leftByKill(folder: string): Promise<LeftByKill> {
  const copy = mkdtempSync(join(tmpdir(), "left-"));
  try {
    copyStore(folder, copy);
    const indexesInWork = await countIndexesInWork(copy);
    const database = await openDatabase({ folder: copy, systemTables: SNAPSHOT_SYSTEM_TABLES });
    const imports = listImports(database.begin()).map(({ state }) => state.state);
    await database.close();
    return { imports, indexesInWork };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** How many indexes are in work still once a start has removed what it finds. */
export async function leftAfterStart(folder: string): Promise<number> {
  const copy = mkdtempSync(join(tmpdir(), "left-"));
  try {
    copyStore(folder, copy);
    for (let tries = 1; ; tries += 1) {
      const database = await openDatabase({ folder: copy, systemTables: SNAPSHOT_SYSTEM_TABLES });
      await delay(REMOVAL_MS);
      await database.close();
      const count = await countIndexesInWork(copy);
      if (count === 0 || tries === MAX_STARTS) return count;
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function copyStore(folder: string, copy: string): void {
  // Sockets cannot be copied.
  const filter = (path: string) => !path.endsWith(".sock");
  cpSync(join(folder, "database"), copy, { recursive: true, filter });
}

async function countIndexesInWork(folder: string): Promise<number> {
  const storage = await Storage.open(folder);
  try {
    const snapshot = await storage.openSnapshot();
    checkStore(snapshot, () => undefined);
    const count = indexesInWork(snapshot);
    snapshot.close();
    return count;
  } finally {
    await storage.close();
  }
}

function indexesInWork(snapshot: StorageSnapshot): number {
  const allocator = new NumberAllocator();
  const { catalog, dropped } = loadCatalog(snapshot, allocator);
  const known = new Set<number>();
  const inWork = new Set(dropped);
  for (const table of catalog.allTables()) {
    for (const number of indexNumbers(table)) known.add(number);
    for (const { isBuilding, number } of [...table.indexes, ...table.searchIndexes]) {
      if (isBuilding) inWork.add(number);
    }
  }
  const end = allocator.indexNumber() + 1_000;
  let count = 0;
  for (let index = META_INDEX + 1; index < end; index += 1) {
    const range = { index, lower: "", upper: null, isReverse: false, limit: 1 };
    if (snapshot.scan(range).entries.length === 0) continue;
    if (inWork.has(index)) count += 1;
    else if (!known.has(index))
      throw new Error(`Entries of the index ${index} belong to no table.`);
  }
  return count;
}
