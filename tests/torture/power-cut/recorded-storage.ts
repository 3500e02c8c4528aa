/**
 * What is recorded: a store and its files being written by several at once, each write noted in `acks`
 * once it is said to be durable. Arguments: folder, number of the first write and of the last, `sync` or
 * `noSync`.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";

import { openBlobFolder } from "#embedded/storage/blob-folder.ts";
import { Storage } from "#embedded/storage/storage.ts";

import { blobBytes, hasBlob, writesOf } from "./recorded-rows.ts";

const LANES = 4;
/** So that both its files are used again and again, and the store is written to in between. */
const JOURNAL = { keys: 16, bytes: 20_000, ageMs: 1_000 };

const [, , folder = "", first = "1", last = "0", mode = "sync"] = process.argv;
const acks = join(folder, "acks");
const storage = await Storage.open(join(folder, "database"), {
  noSync: mode === "noSync",
  journal: JOURNAL,
});
const blobs = openBlobFolder(join(folder, "files"));
let next = Number(first);
let lastTs = storage.durableTs;
appendFileSync(acks, "0\n");

await Promise.all(Array.from({ length: LANES }, writeOn));
process.exit(0);

async function writeOn(): Promise<void> {
  while (next <= Number(last)) {
    const number = next;
    next += 1;
    const blob = hasBlob(number) ? await storeBlob(number) : null;
    lastTs += 1n;
    const ts = lastTs;
    storage.write(writesOf(number, blob), ts);
    await storage.flushed(ts);
    appendFileSync(acks, `${number}\n`);
  }
}

/** By each of the ways that there are. */
async function storeBlob(number: number): Promise<string> {
  const bytes = blobBytes(number);
  switch (number % 9) {
    case 0:
      return blobs.write(bytes);
    case 3:
      return blobs.writeSync(bytes);
    default:
      return (await blobs.writeStream(inPieces(bytes))).key;
  }
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}
