import { preciseClock } from "../lib/precise-clock.ts";
import { Storage } from "../storage/storage.ts";
import { DatabaseEngine } from "./engine.ts";
import type { EngineDatabase, SystemTableDefinition } from "./types.ts";

const DEFAULT_RETENTION = { commits: 20_000, ageMs: 60_000 };

export interface OpenDatabaseOptions {
  /** Created when missing. One process at a time. */
  readonly folder: string;
  /** Milliseconds of Unix time, best with a fraction. Timestamps never go back even when it does. */
  readonly clock?: () => number;
  /** How long and for how many commits older snapshots stay readable. */
  readonly retention?: { readonly commits: number; readonly ageMs: number };
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
      retention: options.retention ?? DEFAULT_RETENTION,
      systemTables: options.systemTables ?? [],
    });
  } catch (error) {
    await storage.close();
    throw error;
  }
}
