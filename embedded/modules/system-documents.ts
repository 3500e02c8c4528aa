import { valueOf } from "../database/stored-document.ts";
import type { RangeCursor, StoredDocument, Transaction } from "../database/types.ts";
import { afterPrefix, encodeKey } from "../values/index-key.ts";
import type { JsonObject, JsonValue } from "../values/json-value.ts";

/** A row of a system table: its id and its fields, system fields included. */
export interface SystemRow {
  readonly id: string;
  readonly fields: JsonObject;
}

export type RowFields = Readonly<Record<string, JsonValue | undefined>>;

/**
 * Rows of a root system table whose first index fields equal `values`, in index order; with `after`
 * those behind all whose next fields equal that. Reads only as far as it is consumed.
 */
export function* listRows(
  transaction: Transaction,
  table: string,
  index: string,
  values: readonly JsonValue[] = [],
  after: readonly JsonValue[] | null = null,
): Generator<SystemRow, void> {
  const prefix = encodeKey(values);
  const lower = after === null ? prefix : afterPrefix(prefix + encodeKey(after));
  const cursor = transaction.range({
    componentPath: "",
    table,
    index,
    interval: { lower, upper: values.length === 0 ? null : afterPrefix(prefix) },
    order: "asc",
  });
  for (const document of consume(cursor)) yield parseRow(document);
}

/** The only row with these values, `null` when there is none. */
export function findRow(
  transaction: Transaction,
  table: string,
  index: string,
  values: readonly JsonValue[] = [],
): SystemRow | null {
  for (const row of listRows(transaction, table, index, values)) return row;
  return null;
}

/** Inserts a row into a root system table; `undefined` fields are left out. */
export function insertRow(transaction: Transaction, table: string, fields: RowFields): string {
  return transaction.insert("", table, JSON.stringify(fields));
}

export function replaceRow(transaction: Transaction, id: string, fields: RowFields): void {
  transaction.replace("", id, JSON.stringify(fields));
}

function parseRow(document: StoredDocument): SystemRow {
  return { id: document.id, fields: valueOf(document) };
}

/** A field that the engine itself wrote as text. */
export function textField({ fields }: SystemRow, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new Error(`System row without text field ${name}.`);
  return value;
}

export function numberField({ fields }: SystemRow, name: string): number {
  const value = fields[name];
  if (typeof value !== "number") throw new Error(`System row without number field ${name}.`);
  return value;
}

function* consume(cursor: RangeCursor): Generator<StoredDocument, void> {
  for (let entry = cursor.next(); entry !== null; entry = cursor.next()) yield entry.document;
}
