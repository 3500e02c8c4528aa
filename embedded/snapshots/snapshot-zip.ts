import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";

import { ZipFile } from "yazl";

import type { DiskSnapshot, StoredDocument, StoredTable } from "../database/types.ts";
import { STORAGE, STORED_FILES } from "../runtime/runtime-tables.ts";
import type { BlobFolder } from "../storage/blob-folder.ts";
import { encodeKey } from "../values/index-key.ts";
import { toExportJson } from "./export-json.ts";
import { fileExtension } from "./file-extension.ts";

export interface SnapshotZipOptions {
  readonly snapshot: DiskSnapshot;
  /** Stored files; `null` leaves them out. */
  readonly blobs: BlobFolder | null;
  readonly onProgress: (message: string) => void;
  /** Asked between slices; true ends the stream with an error. */
  readonly isStopped: () => boolean;
}

const SLICE_ROWS = 100;
const FILE_MODE = 0o100_644;

const README = `# A snapshot of a Convex deployment

The documents of each table are lines of JSON in <table>/documents.jsonl. Put them into a deployment
with

    npx convex import <this file>
`;

/**
 * The snapshot as an official ZIP: `_tables` and user tables of each component, and files with their
 * rows below `_storage`. What is nested in components lies below `_components/<name>/`. Rows are read
 * as the stream is.
 */
export function snapshotZip(options: SnapshotZipOptions): Readable {
  const zip = new ZipFile();
  const output = Readable.from(zip.outputStream as AsyncIterable<Buffer>, { objectMode: false });
  zip.on("error", (error: unknown) => {
    output.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  addEntries(zip, options).then(
    () => zip.end(),
    (error: unknown) => zip.emit("error", error),
  );
  return output;
}

async function addEntries(zip: ZipFile, options: SnapshotZipOptions): Promise<void> {
  const add = (path: string, lines: () => Iterable<string>): void =>
    addStream(zip, path, () => Readable.from(bytesOf(lines()), { objectMode: false }));
  add("README.md", () => [README]);
  const { snapshot, onProgress } = options;
  const userTables = snapshot.tables.filter(({ name }) => !name.startsWith("_"));
  for (const path of componentPaths(snapshot)) {
    const tables = userTables
      .filter(({ componentPath }) => componentPath === path)
      .sort((left, right) => left.number - right.number);
    add(`${prefixOf(path)}_tables/documents.jsonl`, function* () {
      onProgress(`Backing up _tables${inComponent(path)}`);
      for (const { name, number } of tables) yield `${JSON.stringify({ name, id: number })}\n`;
    });
  }
  for (const table of userTables.sort((left, right) => left.count - right.count)) {
    const folder = `${prefixOf(table.componentPath)}${table.name}`;
    add(`${folder}/documents.jsonl`, () => tableLines(table, options));
    add(`${folder}/generated_schema.jsonl`, () => ['"uniform"\n']);
  }
  await addFiles(zip, options, add);
}

async function addFiles(
  zip: ZipFile,
  options: SnapshotZipOptions,
  add: (path: string, lines: () => Iterable<string>) => void,
): Promise<void> {
  const { snapshot, blobs } = options;
  if (blobs === null) return;
  for (const path of componentPaths(snapshot)) {
    const folder = `${prefixOf(path)}_storage`;
    const table = snapshot.tables.find(
      ({ componentPath, name }) => componentPath === path && name === STORAGE,
    );
    const files = () => (table === undefined ? [] : storedFiles(table, options));
    add(`${folder}/documents.jsonl`, function* () {
      options.onProgress(`Backing up _storage${inComponent(path)}`);
      for (const file of files()) yield `${metadataLine(file)}\n`;
    });
    // The directory of a ZIP holds a record for each file anyway.
    let count = 0;
    for (const file of files()) {
      if (++count % SLICE_ROWS === 0) await setImmediate();
      addStream(zip, `${folder}/${file.id}${fileExtension(file.contentType)}`, () => {
        const bytes = blobs.openRange(file.blobKey);
        if (bytes === null) throw new Error(`The bytes of file ${file.id} are missing.`);
        return bytes;
      });
    }
  }
}

function addStream(zip: ZipFile, path: string, open: () => Readable): void {
  zip.addReadStreamLazy(path, { mode: FILE_MODE }, (give) => {
    try {
      const stream = open();
      stream.on("error", (error) => zip.emit("error", error));
      give(null, stream);
    } catch (error) {
      zip.emit("error", error);
    }
  });
}

function* bytesOf(lines: Iterable<string>): Generator<Buffer> {
  for (const line of lines) yield Buffer.from(line);
}

function* tableLines(table: StoredTable, options: SnapshotZipOptions): Generator<string> {
  const { name, componentPath, count } = table;
  let written = 0;
  for (const slice of slices(table, options)) {
    const done = `${written.toLocaleString("en-US")} / ${count.toLocaleString("en-US")}`;
    options.onProgress(`Backing up ${name}${inComponent(componentPath)}: ${done} documents`);
    written += slice.length;
    yield slice.map(({ json }) => `${toExportJson(json)}\n`).join("");
  }
}

function* slices(
  table: StoredTable,
  { snapshot, isStopped }: SnapshotZipOptions,
): Generator<readonly StoredDocument[]> {
  let after: string | null = null;
  for (;;) {
    if (isStopped()) throw new Error("The backend is stopping.");
    const slice = snapshot.documents(table, after, SLICE_ROWS);
    if (slice.length > 0) yield slice;
    if (slice.length < SLICE_ROWS) return;
    after = slice.at(-1)?.id ?? null;
  }
}

interface ExportedFile {
  readonly id: string;
  readonly creationTime: number;
  readonly sha256: unknown;
  readonly size: unknown;
  readonly contentType: string | null;
  readonly uuid: unknown;
  readonly blobKey: string;
}

function* storedFiles(table: StoredTable, options: SnapshotZipOptions): Generator<ExportedFile> {
  for (const slice of slices(table, options)) {
    for (const document of slice) {
      const row = JSON.parse(document.json) as Readonly<Record<string, unknown>>;
      const record = fileRecord(document.id, table, options.snapshot);
      // A file that is gone between its two rows cannot be; one without bytes cannot be exported.
      if (record === null) continue;
      yield {
        id: document.id,
        creationTime: document.creationTime,
        sha256: row["sha256"],
        size: row["size"],
        contentType: typeof row["contentType"] === "string" ? row["contentType"] : null,
        uuid: record["uuid"],
        blobKey: String(record["blobKey"]),
      };
    }
  }
}

/** Where the bytes of a file of the table's component are. */
function fileRecord(
  storageId: string,
  { componentPath }: StoredTable,
  snapshot: DiskSnapshot,
): Readonly<Record<string, unknown>> | null {
  const records = snapshot.tables.find(
    (table) => table.componentPath === "" && table.name === STORED_FILES,
  );
  if (records === undefined) return null;
  const found = snapshot.find(records, "by_storageId", encodeKey([storageId]));
  const rows = found.map(({ json }) => JSON.parse(json) as Readonly<Record<string, unknown>>);
  return rows.find((row) => row["componentPath"] === componentPath) ?? null;
}

function metadataLine({ id, creationTime, sha256, size, contentType, uuid }: ExportedFile): string {
  return JSON.stringify({
    _id: id,
    _creationTime: creationTime,
    sha256,
    size,
    contentType,
    internalId: uuid,
  });
}

function componentPaths({ tables }: DiskSnapshot): string[] {
  return [...new Set(["", ...tables.map(({ componentPath }) => componentPath)])].sort();
}

function prefixOf(componentPath: string): string {
  if (componentPath === "") return "";
  return componentPath
    .split("/")
    .map((name) => `_components/${name}/`)
    .join("");
}

function inComponent(path: string): string {
  return path === "" ? "" : ` in component ${path}`;
}
