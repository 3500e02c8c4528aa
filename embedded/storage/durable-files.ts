/** Files and folders that are there after a power cut: what is made is synced, and what names it. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Windows cannot open folders; its file systems journal names by themselves. */
const canSyncFolders = process.platform !== "win32";

/**
 * Makes a folder and the missing ones above it, for their owner only; each new name is synced into
 * the folder it is in.
 * One by one, because Node's recursive `mkdir` never returns where a folder is there and takes no
 * names, as `/proc`.
 */
export function makeFolderDurably(folder: string): void {
  const path = resolve(folder);
  const missing: string[] = [];
  for (let at = path; !isFolder(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  for (const at of missing.reverse()) {
    try {
      mkdirSync(at, { mode: 0o700 });
    } catch (error) {
      // Somebody else may have made it meanwhile.
      if (!isFolder(at)) throw error;
    }
    syncFolder(dirname(at));
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Replaces a file as a whole: after a crash it holds the old text or the new one. */
export function writeFileDurably(path: string, text: string, mode: number): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, "w", mode);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/** Makes names that were added to or removed from a folder durable. */
export function syncFolder(folder: string): void {
  if (!canSyncFolders) return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The same off the thread. */
export async function syncFolderAsync(folder: string): Promise<void> {
  if (!canSyncFolders) return;
  const descriptor = await open(folder, "r");
  await descriptor.sync().finally(() => descriptor.close());
}
