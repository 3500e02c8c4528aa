import { join } from "node:path";

import { metaKey, openLmdb, STORAGE_FORMAT } from "./open-lmdb.ts";

/** Makes a deployment's data look as if a later version of the engine had written it. */
export async function recordNewerFormat(data: string): Promise<void> {
  const lmdb = openLmdb(join(data, "database"));
  const newer = Buffer.alloc(4);
  newer.writeUInt32BE(STORAGE_FORMAT + 1);
  await lmdb.put(metaKey("format"), newer);
  await lmdb.close();
}
