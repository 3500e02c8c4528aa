import type { Readable } from "node:stream";

import { commitWrites } from "../database/commit-writes.ts";
import type { EngineDatabase, Timestamp, Transaction } from "../database/types.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { BlobFolder } from "../storage/blob-folder.ts";
import {
  insertExport,
  listExports,
  setExportState,
  type ExportRecord,
  type ExportState,
} from "./export-records.ts";
import { snapshotZip } from "./snapshot-zip.ts";
import { WorkQueue } from "./work-queue.ts";

/** A finished export, ready to be downloaded. */
export interface ExportedZip {
  /** Nanoseconds of Unix time: the snapshot's timestamp. */
  readonly ts: Timestamp;
  /** Bytes. */
  readonly size: number;
  open(): Readable;
}

/**
 * Makes snapshots of the whole deployment, one at a time. How far one is stands in `_exports`; one that
 * a restart interrupted is made anew.
 */
export interface SnapshotExporter {
  /** @throws ServiceError `ExportInProgress` */
  request(includesFiles: boolean): Promise<void>;
  /** By the timestamp or id of the export. @throws ServiceError `ExportNotFound`, `ExportNotComplete` */
  find(idOrTs: string): ExportedZip;
  readonly isBusy: boolean;
  resume(): void;
  stop(): Promise<void>;
}

export interface SnapshotExporterOptions {
  readonly database: EngineDatabase;
  /** Stored files. */
  readonly blobs: BlobFolder;
  /** Finished ZIPs. */
  readonly transfers: BlobFolder;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** A ZIP can be downloaded for a day, unless a newer one takes its place. */
const EXPIRES_AFTER_MS = 86_400_000;
const REPORT_EVERY_MS = 500;
const KEPT_RECORDS = 50;

export function createSnapshotExporter(options: SnapshotExporterOptions): SnapshotExporter {
  const { database, transfers, now } = options;
  const queue = new WorkQueue(options.onError);
  const work = () => queue.add((isStopped) => exportLatest(options, isStopped));

  return {
    async request(includesFiles) {
      const older = await commitWrites(database, (transaction) => {
        const records = listExports(transaction);
        if (records.some(isUnfinished)) throw alreadyInProgress();
        for (const { id } of records.slice(KEPT_RECORDS)) transaction.remove("", id);
        insertExport(transaction, { includesFiles, expiresAt: now() + EXPIRES_AFTER_MS });
        return records;
      });
      queue.add(() => removeZips(older, transfers));
      work();
    },

    find: (idOrTs) => findZip(idOrTs, options),

    get isBusy() {
      return queue.isBusy;
    },

    resume() {
      if (listExports(database.begin()).some(isUnfinished)) work();
    },

    stop: () => queue.stop(),
  };
}

function findZip(idOrTs: string, { database, transfers }: SnapshotExporterOptions): ExportedZip {
  const record = listExports(database.begin()).find(
    ({ id, state }) => id === idOrTs || ("startTs" in state && String(state.startTs) === idOrTs),
  );
  if (record === undefined) throw notFound(idOrTs);
  const { state } = record;
  if (state.state !== "completed") {
    throw new ServiceError(
      "badRequest",
      "ExportNotComplete",
      `The requested export ${idOrTs} has not completed`,
    );
  }
  const size = transfers.sizeOf(state.zipKey);
  if (size === null) throw notFound(idOrTs);
  return {
    ts: state.startTs,
    size,
    open() {
      const bytes = transfers.openRange(state.zipKey);
      if (bytes === null) throw notFound(idOrTs);
      return bytes;
    },
  };
}

/** Blobs of ZIPs that can still be downloaded. */
export function downloadableZips(transaction: Transaction, nowMs: number): Set<string> {
  const keys = new Set<string>();
  for (const { state, expiresAt } of listExports(transaction)) {
    if (state.state === "completed" && expiresAt > nowMs) keys.add(state.zipKey);
  }
  return keys;
}

async function exportLatest(
  options: SnapshotExporterOptions,
  isStopped: () => boolean,
): Promise<void> {
  const { database } = options;
  const record = listExports(database.begin()).find(isUnfinished);
  if (record === undefined) return;
  const startedAt = database.latestTs;
  try {
    await makeZip(record, options, isStopped);
  } catch (error) {
    if (isStopped()) return;
    options.onError(error);
    await setState(database, record, {
      state: "failed",
      startTs: startedAt,
      failedTs: database.latestTs,
    });
  }
}

async function makeZip(
  record: ExportRecord,
  { database, blobs, transfers, now }: SnapshotExporterOptions,
  isStopped: () => boolean,
): Promise<void> {
  const snapshot = await database.openDiskSnapshot();
  const startTs = snapshot.ts;
  let reportedAt = -Infinity;
  let reports = Promise.resolve();
  const onProgress = (message: string): void => {
    if (now() - reportedAt < REPORT_EVERY_MS) return;
    reportedAt = now();
    reports = reports.then(() =>
      setState(database, record, { state: "in_progress", startTs, message }),
    );
    // Whoever waits for the end learns of it; nothing else depends on it.
    reports.catch(() => undefined);
  };
  try {
    const stream = snapshotZip({
      snapshot,
      blobs: record.includesFiles ? blobs : null,
      onProgress,
      isStopped,
    });
    const { key, size } = await transfers.writeStream(stream);
    await reports;
    const completeTs = database.latestTs;
    await setState(database, record, {
      state: "completed",
      startTs,
      completeTs,
      zipKey: key,
      size,
    });
  } finally {
    snapshot.close();
  }
}

function setState(
  database: EngineDatabase,
  record: ExportRecord,
  state: ExportState,
): Promise<void> {
  return commitWrites(database, (transaction) => setExportState(transaction, record, state));
}

async function removeZips(records: readonly ExportRecord[], transfers: BlobFolder): Promise<void> {
  for (const { state } of records) {
    if (state.state === "completed") await transfers.remove(state.zipKey);
  }
}

function isUnfinished({ state: { state } }: ExportRecord): boolean {
  return state === "requested" || state === "in_progress";
}

function alreadyInProgress(): ServiceError {
  return new ServiceError(
    "badRequest",
    "ExportInProgress",
    "There is already an export requested or in progress.",
  );
}

function notFound(idOrTs: string): ServiceError {
  return new ServiceError(
    "notFound",
    "ExportNotFound",
    `The requested export ${idOrTs} was not found`,
  );
}
