import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import { DataFolderError } from "../embedded/storage/storage-error.ts";
import { Storage } from "../embedded/storage/storage.ts";
import { StartError } from "./settings.ts";

/**
 * Makes the data folder, readable by this user alone.
 * @throws StartError when it cannot be made or written.
 */
export function requireDataFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `The data folder ${folder} can't be written (${reason}). Set DATA_DIR to a folder that you may write to.`,
    );
  }
}

/**
 * Claims the data folder for this launcher, for as long as it lives: its parts open files there that
 * two must not write to. A launcher that was killed has no claim any more.
 * @returns gives it free.
 * @throws StartError while another launcher works in it.
 */
export async function claimDataFolder(folder: string): Promise<() => Promise<void>> {
  try {
    const claim = await Storage.open(join(folder, "launcher"));
    return () => claim.close();
  } catch (error) {
    if (!(error instanceof DataFolderError)) throw error;
    throw new StartError(
      error.code === "InUse"
        ? `A shop is running with the data folder ${folder} already. Stop that one, or set DATA_DIR to another folder.`
        : error.message,
    );
  }
}

/** Not `recursive`: Node.js would try for ever where a file system takes no folders, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is a file`);
    return;
  }
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder, { mode: 0o700 });
}
