import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import * as z from "zod";

/** A backup that cannot be made or restored; the message is a sentence for the person who asked. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}

export const BACKUP_FORMAT = 1;
export const MANIFEST = "backup.json";
/** The deployment's store inside a backup and a data folder. */
export const STORE_FILE = "database/data.mdb";

/** What a backup says about itself; its last entry. */
export const vManifest = z.object({
  format: z.number().int(),
  createdAt: z.string(),
  /** Of the newest commit in it, in nanoseconds of Unix time. */
  timestamp: z.string(),
  /** SHA-256 in hex of every other entry, by path. */
  digests: z.record(z.string(), z.string()),
  /** `_storage` ids of the files whose bytes were missing already when it was made. */
  filesWithoutBytes: z.array(z.string()).default([]),
});

export type Manifest = z.output<typeof vManifest>;

/** Told what is being done, and how much of it; `total` is 0 when that is not known. */
export type OnProgress = (what: string, done: number, total: number) => void;

const DEPLOYMENT_ENTRY =
  /^(?:database\/data\.mdb|files\/[0-9a-f]{2}\/[0-9a-f-]{36}|instance\.json)$/;

/** How a data folder is laid out; a program may keep a deployment beside files of its own. */
export interface FolderLayout {
  /** Where the deployment is, with a slash at its end; `""` for the top. */
  readonly deployment: string;
  /** Names of files at the top that belong to a backup as well; `null` for none. */
  readonly companions: RegExp | null;
}

/** A data folder that holds a deployment and nothing else. */
export const PLAIN_LAYOUT: FolderLayout = { deployment: "", companions: null };

/** Whether a path may be in a backup; nothing else is ever written by a restore. */
export function isBackupEntry(path: string, { deployment, companions }: FolderLayout): boolean {
  const isOfDeployment =
    path.startsWith(deployment) && DEPLOYMENT_ENTRY.test(path.slice(deployment.length));
  return isOfDeployment || (!path.includes("/") && companions?.test(path) === true);
}

/**
 * The first layout whose store the folder has.
 * @throws BackupError when it has none.
 */
export function layoutOf(folder: string, layouts: readonly FolderLayout[]): FolderLayout {
  const found = layouts.find(({ deployment }) => existsSync(join(folder, deployment, STORE_FILE)));
  if (found !== undefined) return found;
  throw new BackupError(
    `There is no deployment in ${folder}; give its data folder with --data DIR.`,
  );
}

/** Files beside the deployment that belong to it. */
export function listCompanions(folder: string, { companions }: FolderLayout): readonly string[] {
  return readdirSync(folder).filter((name) => companions?.test(name) === true);
}
