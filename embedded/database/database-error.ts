/** Machine-readable reasons of `DatabaseError`; those that Convex has carry its names. */
export type DatabaseErrorCode =
  | "ArrayTooLong"
  | "DatabaseClosed"
  | "DocumentNotObject"
  | "DuplicateId"
  | "FieldNameInvalid"
  | "ImportConflict"
  | "ImportForeignKey"
  | "ImportSchemaChanged"
  | "IncorrectFilterFieldError"
  | "IndexNotASearchIndexError"
  | "IndexNotAVectorIndexError"
  | "IndexNotFound"
  | "IndexStaged"
  | "InvalidCreationTimeError"
  | "InvalidIdError"
  | "InvalidSchema"
  | "InvalidTableName"
  | "InvalidValue"
  | "NonexistentDocument"
  | "OptimisticConcurrencyControlFailure"
  | "ReadOnlyTransaction"
  | "SchemaAborted"
  | "SchemaEnforcementError"
  | "SchemaValidationFailed"
  | "SearchQueryScannedTooManyDocumentsError"
  | "SnapshotInFuture"
  | "SnapshotTooOld"
  | "TableConflict"
  | "TableExists"
  | "TooManyFieldsError"
  | "TooManyTables"
  | "TooNestedError"
  | "TransactionFinished"
  | "ValueTooLarge";

/** What the database refuses; the message is fit for the developer who called it. */
export class DatabaseError extends Error {
  readonly code: DatabaseErrorCode;

  constructor(code: DatabaseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DatabaseError";
    this.code = code;
  }
}

/** A commit after the snapshot changed something that the transaction read; running again may succeed. */
export class OccConflictError extends DatabaseError {
  /** Table of the change; `null` when tables or schemas themselves changed. */
  readonly table: string | null;
  /** Id of the document that changed, where one document is the cause. */
  readonly documentId: string | null;

  constructor(table: string | null, documentId: string | null) {
    super("OptimisticConcurrencyControlFailure", conflictMessage(table));
    this.name = "OccConflictError";
    this.table = table;
    this.documentId = documentId;
  }
}

/** In Convex's words, which name the document only where they can name the function that changed it. */
function conflictMessage(table: string | null): string {
  if (table?.startsWith("_") === true) {
    return (
      "Data read or written in this mutation changed while it was being run. Consider reducing the " +
      "amount of data read by using indexed queries with selective index range expressions " +
      "(https://docs.convex.dev/database/indexes/)."
    );
  }
  const what = table === null ? "some table" : `the "${table}" table`;
  return (
    `Documents read from or written to ${what} changed while this mutation was being run and on ` +
    "every subsequent retry. See https://docs.convex.dev/error#1"
  );
}
