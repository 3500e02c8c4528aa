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
});

export type Manifest = z.output<typeof vManifest>;

const ENTRY =
  /^(?:backend\/)?(?:database\/data\.mdb|files\/[0-9a-f]{2}\/[0-9a-f-]{36}|instance\.json)$|^secrets\.json$|^[a-z]+-standin\.jsonl$/;

/** Whether a path may be in a backup; nothing else is ever written by a restore. */
export function isBackupEntry(path: string): boolean {
  return ENTRY.test(path);
}

/**
 * Where the deployment is in a data folder: in `backend/` when it belongs to a shop, else at the top.
 * @throws BackupError when there is none.
 */
export function deploymentPrefix(folder: string): "" | "backend/" {
  for (const prefix of ["backend/", ""] as const) {
    if (existsSync(join(folder, prefix, STORE_FILE))) return prefix;
  }
  throw new BackupError(
    `There is no deployment in ${folder}; give its data folder with --data DIR.`,
  );
}

/** Files beside the deployment that belong to it. */
export function companions(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => isBackupEntry(name) && name !== "instance.json");
}
