/** Files and folders that are there after a power cut: what is made is synced, and what names it. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Windows cannot open folders; its file systems journal names by themselves. */
const canSyncFolders = process.platform !== "win32";

/** Makes a folder and the missing ones above it; each new name is synced into the folder it is in. */
export function makeFolderDurably(folder: string, mode?: number): void {
  const path = resolve(folder);
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  mkdirSync(path, { recursive: true, ...(mode === undefined ? {} : { mode }) });
  for (const made of missing) syncFolder(dirname(made));
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
