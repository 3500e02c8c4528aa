import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { deriveAdminKey, generateInstanceSecret } from "./auth/admin-key.ts";
import { makeFolderDurably, writeFileDurably } from "./storage/durable-files.ts";
import { systemErrorCode } from "./storage/storage-error.ts";

/** What a deployment is known by. */
export interface Instance {
  readonly name: string;
  readonly secret: string;
  /** `<name>|<hex>`, derived from the secret. */
  readonly adminKey: string;
  /** `CONVEX_SITE_URL`; the issuer of tokens that the deployment signs itself. */
  readonly siteUrl: string;
}

export interface InstanceOptions {
  readonly folder: string;
  /** Where clients reach the deployment now. */
  readonly cloudUrl: string;
  /** Replaces the stored address; `null` keeps it. */
  readonly siteUrl: string | null;
  /** For the first start. */
  readonly name: string | null;
  /** Makes a new one for a store whose own is lost. */
  readonly makesNew: boolean;
}

/** A setting that makes starting impossible; the message is one sentence for people. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const FILE = "instance.json";
const DEFAULT_NAME = "embedded";

/**
 * Reads who this deployment is, or makes it up at the first start. To be called before the store is
 * made: a store without this file has lost it. The site address is part of that, because it is in every
 * token: it stays when the port changes, and only an explicit one replaces it, with a warning.
 * @throws ConfigError when the file is damaged, or missing beside a store.
 */
export function loadInstance(options: InstanceOptions): Instance {
  const path = join(options.folder, FILE);
  const stored = readInstance(path);
  if (stored === null && !options.makesNew && hasStore(options.folder)) {
    throw new ConfigError(
      `The file ${path} is missing, without which nobody stays signed in and the admin key changes: ` +
        "restore it from a backup, or start once with --new-identity.",
    );
  }
  const siteUrl = options.siteUrl ?? stored?.siteUrl ?? `${options.cloudUrl}/http`;
  const name = stored?.name ?? options.name ?? DEFAULT_NAME;
  const secret = stored?.secret ?? generateInstanceSecret();
  if (stored === null) writeInstance(path, { name, secret, siteUrl });
  return { name, secret, siteUrl, adminKey: deriveAdminKey(name, secret) };
}

/**
 * Keeps a site address that was given, with a warning when it replaces another. To be called once the
 * folder belongs to this process.
 * @throws ConfigError
 */
export function keepSiteUrl(
  folder: string,
  { name, secret, siteUrl }: Instance,
  warn: (message: string) => void,
): void {
  const path = join(folder, FILE);
  const stored = readInstance(path);
  if (stored === null || stored.siteUrl === siteUrl) return;
  warn(
    `The site address changes from ${stored.siteUrl} to ${siteUrl}: ` +
      "tokens that the deployment signed so far are no longer valid.",
  );
  writeInstance(path, { name, secret, siteUrl });
}

function hasStore(folder: string): boolean {
  const store = statSync(join(folder, "database", "data.mdb"), { throwIfNoEntry: false });
  return store !== undefined && store.size > 0;
}

function readInstance(path: string): StoredInstance | null {
  return existsSync(path) ? parseInstance(readText(path), path) : null;
}

type StoredInstance = Omit<Instance, "adminKey">;

function parseInstance(text: string, path: string): StoredInstance {
  try {
    const { name, secret, siteUrl } = JSON.parse(text) as Record<string, unknown>;
    if (typeof name === "string" && typeof secret === "string" && typeof siteUrl === "string") {
      return { name, secret, siteUrl };
    }
  } catch {
    // Falls through: damaged is damaged.
  }
  throw new ConfigError(`The file ${path} is damaged; restore it from a backup.`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`The file ${path} cannot be read: ${systemErrorCode(cause)}.`);
  }
}

/** Readable by the owner alone, because whoever has the secret is an admin. */
function writeInstance(path: string, instance: StoredInstance): void {
  try {
    writeFileDurably(path, `${JSON.stringify(instance, null, 2)}\n`, 0o600);
  } catch (cause) {
    throw new ConfigError(`The file ${path} cannot be written: ${systemErrorCode(cause)}.`);
  }
}

/** @throws ConfigError when the folder cannot be made or written to. */
export function requireFolder(folder: string): void {
  try {
    makeFolderDurably(folder);
  } catch (cause) {
    throw new ConfigError(
      `The data folder ${folder} cannot be created: ${systemErrorCode(cause)}.`,
    );
  }
}
