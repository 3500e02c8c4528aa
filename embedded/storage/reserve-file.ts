import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Beside the store. Its bytes mean nothing. */
const NAME = "reserve";
/** More than claiming a folder and giving it free can take together. */
const BYTES = 256 * 1024;

/** Keeps room on the disk for the few pages without which nobody could claim the folder. */
export function keepReserve(folder: string): void {
  const path = join(folder, NAME);
  if (existsSync(path)) return;
  try {
    writeFileSync(path, Buffer.alloc(BYTES), { mode: 0o600 });
  } catch {
    // The disk is full: the next start tries again.
    rmSync(path, { force: true });
  }
}

/** Writes, once more in the room that was kept when there is no other. */
export function withReserve<T>(folder: string, write: () => T): T {
  const path = join(folder, NAME);
  try {
    return write();
  } catch (error) {
    if (!existsSync(path)) throw error;
    rmSync(path);
    return write();
  }
}
