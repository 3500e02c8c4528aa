import type { SystemTableDefinition, Timestamp, Transaction } from "../database/types.ts";
import {
  findRow,
  insertRow,
  listRows,
  numberField,
  textField,
  type SystemRow,
} from "../modules/system-documents.ts";
import { int64Of, type JsonValue } from "../values/json-value.ts";
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
  readonly ts: Timestamp;
}

const COMMIT_TS_JSON = '{"$commitTs":null}';

/** The answer given before, `null` for a request that is new. */
export function findAnswer(
  transaction: Transaction,
  { sessionId, requestId }: SessionRequest,
): AnsweredRequest | null {
  const key = [sessionId, requestId];
  const row = findRow(transaction, TABLE, "by_sessionId_and_requestId", key);
  if (row === null) return null;
  const ts = int64Of(valueField(row, "ts"));
  return {
    valueJson: resolveCommitTs(textField(row, "valueJson"), ts),
    logLines: valueField(row, "logLines") as readonly string[],
    ts,
  };
}

/** Records an answer in the transaction that it belongs to; its timestamp is filled in at commit. */
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
    logLines: [...answer.logLines],
    ts: { $commitTs: null },
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

/** Puts the commit timestamp where a result holds its placeholder. Strings cannot hold that text. */
export function resolveCommitTs(valueJson: string, ts: Timestamp): string {
  if (!valueJson.includes(COMMIT_TS_JSON)) return valueJson;
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(ts);
  return valueJson.replaceAll(COMMIT_TS_JSON, `{"$integer":"${buffer.toString("base64")}"}`);
}

function valueField({ fields }: SystemRow, name: string): JsonValue {
  const value = fields[name];
  if (value === undefined) throw new Error(`Session request without field ${name}.`);
  return value;
}
