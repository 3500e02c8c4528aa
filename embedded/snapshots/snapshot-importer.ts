import { randomUUID } from "node:crypto";

import { commitWrites } from "../database/commit-writes.ts";
import type { EngineDatabase, TableImport, Transaction } from "../database/types.ts";
import { ServiceError } from "../lib/service-error.ts";
import { addFileRecord, dropFileRecords } from "../runtime/file-records.ts";
import type { BlobFolder } from "../storage/blob-folder.ts";
import { executeImport } from "./import-execution.ts";
import { ImportError } from "./import-error.ts";
import {
  completedState,
  insertImport,
  listImports,
  requireImport,
  setAppended,
  setImportState,
  type ImportMode,
  type ImportRecord,
  type ImportState,
} from "./import-records.ts";
import { openImportSource, type ImportFormat, type ImportSource } from "./import-source.ts";
import { summarizeImport } from "./import-summary.ts";
import type { RestoredFile } from "./restored-files.ts";
import { UploadedFile } from "./uploaded-file.ts";
import { WorkQueue } from "./work-queue.ts";

/** A file to import, as the command line announces it once it is uploaded. */
export interface ImportRequest {
  readonly format: ImportFormat;
  readonly mode: ImportMode;
  readonly componentPath: string;
  /** What `uploadPart` returned, in the order of the file. */
  readonly partTokens: readonly string[];
}

/**
 * Imports files one after the other: upload in parts, a summary to confirm, the import itself. How far
 * one is stands in `_snapshot_imports`; after a restart it goes on from the last step that was done.
 */
export interface SnapshotImporter {
  startUpload(): string;
  /** @throws ServiceError `InvalidUpload` */
  uploadPart(
    uploadToken: string,
    partNumber: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<string>;
  /** Returns the import's id. @throws ServiceError `InvalidUpload` */
  finishUpload(uploadToken: string, request: ImportRequest): Promise<string>;
  /** Does nothing unless the import waits for it. @throws ServiceError `ImportNotFound` */
  confirm(importId: string): Promise<void>;
  /** @throws ServiceError `ImportNotFound`, `CannotCancelImport` */
  cancel(importId: string): Promise<void>;
  /** Whether an import is being worked on, so that blobs nobody refers to yet have to stay. */
  readonly isBusy: boolean;
  /** Takes up what was not finished when the process ended. */
  resume(): void;
  /** Ends after the slice that is being written. */
  stop(): Promise<void>;
}

export interface SnapshotImporterOptions {
  readonly database: EngineDatabase;
  /** Stored files. */
  readonly blobs: BlobFolder;
  /** Uploads. */
  readonly transfers: BlobFolder;
  readonly onError: (error: unknown) => void;
}

const UPLOAD_TOKEN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MAX_PARTS = 10_000;
const REPORT_EVERY_MS = 500;

export function createSnapshotImporter(options: SnapshotImporterOptions): SnapshotImporter {
  const { database, transfers } = options;
  const queue = new WorkQueue(options.onError);
  const work = (importId: string) => queue.add((isStopped) => step(importId, options, isStopped));

  return {
    startUpload: () => randomUUID(),

    uploadPart: (uploadToken, partNumber, bytes) =>
      storePart(uploadToken, partNumber, bytes, transfers),

    async finishUpload(uploadToken, request) {
      const importId = await recordUpload(uploadToken, request, options);
      work(importId);
      return importId;
    },

    async confirm(importId) {
      const isConfirmed = await commitWrites(database, (transaction) => {
        const { state } = requireImport(transaction, importId);
        if (state.state !== "waiting_for_confirmation") return false;
        setImportState(transaction, importId, inProgress("Importing"));
        return true;
      });
      if (isConfirmed) work(importId);
    },

    async cancel(importId) {
      const parts = await recordCancellation(importId, database);
      // When it is under way, it ends at its next slice.
      queue.add(() => removeAll(parts, transfers));
    },

    get isBusy() {
      return queue.isBusy;
    },

    resume() {
      for (const { id, state } of listImports(database.begin()).reverse()) {
        if (state.state === "uploaded" || state.state === "in_progress") work(id);
      }
    },

    stop: () => queue.stop(),
  };
}

async function storePart(
  uploadToken: string,
  partNumber: number,
  bytes: AsyncIterable<Uint8Array>,
  transfers: BlobFolder,
): Promise<string> {
  requireUpload(uploadToken);
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > MAX_PARTS) {
    throw invalidUpload(`partNumber must be an integer from 1 to ${MAX_PARTS}.`);
  }
  return (await transfers.writeStream(bytes)).key;
}

function recordUpload(
  uploadToken: string,
  { partTokens, ...request }: ImportRequest,
  { database, transfers }: SnapshotImporterOptions,
): Promise<string> {
  requireUpload(uploadToken);
  if (partTokens.length > MAX_PARTS) throw invalidUpload(`More than ${MAX_PARTS} parts.`);
  if (partTokens.some((token) => transfers.sizeOf(token) === null)) {
    throw invalidUpload("A part token is not valid.");
  }
  return commitWrites(database, (transaction) =>
    insertImport(transaction, { ...request, parts: partTokens }),
  );
}

/** Blobs of uploads that are still needed. */
export function neededUploads(transaction: Transaction): Set<string> {
  return new Set(listImports(transaction).flatMap(({ parts }) => parts));
}

/** Does the next thing that an import's state asks for. */
async function step(
  importId: string,
  options: SnapshotImporterOptions,
  isStopped: () => boolean,
): Promise<void> {
  const { database, transfers } = options;
  const record = requireImport(database.begin(), importId);
  const { state } = record.state;
  if (state !== "uploaded" && state !== "in_progress") return;
  try {
    const source = await open(record, options);
    try {
      if (state === "uploaded") await summarize(record, source, options);
      else await perform(record, source, options, isStopped);
    } finally {
      source.close();
    }
  } catch (error) {
    // It is taken up again at the next start.
    if (isStopped()) return;
    if (!(error instanceof ImportError)) options.onError(error);
    await fail(importId, error, database);
  }
  const { state: reached } = requireImport(database.begin(), importId).state;
  if (reached === "completed" || reached === "failed") await removeAll(record.parts, transfers);
}

function open(
  { parts, format, componentPath }: ImportRecord,
  { transfers }: SnapshotImporterOptions,
): Promise<ImportSource> {
  return openImportSource(new UploadedFile(transfers, parts), format, componentPath);
}

async function summarize(
  { id, mode }: ImportRecord,
  source: ImportSource,
  { database }: SnapshotImporterOptions,
): Promise<void> {
  const { message, isDestructive } = await summarizeImport(source, mode, database);
  await commitWrites(database, (transaction) => {
    // It may have been canceled.
    if (requireImport(transaction, id).state.state !== "uploaded") return;
    setImportState(transaction, id, {
      state: "waiting_for_confirmation",
      message_to_confirm: message,
      require_manual_confirmation: isDestructive,
    });
  });
}

async function perform(
  { id, mode, appended }: ImportRecord,
  source: ImportSource,
  { database, blobs }: SnapshotImporterOptions,
  isStopped: () => boolean,
): Promise<void> {
  const checkpoints: string[] = [];
  let reportedAt = -Infinity;
  const report = async (
    message: string,
    isDue = performance.now() - reportedAt > REPORT_EVERY_MS,
  ) => {
    if (isStopped()) throw new Error("The backend is stopping.");
    await commitWrites(database, (transaction) => {
      requireInProgress(transaction, id);
      if (isDue) setImportState(transaction, id, inProgress(message, [...checkpoints]));
    });
    if (isDue) reportedAt = performance.now();
  };
  await executeImport(source, {
    database,
    blobs,
    mode,
    appended,
    onAppend: (transaction, count) => {
      requireInProgress(transaction, id);
      setAppended(transaction, id, count);
    },
    onProgress: report,
    onCheckpoint: (message) => {
      checkpoints.push(message);
      return report(message, true);
    },
    addFile: addFileRecord,
    replaceFiles,
    onCommit: (transaction, rowCount) => {
      requireInProgress(transaction, id);
      setImportState(transaction, id, completedState(transaction.snapshotTs, rowCount));
    },
  });
}

function replaceFiles(
  transaction: Transaction,
  imported: TableImport,
  files: readonly RestoredFile[],
): void {
  dropFileRecords(
    transaction,
    (componentPath) => imported.tableNumber(componentPath, "_storage") !== null,
  );
  for (const file of files) addFileRecord(transaction, file);
}

/** @throws ImportError when it was canceled. */
function requireInProgress(transaction: Transaction, importId: string): void {
  const { state } = requireImport(transaction, importId);
  if (state.state !== "in_progress") throw new ImportError("Import canceled");
}

async function fail(importId: string, error: unknown, database: EngineDatabase): Promise<void> {
  const reason =
    error instanceof ImportError
      ? error.message
      : "The server could not complete it. Its log says why; nothing was changed.";
  await commitWrites(database, (transaction) => {
    const { state } = requireImport(transaction, importId).state;
    if (state === "completed" || state === "failed") return;
    setImportState(transaction, importId, failed(`Hit an error while importing:\n${reason}`));
  });
}

async function removeAll(parts: readonly string[], transfers: BlobFolder): Promise<void> {
  for (const key of parts) await transfers.remove(key);
}

/** Returns the parts of its upload. */
function recordCancellation(
  importId: string,
  database: EngineDatabase,
): Promise<readonly string[]> {
  return commitWrites(database, (transaction) => {
    const record = requireImport(transaction, importId);
    requireUnfinished(record);
    setImportState(transaction, importId, failed("Import canceled"));
    return record.parts;
  });
}

function inProgress(message: string, checkpoints: readonly string[] = []): ImportState {
  return {
    state: "in_progress",
    progress_message: message,
    checkpoint_messages: checkpoints,
  };
}

function failed(message: string): ImportState {
  return { state: "failed", error_message: message };
}

function requireUpload(uploadToken: string): void {
  if (!UPLOAD_TOKEN.test(uploadToken)) throw invalidUpload("The upload token is not valid.");
}

function requireUnfinished({ state: { state } }: ImportRecord): void {
  if (state !== "completed" && state !== "failed") return;
  throw new ServiceError(
    "badRequest",
    "CannotCancelImport",
    `Cannot cancel an import that has ${state}`,
  );
}

function invalidUpload(message: string): ServiceError {
  return new ServiceError("badRequest", "InvalidUpload", message);
}
