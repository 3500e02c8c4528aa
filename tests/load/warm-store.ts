import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

const READ_BYTES = 1 << 20;

/**
 * Reads a store's file once, so that the operating system has it in memory as on a machine where the
 * backend has been running for a while; a large one would else be compared with its disk.
 * @param folder the backend's data folder
 */
export async function warmStore(folder: string): Promise<void> {
  const file = join(folder, "database", "data.mdb");
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(createReadStream(file, { highWaterMark: READ_BYTES }), nowhere);
}
