import { fromExportJson } from "./export-json.ts";
import { ImportError, invalidJson } from "./import-error.ts";

/** Rows for one table. */
export interface ImportedTable {
  readonly componentPath: string;
  readonly name: string;
  /** Snapshots mark int64s, bytes and special floats; other files hold plain JSON. */
  readonly encoding: "snapshot" | "plain";
  /** True for CSV, where an empty cell may stand for no value. */
  readonly isUntyped: boolean;
  /** JSON text of each row, read anew from the start. */
  rows(): AsyncIterable<string>;
}

/** The bytes of a stored file. */
export interface ImportedFile {
  readonly componentPath: string;
  readonly storageId: string;
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/** @throws ImportError unless the text is a JSON object; returns its fields. */
export function parseRow(json: string, row: number): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw invalidJson(row, cause);
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw new ImportError(`Row ${row} wasn't an object`);
}

/** A row's text in Convex's encoding. @throws ImportError for names that plain JSON may not have. */
export function rowJson(table: ImportedTable, json: string, row: number): string {
  if (table.encoding === "snapshot") return fromExportJson(json);
  // Such a name would be taken for an encoded value.
  if (json.includes('"$')) checkNames(parseRow(json, row), row);
  return json;
}

function checkNames(value: unknown, row: number): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, item] of Object.entries(value)) {
    if (!Array.isArray(value) && name.startsWith("$")) {
      throw new ImportError(
        `Row ${row} wasn't a valid Convex value: Field name ${name} starts with '$', which is reserved.`,
      );
    }
    checkNames(item, row);
  }
}
