/** Makes of a store that nobody uses what the version before this one would have left. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { JOURNAL_FILES } from "./journal.ts";
import { CLOCK_KEY } from "./lmdb-batch.ts";
import { metaKey, openLmdb, readMeta } from "./open-lmdb.ts";

const HEADER_LENGTH = 4096;

/** Its journal's files begin with records, and its clock says nothing of them. */
export async function makeFormer(folder: string): Promise<void> {
  const lmdb = openLmdb(folder);
  const format = Buffer.alloc(4);
  format.writeUInt32BE(2);
  await lmdb.put(metaKey("format"), format);
  const clock = readMeta(lmdb, CLOCK_KEY);
  if (clock !== undefined) await lmdb.put(metaKey(CLOCK_KEY), clock.subarray(0, 16));
  await lmdb.close();
  for (const name of JOURNAL_FILES) {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path).subarray(HEADER_LENGTH));
  }
}
