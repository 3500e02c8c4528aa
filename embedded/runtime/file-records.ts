import { createHash, randomUUID } from "node:crypto";

import { valueOf } from "../database/stored-document.ts";
import type { ComponentPath, Transaction } from "../database/types.ts";
import {
  findRow,
  insertRow,
  listRows,
  textField,
  type SystemRow,
} from "../modules/system-documents.ts";
import { decodeDocumentId } from "../values/document-id.ts";
import type { DeploymentInfo } from "./services.ts";
import { STORAGE, STORED_FILES } from "./runtime-tables.ts";

/** A stored file: its visible row and where its bytes are. */
export interface StoredFile {
  /** Id of the record that holds `uuid` and `blobKey`. */
  readonly recordId: string;
  /** Id in `_storage` of `componentPath`. */
  readonly storageId: string;
  readonly componentPath: ComponentPath;
  /** What addresses carry instead of the id. */
  readonly uuid: string;
  readonly blobKey: string;
  /** Base64. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string | null;
}

export interface NewFile {
  readonly componentPath: ComponentPath;
  readonly blobKey: string;
  readonly sha256: string;
  readonly size: number;
  readonly contentType: string | null;
  /** Passed in where randomness is seeded. */
  readonly uuid?: string;
}

/** Records a file whose bytes are stored already; returns its `_storage` id. */
export function insertFile(transaction: Transaction, file: NewFile): string {
  const { componentPath, blobKey, sha256, size, contentType } = file;
  const row = { sha256, size, ...(contentType === null ? {} : { contentType }) };
  const storageId = transaction.insert(componentPath, STORAGE, JSON.stringify(row));
  const uuid = file.uuid ?? randomUUID();
  insertRow(transaction, STORED_FILES, { storageId, componentPath, uuid, blobKey });
  return storageId;
}

/** Where the bytes of a file are whose `_storage` row comes otherwise, as imports bring it. */
export function addFileRecord(
  transaction: Transaction,
  {
    componentPath,
    storageId,
    uuid,
    blobKey,
  }: Pick<StoredFile, "componentPath" | "storageId" | "uuid" | "blobKey">,
): void {
  const isTaken = findRow(transaction, STORED_FILES, "by_uuid", [uuid]) !== null;
  insertRow(transaction, STORED_FILES, {
    storageId,
    componentPath,
    uuid: isTaken ? randomUUID() : uuid,
    blobKey,
  });
}

/** Forgets where the files of components are, whose `_storage` rows go otherwise. */
export function dropFileRecords(
  transaction: Transaction,
  isDropped: (componentPath: ComponentPath) => boolean,
): void {
  for (const row of [...listRows(transaction, STORED_FILES, "by_creation_time")]) {
    if (isDropped(textField(row, "componentPath"))) transaction.remove("", row.id);
  }
}

/** By `_storage` id, or by the UUID that old code may hold; `null` when there is none here. */
export function findFile(
  transaction: Transaction,
  componentPath: ComponentPath,
  idOrUuid: string,
): StoredFile | null {
  const index = decodeDocumentId(idOrUuid) === null ? "by_uuid" : "by_storageId";
  // What was imported into two components has the same ids in both.
  for (const row of listRows(transaction, STORED_FILES, index, [idOrUuid])) {
    if (textField(row, "componentPath") === componentPath) return parseFile(transaction, row);
  }
  return null;
}

/** By the UUID in its address, in whatever component. */
export function findFileByUuid(transaction: Transaction, uuid: string): StoredFile | null {
  const row = findRow(transaction, STORED_FILES, "by_uuid", [uuid]);
  return row === null ? null : parseFile(transaction, row);
}

/** Whether any file still has these bytes, so that a sweep can remove blobs nobody refers to. */
export function isBlobReferenced(transaction: Transaction, blobKey: string): boolean {
  return findRow(transaction, STORED_FILES, "by_blobKey", [blobKey]) !== null;
}

export function removeFile(transaction: Transaction, file: StoredFile): void {
  transaction.remove(file.componentPath, file.storageId);
  transaction.remove("", file.recordId);
}

/** Public address of a file; needs no authorisation. */
export function fileUrl({ cloudUrl }: DeploymentInfo, { componentPath, uuid }: StoredFile): string {
  const component = componentPath === "" ? "" : `?component=${encodeURIComponent(componentPath)}`;
  return `${cloudUrl}/api/storage/${uuid}${component}`;
}

/** SHA-256 in base64, as `_storage` rows have it. */
export function sha256Base64(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}

function parseFile(transaction: Transaction, row: SystemRow): StoredFile | null {
  const componentPath = textField(row, "componentPath");
  const storageId = textField(row, "storageId");
  const document = transaction.get(componentPath, storageId);
  if (document === null) return null;
  const { sha256, size, contentType } = valueOf(document);
  return {
    recordId: row.id,
    storageId,
    componentPath,
    uuid: textField(row, "uuid"),
    blobKey: textField(row, "blobKey"),
    sha256: typeof sha256 === "string" ? sha256 : "",
    size: typeof size === "number" ? size : 0,
    contentType: typeof contentType === "string" ? contentType : null,
  };
}
