import { fromRandomAccessReaderPromise, type Entry, type ZipFile } from "yauzl";

import { decodeDocumentId } from "../values/document-id.ts";
import { isIdentifier } from "../values/validator.ts";
import { ImportError } from "./import-error.ts";
import type { ImportSource } from "./import-source.ts";
import type { ImportedFile, ImportedTable } from "./import-table.ts";
import { textLines } from "./text-lines.ts";
import type { UploadedFile } from "./uploaded-file.ts";

/**
 * Reads the ZIP of a snapshot: `<table>/documents.jsonl` with `<table>/generated_schema.jsonl` that
 * says how values are written, `_storage/<id>.<extension>` for files, all of it again below
 * `_components/<name>/`. Anything may lie in folders that somebody packed it in.
 */
const DOCUMENTS = /^(.*\/)?([^/]+)\/documents\.jsonl$/;
const GENERATED_SCHEMA = /^(.*\/)?([^/]+)\/generated_schema\.jsonl$/;
const STORED_FILE = /^(.*\/)?_storage\/([^/.]+)(?:\.[^/]+)?$/;
const COMPONENT = /^(.*\/)?_components\/([^/]+)\/$/;
/** System tables that a snapshot has; others that a ZIP may hold are passed over. */
const SYSTEM_TABLES = new Set(["_tables", "_storage"]);

/** @throws ImportError for what is no ZIP of a snapshot. */
export async function openZipSource(
  file: UploadedFile,
  baseComponent: string,
): Promise<ImportSource> {
  const zip = await openZip(file);
  try {
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) entries.push(entry);
    const encodings = await readEncodings(zip, entries, baseComponent);
    return {
      tables: entries.flatMap((entry) => tableOf(zip, entry, baseComponent, encodings)),
      files: entries.flatMap((entry) => fileOf(zip, entry, baseComponent)),
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw asImportError(error);
  }
}

async function openZip(file: UploadedFile): Promise<ZipFile> {
  try {
    return await fromRandomAccessReaderPromise(file.randomAccess(), file.size, {
      autoClose: false,
    });
  } catch (cause) {
    throw asImportError(cause);
  }
}

/** Tables, by `place`, whose values are marked. */
async function readEncodings(
  zip: ZipFile,
  entries: readonly Entry[],
  baseComponent: string,
): Promise<ReadonlySet<string>> {
  const marked = new Set<string>();
  for (const entry of entries) {
    const [, prefix = "", name] = GENERATED_SCHEMA.exec(entry.fileName) ?? [];
    if (name === undefined) continue;
    for await (const line of textLines(await openEntry(zip, entry))) {
      if (line.trim() !== '"uniform"') throw legacyFormat(entry.fileName);
      break;
    }
    marked.add(place(componentPath(prefix, baseComponent), name));
  }
  return marked;
}

function tableOf(
  zip: ZipFile,
  entry: Entry,
  baseComponent: string,
  marked: ReadonlySet<string>,
): ImportedTable[] {
  const [, prefix = "", name] = DOCUMENTS.exec(entry.fileName) ?? [];
  if (name === undefined) return [];
  if (name.startsWith("_") && !SYSTEM_TABLES.has(name)) return [];
  if (!name.startsWith("_") && !isIdentifier(name)) {
    throw new ImportError(
      `table name '${name}' invalid: Identifiers must start with a letter and can only contain ` +
        "letters, digits, and underscores.",
    );
  }
  const path = componentPath(prefix, baseComponent);
  return [
    {
      componentPath: path,
      name,
      encoding: marked.has(place(path, name)) ? "snapshot" : "plain",
      isUntyped: false,
      rows: () => entryLines(zip, entry),
    },
  ];
}

function fileOf(zip: ZipFile, entry: Entry, baseComponent: string): ImportedFile[] {
  const [, prefix = "", storageId] = STORED_FILE.exec(entry.fileName) ?? [];
  if (storageId === undefined || storageId === "documents") return [];
  if (storageId === "generated_schema") return [];
  if (decodeDocumentId(storageId) === null) {
    throw new ImportError(`_storage id '${storageId}' invalid`);
  }
  const path = componentPath(prefix, baseComponent);
  return [{ componentPath: path, storageId, open: () => openEntry(zip, entry) }];
}

async function* entryLines(zip: ZipFile, entry: Entry): AsyncGenerator<string> {
  yield* textLines(await openEntry(zip, entry));
}

async function openEntry(zip: ZipFile, entry: Entry): Promise<AsyncIterable<Uint8Array>> {
  try {
    return readable(await zip.openReadStreamPromise(entry));
  } catch (cause) {
    throw asImportError(cause);
  }
}

async function* readable(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (cause) {
    throw asImportError(cause);
  }
}

/** `_components/a/_components/b/` is `a/b` below the component that is imported into. */
function componentPath(prefix: string, baseComponent: string): string {
  const names: string[] = [];
  let rest = prefix;
  for (;;) {
    const [, before = "", name] = COMPONENT.exec(rest) ?? [];
    if (name === undefined) break;
    if (!isIdentifier(name)) throw new ImportError(`component name '${name}' invalid`);
    names.unshift(name);
    rest = before;
  }
  return [...(baseComponent === "" ? [] : [baseComponent]), ...names].join("/");
}

function place(path: string, table: string): string {
  return JSON.stringify([path, table]);
}

/** Failures of the disk are not the ZIP's. */
function asImportError(error: unknown): unknown {
  if (error instanceof ImportError || !(error instanceof Error) || "syscall" in error) return error;
  return new ImportError(`invalid zip file: ${error.message}`, { cause: error });
}

function legacyFormat(fileName: string): ImportError {
  return new ImportError(
    `${fileName} is of an older format that inferred the types of values. Import the snapshot into a ` +
      "Convex deployment that can read it, and export it from there.",
  );
}
