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

  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Writing to the data folder failed, the database has stopped: ${reason}`, { cause });
    this.name = "StorageStoppedError";
  }
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
