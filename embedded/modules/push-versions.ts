import type { Transaction } from "../database/types.ts";
import { PUSH_VERSIONS } from "./module-tables.ts";
import { findRow, insertRow, replaceRow, textField } from "./system-documents.ts";

/** What a push was made with. Nothing here depends on it: the next push is compared with it. */
export interface PushVersions {
  /** Of the `convex` package (`udfServerVersion`). */
  readonly functions: string;
  /** Of Node for actions, as `convex.json` names it; `null` where it names none. */
  readonly node: string | null;
}

/** `null` before the first push that told them. */
export function readPushVersions(transaction: Transaction): PushVersions | null {
  const row = findRow(transaction, PUSH_VERSIONS, "by_creation_time");
  if (row === null) return null;
  return {
    functions: textField(row, "functions"),
    node: row.fields["node"] === undefined ? null : textField(row, "node"),
  };
}

/** Returns those before. */
export function replacePushVersions(
  transaction: Transaction,
  { functions, node }: PushVersions,
): PushVersions | null {
  const before = readPushVersions(transaction);
  const row = findRow(transaction, PUSH_VERSIONS, "by_creation_time");
  const fields = { functions, node: node ?? undefined };
  if (row === null) insertRow(transaction, PUSH_VERSIONS, fields);
  else if (before?.functions !== functions || before.node !== node) {
    replaceRow(transaction, row.id, fields);
  }
  return before;
}
