// `npm run backup -- FILE`, `npm run backup -- --check` and `npm run restore -- FILE`, each with
// `[--data DIR]`.
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";

import {
  BackupError,
  PLAIN_LAYOUT,
  type FolderLayout,
  type OnProgress,
} from "../embedded/backup/backup-layout.ts";
import { checkDeployment, createBackup } from "../embedded/backup/create-backup.ts";
import { restoreBackup } from "../embedded/backup/restore-backup.ts";
import { DataFolderError } from "../embedded/storage/storage-error.ts";

const [, , command = "", ...args] = process.argv;
const USAGE = `Usage: npm run ${command} -- ${command === "restore" ? "FILE" : "FILE|--check"} [--data DIR]`;
const DEFAULT_FOLDER = ".data";

/** The shop's data folder holds its secrets and what the stand-ins know beside the deployment. */
const SHOP_LAYOUT: FolderLayout = {
  deployment: "backend/",
  companions: /^(?:secrets\.json|[a-z]+-standin\.jsonl)$/,
};
const LAYOUTS = [SHOP_LAYOUT, PLAIN_LAYOUT];

try {
  const { file, folder } = parseCommand();
  if (file === null) await check(folder);
  else if (command === "restore") await restore(file, folder);
  else await backUp(file, folder);
} catch (error) {
  if (process.stderr.isTTY) process.stderr.write("\n");
  const isExpected = error instanceof BackupError || error instanceof DataFolderError;
  console.error(isExpected ? error.message : error);
  process.exitCode = 1;
}

async function backUp(file: string, folder: string): Promise<void> {
  const { files, size, filesWithoutBytes } = await createBackup(
    folder,
    file,
    LAYOUTS,
    showProgress(),
  );
  warnOfMissing(filesWithoutBytes, "The backup is without them.");
  console.log(`${file}: ${folder} with ${files} stored files, ${megabytes(size)} MB`);
}

async function check(folder: string): Promise<void> {
  const { files, filesWithoutBytes } = await checkDeployment(folder, LAYOUTS, showProgress());
  warnOfMissing(filesWithoutBytes, "Everything else is whole.");
  console.log(`${folder}: the database is sound, ${files} stored files are there`);
  if (filesWithoutBytes.length > 0) process.exitCode = 1;
}

async function restore(file: string, folder: string): Promise<void> {
  const { createdAt, filesWithoutBytes } = await restoreBackup(
    file,
    folder,
    LAYOUTS,
    showProgress(),
  );
  warnOfMissing(filesWithoutBytes, "They were missing when the backup was made.");
  console.log(`${folder}: restored from ${basename(file)} of ${createdAt}`);
}

/** All are listed: nobody else says which files have to be stored again. */
function warnOfMissing(ids: readonly string[], consequence: string): void {
  if (ids.length === 0) return;
  console.error(
    `WARNING: the bytes of ${ids.length} stored files are missing. ${consequence} ` +
      `Their ids in _storage: ${ids.join(", ")}`,
  );
}

function parseCommand(): { file: string | null; folder: string } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        data: { type: "string", default: process.env["DATA_DIR"] ?? DEFAULT_FOLDER },
        check: { type: "boolean" },
      },
    });
    const [file] = positionals;
    if (values.check === true && command !== "restore" && file === undefined) {
      return { file: null, folder: resolve(values.data) };
    }
    if (file !== undefined && positionals.length === 1) {
      return { file: resolve(file), folder: resolve(values.data) };
    }
  } catch {
    // Falls through: how it is used says more than what is wrong.
  }
  throw new BackupError(USAGE);
}

/** A line for each thing that is done, which is written over; on a terminal only. */
function showProgress(): OnProgress {
  let latest = "";
  return (what, done, total) => {
    if (!process.stderr.isTTY) return;
    const start = what === latest || latest === "" ? "\r" : "\n";
    latest = what;
    process.stderr.write(`${start}${what}${total === 0 ? " …" : `: ${done} of ${total}`}`);
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
