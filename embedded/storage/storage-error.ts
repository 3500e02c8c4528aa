export type DataFolderProblem = "Damaged" | "InUse" | "NewerFormat" | "NotWritable";

/** A data folder that cannot be used; the message is one sentence for the person who started it. */
export class DataFolderError extends Error {
  readonly code: DataFolderProblem;

  constructor(code: DataFolderProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DataFolderError";
    this.code = code;
  }
}

/** A flush failed: nothing unflushed will become durable and nothing can be written any more. */
export class StorageStoppedError extends Error {
  readonly code = "StorageStopped";

  constructor(cause: unknown, message?: string) {
    const text = `Writing to the data folder failed, the database has stopped: ${reasonOf(cause)}`;
    super(message ?? text, { cause });
    this.name = "StorageStoppedError";
  }
}

/** A stored record that its decoder cannot read, or one that refers to nothing. */
export class DamagedRecordError extends Error {
  override readonly name = "DamagedRecordError";
}

/** A read met damage in the data file: from then on nothing is read and nothing is written. */
export class DataDamagedError extends StorageStoppedError {
  constructor(folder: string, cause: unknown) {
    super(
      cause,
      `The data file in ${folder} is damaged (${reasonOf(cause)}): nothing more is written to it. ` +
        "Restore the latest backup into an empty folder (npm run restore -- FILE --data DIR).",
    );
  }
}

/** `MDB_PAGE_NOTFOUND`, `MDB_CORRUPTED`, `MDB_PANIC`, `MDB_INVALID`; see lmdb.h. */
const DAMAGE_CODES: readonly unknown[] = [-30797, -30796, -30795, -30793];

/**
 * Whether a read or a batch failed because of what is in the data file. `MDB_BAD_TXN` proves nothing: it
 * is what a transaction says to all that follows any operation that failed, for want of memory too.
 */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedRecordError || DAMAGE_CODES.includes(lmdbCode(error));
}

function lmdbCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** A write was refused because the disk is full. Nothing of it happened; reading goes on. */
export class DiskFullError extends Error {
  readonly code = "DiskFull";

  /** The message is for clients too. @param free bytes that are left, `null` when unknown. */
  constructor(free: number | null, options?: ErrorOptions) {
    const left = free === null ? "" : ` (${Math.floor(free / 1024 / 1024)} MB are left)`;
    super(`The deployment's disk is full${left}: nothing was written.`, options);
    this.name = "DiskFullError";
  }
}

/** The `code` of a system error such as `ENOSPC`, else what the error says. */
export function systemErrorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
