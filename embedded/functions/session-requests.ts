import type { SystemTableDefinition, Timestamp, Transaction } from "../database/types.ts";
import { RETENTION_LIMITS } from "../lib/limits.ts";
import {
  findRow,
  insertRow,
  listRows,
  numberField,
  textField,
} from "../modules/system-documents.ts";
import { resolveCommitTs } from "../values/commit-ts.ts";
import { int64Of } from "../values/json-value.ts";
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

const RETENTION_MS = RETENTION_LIMITS.answersToMutationsMs.max;
const PURGE_BATCH = 1_000;

export interface AnsweredRequest {
  readonly valueJson: string;
  readonly logLines: readonly string[];
  /** Of the commit that the answer belongs to. */
  readonly ts: Timestamp;
}

/** The answer given before, `null` for a request that is new. */
export function findAnswer(
  transaction: Transaction,
  { sessionId, requestId }: SessionRequest,
): AnsweredRequest | null {
  const key = [sessionId, requestId];
  const row = findRow(transaction, TABLE, "by_sessionId_and_requestId", key);
  if (row === null) return null;
  const { commitTs } = row.fields;
  // Records of earlier versions lack it; what they tell of is committed by now at any rate.
  const ts = commitTs === undefined ? transaction.snapshotTs : int64Of(commitTs);
  return {
    // Text inside a row, out of reach of the commit that resolved the row's own placeholder.
    valueJson: resolveCommitTs(textField(row, "valueJson"), ts),
    logLines: JSON.parse(textField(row, "logLinesJson")) as string[],
    ts,
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
    commitTs: { $commitTs: null },
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
