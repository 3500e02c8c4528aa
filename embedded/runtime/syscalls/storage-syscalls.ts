import type { ComponentPath, Transaction } from "../../database/types.ts";
import { tableNumberOf } from "../../values/document-id.ts";
import type { JsonObject } from "../../values/json-value.ts";
import { fileUrl, findFile, insertFile, removeFile, sha256Base64 } from "../file-records.ts";
import { FunctionError } from "../function-error.ts";
import type { DeploymentInfo } from "../services.ts";
import { countFileRead, countFileWrite } from "../transaction-limits.ts";
import { optionalTextArg, textArg, type SyscallHandler } from "./syscall-context.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const storageReadSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/storageGetUrl": ({ transaction, componentPath, services }, args) =>
    storageUrl(
      transaction,
      componentPath,
      services.deployment,
      storageIdArg(args, "storage.getUrl"),
    ),
  "1.0/storageGetMetadata": ({ transaction, componentPath }, args) =>
    storageMetadata(transaction, componentPath, storageIdArg(args, "storage.getMetadata")),
};

export const storageWriteSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/storageGenerateUploadUrl": ({ componentPath, services }) => {
    const token = services.uploadTokens.issue(componentPath);
    const { cloudUrl } = services.deployment;
    return JSON.stringify(`${cloudUrl}/api/storage/upload?token=${encodeURIComponent(token)}`);
  },
  "1.0/storageDelete": ({ transaction, componentPath }, args) =>
    deleteStoredFile(transaction, componentPath, storageIdArg(args, "storage.delete")),
  "1.0/storageStore": (context, args) => {
    const { transaction, componentPath, services } = context;
    const bytes = Buffer.from(textArg(args, "blob"), "base64");
    countFileWrite(context, bytes.length);
    const sha256 = sha256Base64(bytes);
    requireDigest(sha256, optionalTextArg(args, "sha256"));
    const storageId = insertFile(transaction, {
      componentPath,
      blobKey: services.blobs.writeSync(bytes),
      sha256,
      size: bytes.length,
      contentType: optionalTextArg(args, "contentType") || null,
    });
    return JSON.stringify(storageId);
  },
  "1.0/storageGet": (context, args) => {
    const { transaction, componentPath, services } = context;
    const file = findFile(transaction, componentPath, textArg(args, "storageId"));
    if (file === null) return "null";
    countFileRead(context, file.size);
    const bytes = services.blobs.readSync(file.blobKey);
    if (bytes === null) return "null";
    const blob = Buffer.from(bytes).toString("base64");
    return JSON.stringify({ blob, contentType: file.contentType });
  },
};

/** @throws FunctionError for what is neither the id of a document nor a UUID, in Convex's words. */
export function storageIdArg(args: JsonObject, method: string): string {
  const storageId = textArg(args, "storageId");
  if (tableNumberOf(storageId) !== null || UUID.test(storageId)) return storageId;
  throw new FunctionError(
    `Invalid argument \`storageId\` for \`${method}\`: Invalid storage ID: "${storageId}". ` +
      `Storage ID should be an\n${" ".repeat(20)}Id of '_storage' table, or a UUID string.`,
  );
}

/** JSON text of a file's address, `null` for an unknown id. */
export function storageUrl(
  transaction: Transaction,
  componentPath: ComponentPath,
  deployment: DeploymentInfo,
  storageId: string,
): string {
  const file = findFile(transaction, componentPath, storageId);
  return file === null ? "null" : JSON.stringify(fileUrl(deployment, file));
}

/** The deprecated metadata object: a UUID as its id, the digest in hex. */
export function storageMetadata(
  transaction: Transaction,
  componentPath: ComponentPath,
  storageId: string,
): string {
  const file = findFile(transaction, componentPath, storageId);
  if (file === null) return "null";
  return JSON.stringify({
    storageId: file.uuid,
    sha256: Buffer.from(file.sha256, "base64").toString("hex"),
    size: file.size,
    contentType: file.contentType,
  });
}

/** @throws FunctionError for an unknown id. */
export function deleteStoredFile(
  transaction: Transaction,
  componentPath: ComponentPath,
  storageId: string,
): string {
  const file = findFile(transaction, componentPath, storageId);
  if (file === null) throw new FunctionError(`storage id ${storageId} not found`);
  removeFile(transaction, file);
  return "null";
}

/** @throws FunctionError when the digest that the caller expects (base64 or hex) is another. */
export function requireDigest(sha256: string, expected: string | null): void {
  if (expected === null || expected === sha256) return;
  if (expected.toLowerCase() === Buffer.from(sha256, "base64").toString("hex")) return;
  throw new FunctionError(`Sha256 mismatch. Expected: ${expected} Actual: ${sha256}`);
}
