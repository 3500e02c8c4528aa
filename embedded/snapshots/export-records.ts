import type { SystemTableDefinition, Timestamp, Transaction } from "../database/types.ts";
import {
  insertRow,
  listRows,
  replaceRow,
  textField,
  type SystemRow,
} from "../modules/system-documents.ts";
import { encodeInt64, int64Of, isPlainObject, type JsonObject } from "../values/json-value.ts";

/**
 * One row per export in the root component, as the command line reads the latest over
 * `_system/cli/exports:getLatest` (crates/model/src/exports/types.rs of the open backend); timestamps
 * are int64 nanoseconds.
 */
export const EXPORTS = "_exports";

export const EXPORTS_TABLE: SystemTableDefinition = { name: EXPORTS, indexes: [] };

export type ExportState =
  | { readonly state: "requested" }
  | { readonly state: "in_progress"; readonly startTs: Timestamp; readonly message: string }
  | {
      readonly state: "completed";
      readonly startTs: Timestamp;
      readonly completeTs: Timestamp;
      readonly zipKey: string;
      /** Bytes. */
      readonly size: number;
    }
  | { readonly state: "failed"; readonly startTs: Timestamp; readonly failedTs: Timestamp };

export interface ExportRecord {
  readonly id: string;
  readonly includesFiles: boolean;
  /** Milliseconds of Unix time after which the ZIP may go. */
  readonly expiresAt: number;
  readonly state: ExportState;
}

const NS_PER_MS = 1_000_000n;

export function insertExport(
  transaction: Transaction,
  request: Pick<ExportRecord, "includesFiles" | "expiresAt">,
): string {
  return insertRow(transaction, EXPORTS, rowFields({ ...request, state: { state: "requested" } }));
}

export function setExportState(
  transaction: Transaction,
  record: ExportRecord,
  state: ExportState,
): void {
  replaceRow(transaction, record.id, rowFields({ ...record, state }));
}

/** Newest first. */
export function listExports(transaction: Transaction): ExportRecord[] {
  return [...listRows(transaction, EXPORTS, "by_creation_time")].reverse().map(parseRecord);
}

function rowFields({ includesFiles, expiresAt, state }: Omit<ExportRecord, "id">): JsonObject {
  return {
    ...stateFields(state),
    format: { format: "zip", include_storage: includesFiles },
    component: null,
    requestor: "snapshotExport",
    expiration_ts: encodeInt64(BigInt(Math.round(expiresAt)) * NS_PER_MS),
  };
}

function stateFields(state: ExportState): JsonObject {
  switch (state.state) {
    case "requested":
      return { state: "requested" };
    case "in_progress":
      return {
        state: "in_progress",
        start_ts: encodeInt64(state.startTs),
        progress_message: state.message,
      };
    case "completed":
      return {
        state: "completed",
        start_ts: encodeInt64(state.startTs),
        complete_ts: encodeInt64(state.completeTs),
        zip_object_key: state.zipKey,
        size: encodeInt64(BigInt(state.size)),
      };
    case "failed":
      return {
        state: "failed",
        start_ts: encodeInt64(state.startTs),
        failed_ts: encodeInt64(state.failedTs),
      };
  }
}

function parseRecord({ id, fields }: SystemRow): ExportRecord {
  const { format } = fields;
  return {
    id,
    includesFiles: isPlainObject(format) && format["include_storage"] === true,
    expiresAt: Number(int64(fields, "expiration_ts") / NS_PER_MS),
    state: parseState(fields),
  };
}

function parseState(fields: JsonObject): ExportState {
  switch (fields["state"]) {
    case "in_progress":
      return { state: "in_progress", startTs: int64(fields, "start_ts"), message: "" };
    case "completed":
      return {
        state: "completed",
        startTs: int64(fields, "start_ts"),
        completeTs: int64(fields, "complete_ts"),
        zipKey: textField({ id: "", fields }, "zip_object_key"),
        size: Number(int64(fields, "size")),
      };
    case "failed":
      return {
        state: "failed",
        startTs: int64(fields, "start_ts"),
        failedTs: int64(fields, "failed_ts"),
      };
    default:
      return { state: "requested" };
  }
}

function int64(fields: JsonObject, name: string): bigint {
  return int64Of(fields[name] ?? null);
}
