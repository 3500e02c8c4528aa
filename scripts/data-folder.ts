import { accessSync, constants, mkdirSync, statSync } from "node:fs";

import { StartError } from "./settings.ts";

/**
 * Makes the data folder, readable by this user alone.
 * @throws StartError when it cannot be made or written.
 */
export function requireDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `The data folder ${folder} can't be written (${reason}). Set DATA_DIR to a folder that you may write to.`,
    );
  }
  if (!statSync(folder).isDirectory()) {
    throw new StartError(`DATA_DIR is ${folder}, which is a file. Set it to a folder.`);
  }
}
