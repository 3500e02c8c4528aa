import { createHash, randomUUID } from "node:crypto";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Transform } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

import { openPromise, type Entry, type ZipFile } from "yauzl";

import { makeFolderDurably, syncFolder } from "../storage/durable-files.ts";
import { isDamage, systemErrorCode } from "../storage/storage-error.ts";
import {
  BACKUP_FORMAT,
  BackupError,
  isBackupEntry,
  MANIFEST,
  STORE_FILE,
  vManifest,
  type FolderLayout,
  type Manifest,
  type OnProgress,
} from "./backup-layout.ts";
import { checkWholeStore, partFromOriginal } from "./store-copy.ts";

/**
 * Puts a backup into a data folder that is missing or empty. Every byte is checked against the digests
 * in the backup first, and every row and index of the database; the folder then appears as a whole.
 * @returns what the backup says about itself.
 * @throws BackupError
 */
export async function restoreBackup(
  file: string,
  folder: string,
  layouts: readonly FolderLayout[],
  onProgress: OnProgress,
): Promise<Manifest> {
  const target = resolve(folder);
  requireEmpty(target);
  const work = `${target}.${randomUUID()}.partial`;
  const zip = await openZip(file);
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
    const { manifest, layout } = await readManifest(zip, entries, file, layouts);
    makeFolderDurably(dirname(target));
    mkdirSync(work, { mode: 0o700 });
    await extract({ zip, entries, manifest, work, file, onProgress });
    await requireSoundStore(join(work, layout.deployment), file, onProgress);
    await partFromOriginal(join(work, layout.deployment), Date.now());
    for (const path of foldersOf(manifest)) syncFolder(join(work, path));
    if (existsSync(target)) rmdirSync(target);
    renameSync(work, target);
    syncFolder(dirname(target));
    return manifest;
  } catch (error) {
    throw error instanceof Error && "syscall" in error
      ? new BackupError(`${target} cannot be written (${systemErrorCode(error)}).`, {
          cause: error,
        })
      : error;
  } finally {
    zip.close();
    rmSync(work, { recursive: true, force: true });
  }
}

function requireEmpty(target: string): void {
  let names: string[];
  try {
    names = readdirSync(target);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return;
    throw new BackupError(
      `${target} is no folder that can be restored into (${systemErrorCode(error)}).`,
    );
  }
  if (names.length > 0) {
    throw new BackupError(`${target} is not empty; move it away or name another folder.`);
  }
}

async function openZip(file: string): Promise<ZipFile> {
  try {
    return await openPromise(file, { autoClose: false, lazyEntries: true });
  } catch (cause) {
    const problem = systemErrorCode(cause) === "ENOENT" ? "does not exist" : "is no whole backup";
    throw new BackupError(`${file} ${problem}.`, { cause });
  }
}

async function readManifest(
  zip: ZipFile,
  entries: ReadonlyMap<string, Entry>,
  file: string,
  layouts: readonly FolderLayout[],
): Promise<{ readonly manifest: Manifest; readonly layout: FolderLayout }> {
  const entry = entries.get(MANIFEST);
  if (entry === undefined) throw new BackupError(`${file} is no backup of a deployment.`);
  const text = await buffer(await zip.openReadStreamPromise(entry)).catch((cause: unknown) => {
    throw damaged(file, cause);
  });
  const parsed = vManifest.safeParse(parseJson(text.toString()));
  if (!parsed.success) throw damaged(file, parsed.error);
  const { format, digests } = parsed.data;
  if (format > BACKUP_FORMAT) {
    throw new BackupError(`${file} was made by a newer version; restore it with that one.`);
  }
  const paths = Object.keys(digests);
  const isComplete = entries.size === paths.length + 1 && paths.every((path) => entries.has(path));
  const layout = layouts.find(({ deployment }) => deployment + STORE_FILE in digests);
  if (!isComplete || layout === undefined) throw damaged(file);
  if (!paths.every((path) => isBackupEntry(path, layout))) throw damaged(file);
  return { manifest: parsed.data, layout };
}

interface Extraction {
  readonly zip: ZipFile;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly manifest: Manifest;
  readonly work: string;
  readonly file: string;
  readonly onProgress: OnProgress;
}

async function extract(extraction: Extraction): Promise<void> {
  const { zip, entries, manifest, work, file, onProgress } = extraction;
  const wanted = Object.entries(manifest.digests);
  for (const [position, [path, digest]] of wanted.entries()) {
    const entry = entries.get(path);
    if (entry === undefined) throw damaged(file);
    const target = join(work, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    const hash = createHash("sha256");
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        hash.update(chunk);
        next(null, chunk);
      },
    });
    const written = createWriteStream(target, { flags: "wx", mode: 0o600, flush: true });
    try {
      await pipeline(await zip.openReadStreamPromise(entry), hashing, written);
    } catch (cause) {
      throw cause instanceof Error && "syscall" in cause ? cause : damaged(file, cause);
    }
    if (hash.digest("hex") !== digest) throw damaged(file);
    onProgress("Restoring", position + 1, wanted.length);
  }
}

/** A deployment can have been damaged already when it was backed up. */
async function requireSoundStore(
  deployment: string,
  file: string,
  onProgress: OnProgress,
): Promise<void> {
  try {
    await checkWholeStore(join(deployment, dirname(STORE_FILE)), onProgress);
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new BackupError(
      `${file} is of a database that was damaged already (${(error as Error).message}): nothing was ` +
        "restored; take an earlier backup.",
      { cause: error },
    );
  }
}

/** Deepest first. */
function foldersOf({ digests }: Manifest): readonly string[] {
  const folders = new Set<string>([""]);
  for (const path of Object.keys(digests)) {
    for (let at = dirname(path); at !== "."; at = dirname(at)) folders.add(at);
  }
  return [...folders].sort((left, right) => right.length - left.length);
}

function damaged(file: string, cause?: unknown): BackupError {
  return new BackupError(`${file} is damaged: nothing was restored.`, { cause });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
