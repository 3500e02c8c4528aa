import { createHash, randomUUID } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Readable, Transform } from "node:stream";

import { ZipFile } from "yazl";

import { syncFolder } from "../storage/durable-files.ts";
import { isDamage, systemErrorCode } from "../storage/storage-error.ts";
import {
  BACKUP_FORMAT,
  BackupError,
  layoutOf,
  listCompanions,
  MANIFEST,
  STORE_FILE,
  type FolderLayout,
  type Manifest,
  type OnProgress,
} from "./backup-layout.ts";
import { copyStore, type StoreCopy } from "./store-copy.ts";

export interface CheckReport {
  readonly files: number;
  /** `_storage` ids of the files whose bytes are missing; only these are not in a backup. */
  readonly filesWithoutBytes: readonly string[];
}

export interface BackupReport extends CheckReport {
  /** Bytes of the backup. */
  readonly size: number;
}

interface Source {
  /** In the backup. */
  readonly path: string;
  readonly open: () => Readable;
  readonly isCompressed: boolean;
}

/** A file may be deleted and swept between the copy of the rows and its own. */
const MAX_TRIES = 3;

/**
 * Writes everything a deployment consists of into one file: its rows as they are at one moment, the
 * files they name, its identity, and what the layout puts beside it. The deployment may be running and
 * written to, or stopped. The file appears whole or not at all, and not for a damaged deployment; a
 * file whose bytes are lost is left out and reported.
 * @throws BackupError, DataFolderError
 */
export async function createBackup(
  folder: string,
  file: string,
  layouts: readonly FolderLayout[],
  onProgress: OnProgress,
): Promise<BackupReport> {
  const target = resolve(file);
  if (existsSync(target)) throw new BackupError(`${target} exists already; name another file.`);
  const layout = layoutOf(folder, layouts);
  return inFolderBeside(target, async (work) => {
    const deployment = join(folder, layout.deployment);
    const copy = await copyWithFiles(deployment, join(work, "store"), onProgress);
    const sources = listSources(folder, layout, join(work, "store"), copy);
    const size = await writeZip(sources, join(work, "zip"), copy, onProgress);
    renameSync(join(work, "zip"), target);
    syncFolder(dirname(target));
    return { ...reportOf(copy), size };
  });
}

/**
 * Checks everything that a backup would check, and makes none. Takes room for a copy of the database
 * beside the data folder, for as long as it takes.
 * @throws BackupError, DataFolderError
 */
export async function checkDeployment(
  folder: string,
  layouts: readonly FolderLayout[],
  onProgress: OnProgress,
): Promise<CheckReport> {
  const { deployment } = layoutOf(folder, layouts);
  return inFolderBeside(resolve(folder), async (work) =>
    reportOf(await copyWithFiles(join(folder, deployment), join(work, "store"), onProgress)),
  );
}

async function inFolderBeside<T>(target: string, task: (work: string) => Promise<T>): Promise<T> {
  const work = `${target}.${randomUUID()}.partial`;
  try {
    mkdirSync(work, { mode: 0o700 });
    return await task(work);
  } catch (error) {
    throw isSystemError(error)
      ? new BackupError(`${target} cannot be written (${systemErrorCode(error)}).`, {
          cause: error,
        })
      : error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface CheckedCopy extends StoreCopy {
  /** Keys of the files whose bytes are missing. */
  readonly missing: ReadonlySet<string>;
}

function reportOf({ blobs, missing }: CheckedCopy): CheckReport {
  return {
    files: blobs.size - missing.size,
    filesWithoutBytes: [...missing].map((key) => blobs.get(key) ?? key),
  };
}

async function copyWithFiles(
  deployment: string,
  target: string,
  onProgress: OnProgress,
): Promise<CheckedCopy> {
  for (let tries = 1; ; tries += 1) {
    const copy = await copySoundStore(deployment, target, onProgress);
    const missing = [...copy.blobs.keys()].filter((key) => !existsSync(blobPath(deployment, key)));
    if (missing.length === 0 || tries === MAX_TRIES) return { ...copy, missing: new Set(missing) };
    rmSync(target, { recursive: true });
  }
}

async function copySoundStore(
  deployment: string,
  target: string,
  onProgress: OnProgress,
): Promise<StoreCopy> {
  try {
    return await copyStore(join(deployment, "database"), target, onProgress);
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new BackupError(
      `The data file ${join(deployment, STORE_FILE)} is damaged (${(error as Error).message}): ` +
        "there is nothing to back up. Keep the earlier backups, and restore the latest one.",
      { cause: error },
    );
  }
}

function listSources(
  folder: string,
  layout: FolderLayout,
  store: string,
  { blobs, missing }: CheckedCopy,
): readonly Source[] {
  const { deployment: prefix } = layout;
  const deployment = join(folder, prefix);
  const fromFile = (path: string, file: string, isCompressed: boolean): Source => ({
    path,
    isCompressed,
    open: () => createReadStream(file),
  });
  return [
    ...listCompanions(folder, layout).map((name) => ({
      path: name,
      isCompressed: true,
      open: () => Readable.from([wholeLines(join(folder, name))]),
    })),
    fromFile(`${prefix}instance.json`, join(deployment, "instance.json"), true),
    ...[...blobs.keys()]
      .filter((key) => !missing.has(key))
      .map((key) =>
        fromFile(`${prefix}files/${key.slice(0, 2)}/${key}`, blobPath(deployment, key), false),
      ),
    fromFile(prefix + STORE_FILE, join(store, "data.mdb"), true),
  ];
}

/** A journal may be in the middle of a line. */
function wholeLines(path: string): Buffer {
  const bytes = readFileSync(path);
  return path.endsWith(".jsonl") ? bytes.subarray(0, bytes.lastIndexOf("\n") + 1) : bytes;
}

function blobPath(deployment: string, key: string): string {
  return join(deployment, "files", key.slice(0, 2), key);
}

/** Streams everything into the file, with the digests as its last entry; returns its length. */
async function writeZip(
  sources: readonly Source[],
  target: string,
  copy: CheckedCopy,
  onProgress: OnProgress,
): Promise<number> {
  const zip = new ZipFile();
  const failed = new Promise<never>((_resolve, reject) => zip.on("error", reject));
  const digests: Record<string, string> = {};
  let done = 0;
  for (const { path, open: openSource, isCompressed } of sources) {
    zip.addReadStreamLazy(path, { compress: isCompressed, mode: 0o100_600 }, (callback) => {
      const hash = createHash("sha256");
      const hashing = new Transform({
        transform(chunk: Buffer, _encoding, next) {
          hash.update(chunk);
          next(null, chunk);
        },
        flush(next) {
          digests[path] = hash.digest("hex");
          done += 1;
          onProgress("Backing up", done, sources.length);
          next();
        },
      });
      const source = openSource();
      source.on("error", (error) => hashing.destroy(error));
      callback(null, source.pipe(hashing));
    });
  }
  zip.addReadStreamLazy(MANIFEST, { mode: 0o100_600 }, (callback) => {
    const manifest: Manifest = {
      format: BACKUP_FORMAT,
      createdAt: new Date().toISOString(),
      timestamp: String(copy.ts),
      digests,
      filesWithoutBytes: [...reportOf(copy).filesWithoutBytes],
    };
    callback(null, Readable.from([Buffer.from(JSON.stringify(manifest, null, 2))]));
  });
  zip.end();
  return Promise.race([writeStream(zip.outputStream as AsyncIterable<Buffer>, target), failed]);
}

async function writeStream(stream: AsyncIterable<Buffer>, target: string): Promise<number> {
  const file = await open(target, "wx", 0o600);
  let size = 0;
  try {
    for await (const chunk of stream) {
      await file.writeFile(chunk);
      size += chunk.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return size;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
