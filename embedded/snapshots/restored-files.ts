import { randomUUID } from "node:crypto";

import type { TableImport, Transaction } from "../database/types.ts";
import type { BlobFolder } from "../storage/blob-folder.ts";
import { decodeDocumentId } from "../values/document-id.ts";
import { ImportError } from "./import-error.ts";
import type { ImportSource } from "./import-source.ts";
import { parseRow, type ImportedFile, type ImportedTable } from "./import-table.ts";

/** A stored file of a snapshot whose bytes are on disk again. */
export interface RestoredFile {
  readonly componentPath: string;
  readonly storageId: string;
  /** What its address carries. */
  readonly uuid: string;
  readonly blobKey: string;
  /** Its `_storage` row. */
  readonly rowJson: string;
}

/** Where restored files go. */
export interface FileStore {
  readonly blobs: BlobFolder;
  readonly onProgress: (message: string) => Promise<void>;
  readonly onCheckpoint: (message: string) => Promise<void>;
  /** Records where one file's bytes are. */
  readonly addFile: (transaction: Transaction, file: RestoredFile) => void;
  /** The same for all files of the imported `_storage` tables, in place of those that were there. */
  readonly replaceFiles: (
    transaction: Transaction,
    imported: TableImport,
    files: readonly RestoredFile[],
  ) => void;
}

interface FileMetadata {
  readonly creationTime: number | null;
  readonly sha256: string | null;
  readonly size: number | null;
  readonly contentType: string | null;
  readonly uuid: string | null;
}

const NO_METADATA: FileMetadata = {
  creationTime: null,
  sha256: null,
  size: null,
  contentType: null,
  uuid: null,
};

/**
 * Stores the bytes of a snapshot's files, checks them against `_storage/documents.jsonl` and hands
 * each over, but for the first that are done. A file that is not in there gets a row without content
 * type.
 * @throws ImportError for bytes that are not what they should be.
 */
export async function storeFiles(
  source: ImportSource,
  store: FileStore,
  write: (file: RestoredFile) => Promise<void>,
  done = 0,
): Promise<RestoredFile[]> {
  const restored: RestoredFile[] = [];
  let left = done;
  for (const table of source.tables) {
    if (table.name !== "_storage") continue;
    const { componentPath } = table;
    const metadata = await readMetadata(table);
    const files = source.files.filter((file) => file.componentPath === componentPath);
    await store.onProgress(`Importing "_storage"`);
    for (const [index, file] of files.entries()) {
      left -= 1;
      if (left >= 0) continue;
      const stored = await storeFile(file, metadata.get(file.storageId) ?? NO_METADATA, store);
      await refuseFile(file, () => write(stored));
      restored.push(stored);
      await store.onProgress(`Importing "_storage" (${index + 1}/${files.length} files)`);
    }
    await store.onCheckpoint(`Imported "_storage" (${files.length} files)`);
  }
  return restored;
}

async function readMetadata(table: ImportedTable): Promise<Map<string, FileMetadata>> {
  const metadata = new Map<string, FileMetadata>();
  let row = 0;
  for await (const json of table.rows()) {
    row += 1;
    const fields = parseRow(json, row);
    const id = fields["_id"];
    if (typeof id !== "string" || decodeDocumentId(id) === null) {
      throw invalidMetadata(row, `invalid _id ${JSON.stringify(id ?? null)}`);
    }
    metadata.set(id, parseMetadata(fields, row));
  }
  return metadata;
}

function parseMetadata(fields: Readonly<Record<string, unknown>>, row: number): FileMetadata {
  const text = (name: string, pattern: RegExp): string | null => {
    const value = fields[name] ?? null;
    if (value === null || (typeof value === "string" && pattern.test(value))) return value;
    throw invalidMetadata(row, `invalid ${name} ${JSON.stringify(value)}`);
  };
  const number = (name: string): number | null => {
    const value = fields[name] ?? null;
    if (value === null || (typeof value === "number" && value >= 0)) return value;
    throw invalidMetadata(row, `invalid ${name} ${JSON.stringify(value)}`);
  };
  return {
    creationTime: number("_creationTime"),
    sha256: text("sha256", /^[A-Za-z0-9+/]{43}=$/),
    size: number("size"),
    contentType: text("contentType", /^[^\r\n]*$/),
    uuid: text("internalId", /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/),
  };
}

async function storeFile(
  file: ImportedFile,
  metadata: FileMetadata,
  { blobs }: FileStore,
): Promise<RestoredFile> {
  const { componentPath, storageId } = file;
  const blob = await blobs.writeStream(await file.open());
  const sha256 = blob.sha256.toString("base64");
  if (metadata.sha256 !== null && metadata.sha256 !== sha256) {
    throw new ImportError(
      `_storage file ${storageId} has the SHA-256 ${sha256}, not ${metadata.sha256} as ` +
        "_storage/documents.jsonl says",
    );
  }
  if (metadata.size !== null && metadata.size !== blob.size) {
    throw new ImportError(
      `_storage file ${storageId} has ${blob.size} bytes, not ${metadata.size} as ` +
        "_storage/documents.jsonl says",
    );
  }
  const row = {
    _id: storageId,
    ...(metadata.creationTime === null ? {} : { _creationTime: metadata.creationTime }),
    sha256,
    size: blob.size,
    ...(metadata.contentType === null ? {} : { contentType: metadata.contentType }),
  };
  const uuid = metadata.uuid?.toLowerCase() ?? randomUUID();
  return { componentPath, storageId, uuid, blobKey: blob.key, rowJson: JSON.stringify(row) };
}

async function refuseFile(file: ImportedFile, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const isRefusal =
      error instanceof Error && /^(?:ImportRefusedError|DatabaseError)$/.test(error.name);
    if (!isRefusal) throw error;
    throw new ImportError(`_storage file ${file.storageId}: ${error.message}`, { cause: error });
  }
}

function invalidMetadata(row: number, reason: string): ImportError {
  return new ImportError(`Row ${row} wasn't a valid Convex value: ${reason}`);
}
