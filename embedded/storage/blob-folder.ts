import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";

import { DiskSpace } from "./disk-space.ts";
import { makeFolderDurably, syncFolder, syncFolderAsync } from "./durable-files.ts";
import { DataFolderError, DiskFullError, systemErrorCode } from "./storage-error.ts";

/**
 * Stored files' bytes, one file each, in a folder. A key is written once and never changed. A write
 * goes to a temporary file, is synced and renamed, so that a key that was returned is whole and
 * durable; what a crash leaves behind is removed by `sweep`.
 */
export interface BlobFolder {
  /** @throws DiskFullError; nothing is kept then, here and below. */
  write(bytes: Uint8Array): Promise<string>;
  /** @throws DiskFullError */
  writeSync(bytes: Uint8Array): string;
  /** @throws DiskFullError, and whatever the stream fails with. */
  writeStream(stream: AsyncIterable<Uint8Array>): Promise<WrittenBlob>;
  read(key: string): Promise<Uint8Array | null>;
  readSync(key: string): Uint8Array | null;
  /** Bytes from `start` up to and including `end`, or `null` when there is no such blob. */
  openRange(key: string, range?: { readonly start: number; readonly end: number }): Readable | null;
  /** Bytes of a blob, `null` when there is no such blob. */
  sizeOf(key: string): number | null;
  /** Harmless when it is gone already. */
  remove(key: string): Promise<void>;
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

/** @throws DataFolderError when the folder cannot be made. */
export function openBlobFolder(folder: string): BlobFolder {
  try {
    makeFolderDurably(folder);
  } catch (error) {
    throw new DataFolderError(
      "NotWritable",
      `The data folder ${folder} cannot be written to (${systemErrorCode(error)}).`,
      { cause: error },
    );
  }
  const place: BlobPlace = {
    // One level of 256 folders keeps each of them small enough for every file system.
    pathOf: (key) => join(folder, key.slice(0, 2), key),
    space: new DiskSpace(folder),
  };

  function existing(key: string): string | null {
    if (!KEY.test(key)) return null;
    const path = place.pathOf(key);
    return existsSync(path) ? path : null;
  }

  return {
    async write(bytes) {
      return (await writeDurably(place, [bytes])).key;
    },
    writeSync: (bytes) => writeDurablySync(place, bytes),
    writeStream: (stream) => writeDurably(place, stream),
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
    sizeOf(key) {
      const path = existing(key);
      return path === null ? null : statSync(path).size;
    },
    async remove(key) {
      const path = existing(key);
      if (path !== null) await rm(path, { force: true });
    },
    sweep: (options) => sweep(folder, options),
  };
}

interface BlobPlace {
  readonly pathOf: (key: string) => string;
  readonly space: DiskSpace;
}

async function writeDurably(
  { pathOf, space }: BlobPlace,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<WrittenBlob> {
  const key = randomUUID();
  const path = pathOf(key);
  const temporary = path + TEMPORARY_SUFFIX;
  const hash = createHash("sha256");
  let size = 0;
  try {
    space.require();
    makeFolderDurably(dirname(path));
    const file = await open(temporary, "wx", 0o600);
    try {
      for await (const part of parts) {
        space.require(part.byteLength);
        hash.update(part);
        size += part.byteLength;
        // Not `write`, which may write less than it is given.
        await file.writeFile(part);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolderAsync(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw withFullDisk(error);
  }
  return { key, size, sha256: hash.digest() };
}

function writeDurablySync({ pathOf, space }: BlobPlace, bytes: Uint8Array): string {
  const key = randomUUID();
  const path = pathOf(key);
  const temporary = path + TEMPORARY_SUFFIX;
  try {
    space.require(bytes.byteLength);
    makeFolderDurably(dirname(path));
    const file = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    throw withFullDisk(error);
  }
  return key;
}

/** Another writer may have taken what was free a moment ago. */
function withFullDisk(error: unknown): unknown {
  const isFull = ["ENOSPC", "EDQUOT"].includes(systemErrorCode(error));
  return isFull ? new DiskFullError(null, { cause: error }) : error;
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
