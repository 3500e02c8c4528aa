import type { SystemTableDefinition, Timestamp, Transaction } from "../database/types.ts";
import { ServiceError } from "../lib/service-error.ts";
import { insertRow, listRows, replaceRow, textField } from "../modules/system-documents.ts";
import { encodeInt64, isPlainObject, type JsonObject } from "../values/json-value.ts";
import type { ImportFormat } from "./import-source.ts";

/**
 * One row per import in the root component, as the command line reads it over `_system/cli/queryImport`
 * (crates/model/src/snapshot_imports/types.rs of the open backend):
 * `{ state, format, mode, component_path, requestor }`, and `parts`, where the upload's bytes are, and
 * `appended`, how many rows and files are there already.
 */
export const SNAPSHOT_IMPORTS = "_snapshot_imports";

export const SNAPSHOT_IMPORTS_TABLE: SystemTableDefinition = {
  name: SNAPSHOT_IMPORTS,
  indexes: [],
};

export type ImportMode = "requireEmpty" | "append" | "replace" | "replaceAll";

/** `uploaded` → `waiting_for_confirmation` → `in_progress` → `completed`; `failed` from each but the last. */
export type ImportState =
  | { readonly state: "uploaded" }
  | {
      readonly state: "waiting_for_confirmation";
      readonly message_to_confirm: string;
      readonly require_manual_confirmation: boolean;
    }
  | {
      readonly state: "in_progress";
      readonly progress_message: string;
      readonly checkpoint_messages: readonly string[];
    }
  | {
      readonly state: "completed";
      readonly timestamp: JsonObject;
      readonly num_rows_written: JsonObject;
    }
  | { readonly state: "failed"; readonly error_message: string };

export interface ImportRecord {
  readonly id: string;
  readonly state: ImportState;
  readonly format: ImportFormat;
  readonly mode: ImportMode;
  readonly componentPath: string;
  /** Blobs of the upload; none when the import is over. */
  readonly parts: readonly string[];
  /** In mode `append`: the first so many rows and files of the upload are in their tables. */
  readonly appended: number;
}

const KEPT_RECORDS = 50;

export function insertImport(
  transaction: Transaction,
  { format, mode, componentPath, parts }: Omit<ImportRecord, "id" | "state" | "appended">,
): string {
  dropOldRecords(transaction);
  return insertRow(transaction, SNAPSHOT_IMPORTS, {
    state: { state: "uploaded" },
    format,
    mode,
    component_path: componentPath === "" ? null : componentPath,
    requestor: "snapshotImport",
    parts: parts.join(" "),
    appended: 0,
  });
}

/** @throws ServiceError `ImportNotFound` */
export function requireImport(transaction: Transaction, id: string): ImportRecord {
  const document =
    transaction.tableOf("", id) === SNAPSHOT_IMPORTS ? transaction.get("", id) : null;
  if (document !== null) return parseRecord(id, JSON.parse(document.json) as JsonObject);
  throw new ServiceError("notFound", "ImportNotFound", `import ${id} not found`);
}

/** Newest first. */
export function listImports(transaction: Transaction): ImportRecord[] {
  const rows = [...listRows(transaction, SNAPSHOT_IMPORTS, "by_creation_time")];
  return rows.reverse().map(({ id, fields }) => parseRecord(id, fields));
}

export function setImportState(transaction: Transaction, id: string, state: ImportState): void {
  const record = requireImport(transaction, id);
  const isOver = state.state === "completed" || state.state === "failed";
  replaceImport(transaction, { ...record, state, parts: isOver ? [] : record.parts });
}

export function setAppended(transaction: Transaction, id: string, appended: number): void {
  replaceImport(transaction, { ...requireImport(transaction, id), appended });
}

export function completedState(ts: Timestamp, rowCount: number): ImportState {
  return {
    state: "completed",
    timestamp: encodeInt64(ts),
    num_rows_written: encodeInt64(BigInt(rowCount)),
  };
}

function replaceImport(
  transaction: Transaction,
  { id, state, format, mode, componentPath, parts, appended }: ImportRecord,
): void {
  replaceRow(transaction, id, {
    state,
    format,
    mode,
    component_path: componentPath === "" ? null : componentPath,
    requestor: "snapshotImport",
    parts: parts.join(" "),
    appended,
  });
}

/** Only finished ones go. */
function dropOldRecords(transaction: Transaction): void {
  for (const { id, state } of listImports(transaction).slice(KEPT_RECORDS)) {
    if (state.state === "completed" || state.state === "failed") transaction.remove("", id);
  }
}

function parseRecord(id: string, fields: JsonObject): ImportRecord {
  const { state, format, mode, component_path: componentPath, appended } = fields;
  if (!isPlainObject(state) || !isPlainObject(format)) {
    throw new Error(`Malformed row ${id} in ${SNAPSHOT_IMPORTS}.`);
  }
  return {
    id,
    // Only `insertImport` and `setImportState` write them.
    state: state as unknown as ImportState,
    format: format as unknown as ImportFormat,
    mode: mode as ImportMode,
    componentPath: typeof componentPath === "string" ? componentPath : "",
    // Text, because Convex arrays are too short for all the parts that an upload may have.
    parts: textField({ id, fields }, "parts")
      .split(" ")
      .filter((key) => key !== ""),
    appended: typeof appended === "number" ? appended : 0,
  };
}
