// `npm run backup -- FILE` and `npm run restore -- FILE`, each with `[--data DIR]`.
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";

import { BackupError, PLAIN_LAYOUT, type FolderLayout } from "../embedded/backup/backup-layout.ts";
import { createBackup } from "../embedded/backup/create-backup.ts";
import { restoreBackup } from "../embedded/backup/restore-backup.ts";
import { DataFolderError } from "../embedded/storage/storage-error.ts";

const [, , command = "", ...args] = process.argv;
const USAGE = `Usage: npm run ${command} -- FILE [--data DIR]`;
const DEFAULT_FOLDER = ".data";

/** The shop's data folder holds its secrets and what the stand-ins know beside the deployment. */
const SHOP_LAYOUT: FolderLayout = {
  deployment: "backend/",
  companions: /^(?:secrets\.json|[a-z]+-standin\.jsonl)$/,
};
const LAYOUTS = [SHOP_LAYOUT, PLAIN_LAYOUT];

try {
  const { file, folder } = parseCommand();
  if (command === "restore") await restore(file, folder);
  else await backUp(file, folder);
} catch (error) {
  if (process.stderr.isTTY) process.stderr.write("\r");
  const isExpected = error instanceof BackupError || error instanceof DataFolderError;
  console.error(isExpected ? error.message : error);
  process.exitCode = 1;
}

async function backUp(file: string, folder: string): Promise<void> {
  const { files, size } = await createBackup(folder, file, LAYOUTS, showProgress("Backing up"));
  console.log(`${file}: ${folder} with ${files} stored files, ${megabytes(size)} MB`);
}

async function restore(file: string, folder: string): Promise<void> {
  const createdAt = await restoreBackup(file, folder, LAYOUTS, showProgress("Restoring"));
  console.log(`${folder}: restored from ${basename(file)} of ${createdAt}`);
}

function parseCommand(): { file: string; folder: string } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { data: { type: "string", default: process.env["DATA_DIR"] ?? DEFAULT_FOLDER } },
    });
    const [file] = positionals;
    if (file !== undefined && positionals.length === 1) {
      return { file: resolve(file), folder: resolve(values.data) };
    }
  } catch {
    // Falls through: how it is used says more than what is wrong.
  }
  throw new BackupError(USAGE);
}

/** One line that is written over; on a terminal only. */
function showProgress(verb: string): (done: number, total: number) => void {
  return (done, total) => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r${verb}: ${done} of ${total} parts${done === total ? "\n" : ""}`);
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
