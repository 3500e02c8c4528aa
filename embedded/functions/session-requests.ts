import type { SystemTableDefinition, Timestamp, Transaction } from "../database/types.ts";
import {
  findRow,
  insertRow,
  listRows,
  numberField,
  textField,
} from "../modules/system-documents.ts";
import type { SessionRequest } from "./types.ts";

const TABLE = "_session_requests";

/** Mutations that sockets sent and that were committed, so that a repeat is answered, not run. */
export const SESSION_REQUESTS_TABLE: SystemTableDefinition = {
  name: TABLE,
  indexes: [
    { name: "by_sessionId_and_requestId", fields: ["sessionId", "requestId"] },
    { name: "by_expiresAt", fields: ["expiresAt"] },
  ],
};

/** How long a repeat is recognised. */
const RETENTION_MS = 14 * 24 * 3_600_000;
const PURGE_BATCH = 1_000;

export interface AnsweredRequest {
  readonly valueJson: string;
  readonly logLines: readonly string[];
  /** At or after the commit that the answer belongs to. */
  readonly ts: Timestamp;
}

/**
 * The answer given before, `null` for a request that is new. Its timestamp is the reader's snapshot:
 * the answer is committed by then, and that is all a client needs to know.
 */
export function findAnswer(
  transaction: Transaction,
  { sessionId, requestId }: SessionRequest,
): AnsweredRequest | null {
  const key = [sessionId, requestId];
  const row = findRow(transaction, TABLE, "by_sessionId_and_requestId", key);
  if (row === null) return null;
  return {
    valueJson: textField(row, "valueJson"),
    logLines: JSON.parse(textField(row, "logLinesJson")) as string[],
    ts: transaction.snapshotTs,
  };
}

/** Records an answer in the transaction that it belongs to. */
export function recordAnswer(
  transaction: Transaction,
  { sessionId, requestId }: SessionRequest,
  answer: Omit<AnsweredRequest, "ts">,
  nowMs: number,
): void {
  insertRow(transaction, TABLE, {
    sessionId,
    requestId,
    valueJson: answer.valueJson,
    logLinesJson: JSON.stringify(answer.logLines),
    expiresAt: nowMs + RETENTION_MS,
  });
}

/** Removes some of the records that have expired; `true` when there may be more. */
export function purgeAnswers(transaction: Transaction, nowMs: number): boolean {
  let removed = 0;
  for (const row of listRows(transaction, TABLE, "by_expiresAt")) {
    if (numberField(row, "expiresAt") > nowMs) return false;
    transaction.remove("", row.id);
    removed += 1;
    if (removed === PURGE_BATCH) return true;
  }
  return false;
}
