import { pipeline } from "node:stream/promises";

import type { UploadTokenKeeper } from "../auth/upload-tokens.ts";
import { commitWrites } from "../database/commit-writes.ts";
import { ServiceError } from "../lib/service-error.ts";
import { findFileByUuid, insertFile, type StoredFile } from "../runtime/file-records.ts";
import type { BlobFolder } from "../storage/blob-folder.ts";
import type { Exchange, HttpContext } from "./http-context.ts";
import { sendJson } from "./replies.ts";

export interface StorageContext extends HttpContext {
  readonly blobs: BlobFolder;
  readonly uploadTokens: UploadTokenKeeper;
}

interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const MAX_AGE_SECONDS = 2_592_000;

/**
 * `POST /api/storage/upload?token=`: the body becomes a file; answers `{ storageId }`. The bytes are
 * durable before the file exists.
 */
export async function postUpload(exchange: Exchange, context: StorageContext): Promise<void> {
  const componentPath = context.uploadTokens.verify(exchange.query.get("token") ?? "");
  const { headers } = exchange.request;
  const expected = parseDigest(headers["digest"]);
  const blob = await context.blobs.writeStream(exchange.request);
  const sha256 = blob.sha256.toString("base64");
  if (expected !== null && expected !== sha256) {
    throw new ServiceError(
      "badRequest",
      "Sha256Mismatch",
      `The uploaded bytes have the SHA-256 ${sha256}, not ${expected} as the Digest header says.`,
    );
  }
  const storageId = await commitWrites(context.database, (transaction) =>
    insertFile(transaction, {
      componentPath,
      blobKey: blob.key,
      sha256,
      size: blob.size,
      contentType: headers["content-type"] ?? null,
    }),
  );
  sendJson(exchange.response, { storageId });
}

/** `GET /api/storage/<uuid>`: a file's bytes, for anyone who knows its address. */
export async function getStoredFile(exchange: Exchange, context: StorageContext): Promise<void> {
  const uuid = exchange.pathname.slice("/api/storage/".length);
  const file = findFileByUuid(context.database.begin(), uuid);
  if (file === null || file.componentPath !== (exchange.query.get("component") ?? "")) {
    throw new ServiceError("notFound", "FileNotFound", "There is no file at this address.");
  }
  const { response, method, request } = exchange;
  const range = parseRange(request.headers.range, file.size);
  if (range === "unsatisfiable") {
    response.writeHead(416, { "Content-Range": `bytes */${file.size}` }).end();
    return;
  }
  // Clients would wait for what a file that is too short has not.
  const isWhole = context.blobs.sizeOf(file.blobKey) === file.size;
  const bytes = isWhole ? context.blobs.openRange(file.blobKey, range ?? undefined) : null;
  if (bytes === null) throw new Error(`Bytes of file ${file.storageId} are missing.`);
  response.writeHead(range === null ? 200 : 206, fileHeaders(file, range));
  if (method === "HEAD") {
    bytes.destroy();
    response.end();
    return;
  }
  await pipeline(bytes, response);
}

/**
 * Files come from anyone, and may share an origin with pages: a browser must neither guess their
 * type nor run what is in them.
 */
function fileHeaders(file: StoredFile, range: ByteRange | null): Record<string, string> {
  const { size } = file;
  return {
    ...(file.contentType === null ? {} : { "Content-Type": file.contentType }),
    "Content-Length": String(range === null ? size : range.end - range.start + 1),
    ...(range === null
      ? { Digest: `sha-256=${file.sha256}` }
      : { "Content-Range": `bytes ${range.start}-${range.end}/${size}` }),
    "Accept-Ranges": "bytes",
    "Cache-Control": `private, max-age=${MAX_AGE_SECONDS}`,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
  };
}

/** `sha-256=<base64>` (RFC 3230), `null` when there is no such header. */
function parseDigest(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  const digest = /^sha-256=([A-Za-z0-9+/]{43}=)$/i.exec(String(header))?.[1];
  if (digest !== undefined) return digest;
  throw new ServiceError(
    "badRequest",
    "BadDigestHeader",
    "The Digest header must be sha-256= and the base64 of 32 bytes.",
  );
}

/** One `bytes=` range (RFC 9110, 14.1.2); several at once are refused, malformed ones are ignored. */
function parseRange(header: string | undefined, size: number): ByteRange | null | "unsatisfiable" {
  if (header === undefined || !/^bytes=/i.test(header)) return null;
  if (header.includes(",")) return "unsatisfiable";
  const [, first = "", last = ""] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header) ?? [];
  if (first === "" && last === "") return null;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? "unsatisfiable" : { start, end };
}
