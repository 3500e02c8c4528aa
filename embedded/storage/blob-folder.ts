import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";

/**
 * Stored files' bytes, one file each, in a folder. A key is written once and never changed. A write
 * goes to a temporary file, is synced and renamed, so that a key that was returned is whole and
 * durable; what a crash leaves behind is removed by `sweep`.
 */
export interface BlobFolder {
  write(bytes: Uint8Array): Promise<string>;
  writeSync(bytes: Uint8Array): string;
  /** @throws whatever the stream fails with; nothing is kept then. */
  writeStream(stream: AsyncIterable<Uint8Array>): Promise<WrittenBlob>;
  read(key: string): Promise<Uint8Array | null>;
  readSync(key: string): Uint8Array | null;
  /** Bytes from `start` up to and including `end`, or `null` when there is no such blob. */
  openRange(key: string, range?: { readonly start: number; readonly end: number }): Readable | null;
  /** Deletes blobs older than `minAgeMs` that are not wanted any more. Returns how many. */
  sweep(options: SweepOptions): Promise<number>;
}

interface WrittenBlob {
  readonly key: string;
  readonly size: number;
  readonly sha256: Buffer;
}

interface SweepOptions {
  readonly isWanted: (key: string) => boolean;
  readonly minAgeMs: number;
  readonly now: number;
}

const KEY = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const TEMPORARY_SUFFIX = ".tmp";

export function openBlobFolder(folder: string): BlobFolder {
  mkdirSync(folder, { recursive: true });

  // One level of 256 folders keeps each of them small enough for every file system.
  const pathOf = (key: string) => join(folder, key.slice(0, 2), key);

  function existing(key: string): string | null {
    if (!KEY.test(key)) return null;
    const path = pathOf(key);
    return existsSync(path) ? path : null;
  }

  return {
    async write(bytes) {
      return (await writeDurably(pathOf, [bytes])).key;
    },
    writeSync: (bytes) => writeDurablySync(pathOf, bytes),
    writeStream: (stream) => writeDurably(pathOf, stream),
    async read(key) {
      const path = existing(key);
      return path === null ? null : await readFile(path);
    },
    readSync(key) {
      const path = existing(key);
      return path === null ? null : readFileSync(path);
    },
    openRange(key, range) {
      const path = existing(key);
      return path === null ? null : createReadStream(path, range);
    },
    sweep: (options) => sweep(folder, options),
  };
}

async function writeDurably(
  pathOf: (key: string) => string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<WrittenBlob> {
  const key = randomUUID();
  const path = pathOf(key);
  const temporary = path + TEMPORARY_SUFFIX;
  await mkdir(dirname(path), { recursive: true });
  const file = await open(temporary, "wx", 0o600);
  const hash = createHash("sha256");
  let size = 0;
  try {
    for await (const part of parts) {
      hash.update(part);
      size += part.byteLength;
      await file.write(part);
    }
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
  await file.close();
  await rename(temporary, path);
  const directory = await open(dirname(path), "r");
  await directory.sync().finally(() => directory.close());
  return { key, size, sha256: hash.digest() };
}

function writeDurablySync(pathOf: (key: string) => string, bytes: Uint8Array): string {
  const key = randomUUID();
  const path = pathOf(key);
  const temporary = path + TEMPORARY_SUFFIX;
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(temporary, "wx", 0o600);
  try {
    for (let written = 0; written < bytes.byteLength;) {
      written += writeSync(file, bytes, written);
    }
    fsyncSync(file);
  } catch (error) {
    closeSync(file);
    unlinkSync(temporary);
    throw error;
  }
  closeSync(file);
  renameSync(temporary, path);
  syncFolderSync(dirname(path));
  return key;
}

function syncFolderSync(folder: string): void {
  const directory = openSync(folder, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

async function sweep(folder: string, { isWanted, minAgeMs, now }: SweepOptions): Promise<number> {
  let deleted = 0;
  for (const subfolder of await readdir(folder)) {
    for (const name of await readdir(join(folder, subfolder))) {
      const path = join(folder, subfolder, name);
      if (KEY.test(name) && isWanted(name)) continue;
      if (now - (await stat(path)).mtimeMs < minAgeMs) continue;
      await rm(path, { force: true });
      deleted += 1;
    }
  }
  return deleted;
}
