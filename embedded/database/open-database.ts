import { preciseClock } from "../lib/precise-clock.ts";
import { DataFolderError } from "../storage/storage-error.ts";
import { Storage } from "../storage/storage.ts";
import { DatabaseEngine } from "./engine.ts";
import type { EngineDatabase, SystemTableDefinition } from "./types.ts";
import type { RetentionLimits } from "./write-log.ts";

const DEFAULT_RETENTION: RetentionLimits = {
  commits: 20_000,
  ageMs: 60_000,
  textLength: 1 << 27,
};

export interface OpenDatabaseOptions {
  /** Created when missing. One process at a time. */
  readonly folder: string;
  /** Milliseconds of Unix time, best with a fraction. Timestamps never go back even when it does. */
  readonly clock?: () => number;
  /** How long and for how many commits older snapshots stay readable at most. */
  readonly retention?: Partial<RetentionLimits>;
  readonly systemTables?: readonly SystemTableDefinition[];
}

/**
 * Opens or creates the database in a folder.
 * @throws DataFolderError when the folder is not writable, in use, damaged or of a newer format.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<EngineDatabase> {
  const storage = await Storage.open(options.folder);
  try {
    return new DatabaseEngine({
      storage,
      clock: options.clock ?? preciseClock(),
      retention: { ...DEFAULT_RETENTION, ...options.retention },
      systemTables: options.systemTables ?? [],
    });
  } catch (cause) {
    await storage.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataFolderError(
      "Damaged",
      `The data folder ${options.folder} cannot be opened: its records are damaged (${reason}).`,
      { cause },
    );
  }
}
