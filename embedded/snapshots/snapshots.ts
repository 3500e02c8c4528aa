import type { EngineDatabase, SystemTableDefinition } from "../database/types.ts";
import { openBlobFolder, type BlobFolder } from "../storage/blob-folder.ts";
import { EXPORTS_TABLE } from "./export-records.ts";
import { SNAPSHOT_IMPORTS_TABLE } from "./import-records.ts";
import {
  createSnapshotExporter,
  downloadableZips,
  type SnapshotExporter,
} from "./snapshot-exporter.ts";
import {
  createSnapshotImporter,
  neededUploads,
  type SnapshotImporter,
} from "./snapshot-importer.ts";

/** Declared at start-up, before the first transaction. */
export const SNAPSHOT_SYSTEM_TABLES: readonly SystemTableDefinition[] = [
  EXPORTS_TABLE,
  SNAPSHOT_IMPORTS_TABLE,
];

/** Moving a deployment's data in and out as ZIPs, in the background. */
export interface Snapshots {
  readonly importer: SnapshotImporter;
  readonly exporter: SnapshotExporter;
  /** Whether work is under way that needs blobs which no row refers to. */
  readonly isBusy: boolean;
  /** Takes up what a restart interrupted. */
  resume(): void;
  stop(): Promise<void>;
  /** Removes uploads that were given up and ZIPs that expired. */
  sweep(): Promise<void>;
}

export interface SnapshotsOptions {
  readonly database: EngineDatabase;
  /** Where uploads and ZIPs lie. */
  readonly folder: string;
  /** Stored files. */
  readonly blobs: BlobFolder;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** How long an upload may pause between its parts. */
const UPLOAD_GRACE_MS = 86_400_000;

export function createSnapshots({ folder, ...options }: SnapshotsOptions): Snapshots {
  const { database, now } = options;
  const transfers = openBlobFolder(folder);
  const importer = createSnapshotImporter({ ...options, transfers });
  const exporter = createSnapshotExporter({ ...options, transfers });
  return {
    importer,
    exporter,
    get isBusy() {
      return importer.isBusy || exporter.isBusy;
    },
    resume() {
      importer.resume();
      exporter.resume();
    },
    async stop() {
      await Promise.all([importer.stop(), exporter.stop()]);
    },
    async sweep() {
      const transaction = database.begin();
      const wanted = new Set([
        ...neededUploads(transaction),
        ...downloadableZips(transaction, now()),
      ]);
      await transfers.sweep({
        isWanted: (key) => wanted.has(key),
        minAgeMs: UPLOAD_GRACE_MS,
        now: now(),
      });
    },
  };
}
