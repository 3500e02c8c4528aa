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
