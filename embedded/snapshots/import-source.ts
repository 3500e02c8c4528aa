import { csvRecords } from "./csv-records.ts";
import { ImportError } from "./import-error.ts";
import type { ImportedFile, ImportedTable } from "./import-table.ts";
import { decodeUtf8, textLines } from "./text-lines.ts";
import type { UploadedFile } from "./uploaded-file.ts";
import { openZipSource } from "./zip-source.ts";

/** What a file holds: tables, and stored files when it is a ZIP. */
export interface ImportSource {
  readonly tables: readonly ImportedTable[];
  readonly files: readonly ImportedFile[];
  close(): void;
}

/** How to read an uploaded file. A ZIP names its tables itself. */
export type ImportFormat =
  | { readonly format: "csv" | "jsonl" | "json_array"; readonly table: string }
  | { readonly format: "zip" };

/** JSON arrays are held in memory: as many bytes as a mutation may write. */
const MAX_ARRAY_BYTES = 16 * 1024 * 1024;

/** @throws ImportError for a file that is not what it should be; more may show when rows are read. */
export async function openImportSource(
  file: UploadedFile,
  format: ImportFormat,
  componentPath: string,
): Promise<ImportSource> {
  if (format.format === "zip") return openZipSource(file, componentPath);
  const read = { csv: csvRows, jsonl: lineRows, json_array: arrayRows }[format.format];
  const table: ImportedTable = {
    componentPath,
    name: format.table,
    encoding: "plain",
    isUntyped: format.format === "csv",
    rows: () => read(file),
  };
  return { tables: [table], files: [], close: () => undefined };
}

function lineRows(file: UploadedFile): AsyncGenerator<string> {
  return textLines(file.bytes());
}

async function* arrayRows(file: UploadedFile): AsyncGenerator<string> {
  if (file.size > MAX_ARRAY_BYTES) {
    throw new ImportError(
      `Import is too large for JSON (${file.size} bytes > maximum 16 MiB). Consider converting data ` +
        "to JSONLines",
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of file.bytes()) chunks.push(chunk);
  const text = decodeUtf8(Buffer.concat(chunks));
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImportError(`Not valid JSON: ${reason}`, { cause });
  }
  if (!Array.isArray(parsed)) throw new ImportError("Not a JSON array");
  for (const row of parsed) yield JSON.stringify(row);
}

async function* csvRows(file: UploadedFile): AsyncGenerator<string> {
  let header: readonly string[] | null = null;
  for await (const { line, fields } of csvRecords(decoded(file))) {
    if (header === null) {
      header = fields.map((field) => checkHeader(field.replace(/^ +| +$/g, "")));
      continue;
    }
    if (fields.length !== header.length) {
      throw new ImportError(`CSV row ${line} doesn't have all of the fields in the header`);
    }
    const entries = header.map((name, column) => [name, csvValue(fields[column] ?? "")]);
    yield JSON.stringify(Object.fromEntries(entries));
  }
}

async function* decoded(file: UploadedFile): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of file.bytes()) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ImportError("Import wasn't valid UTF8: stream did not contain valid UTF-8", {
      cause,
    });
  }
}

function checkHeader(name: string): string {
  const reason =
    name === "_id" || name === "_creationTime"
      ? null
      : name === ""
        ? "Field name can't be empty"
        : /[^ -~]/.test(name)
          ? "Field names can only contain printable ASCII characters"
          : name.startsWith("$")
            ? "Field name starts with '$', which is reserved."
            : null;
  if (reason === null) return name;
  throw new ImportError(`CSV header ${JSON.stringify(name)} isn't a valid field name: ${reason}`);
}

/** Numbers are floats, all else is text. */
function csvValue(cell: string): number | string {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(cell)) return cell;
  const number = Number(cell);
  return Number.isFinite(number) ? number : cell;
}
