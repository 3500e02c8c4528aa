import type { IncomingMessage } from "node:http";
import { pipeline, type Readable } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";

import { ServiceError } from "../lib/service-error.ts";

/** Arguments of one function call: Convex's own limit and a little for the envelope. */
const CALL_BODY_BYTES = 16 * 1024 * 1024 + 2000;

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON object, decompressing it when the request says so; the limit counts decompressed
 * bytes.
 * @throws ServiceError `BadJsonBody`, `RequestTooLarge`, `UnsupportedEncoding`.
 */
export async function readJsonObject(
  request: IncomingMessage,
  maxBytes = CALL_BODY_BYTES,
): Promise<JsonObject> {
  const text = (await readBytes(decoded(request), maxBytes)).toString("utf8");
  return parseJsonObject(text);
}

/** @throws ServiceError `BadJsonBody` unless the text is a JSON object. */
export function parseJsonObject(text: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : "no JSON";
    throw badBody(`The body is not valid JSON: ${problem}`);
  }
  return requireJsonObject(parsed, "The body");
}

export function requireJsonObject(value: unknown, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badBody(`${what} must be a JSON object.`);
  }
  return { ...value };
}

export function requireTextField(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw badBody(`\`${name}\` must be a string.`);
  return value;
}

export function requireArrayField(body: JsonObject, name: string): readonly unknown[] {
  const value = body[name];
  if (!Array.isArray(value)) throw badBody(`\`${name}\` must be an array.`);
  return value;
}

export function badBody(message: string): ServiceError {
  return new ServiceError("badRequest", "BadJsonBody", message);
}

function decoded(request: IncomingMessage): Readable {
  const encoding = request.headers["content-encoding"]?.toLowerCase() ?? "identity";
  switch (encoding) {
    case "identity":
      return request;
    case "br":
      return pipeline(request, createBrotliDecompress(), () => undefined);
    case "gzip":
      return pipeline(request, createGunzip(), () => undefined);
    default:
      throw new ServiceError(
        "badRequest",
        "UnsupportedEncoding",
        `The content encoding ${JSON.stringify(encoding)} is not supported.`,
      );
  }
}

async function readBytes(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError("badRequest", "BadBody", "The body could not be read.", { cause });
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): ServiceError {
  return new ServiceError(
    "payloadTooLarge",
    "RequestTooLarge",
    `The request body is larger than ${maxBytes} bytes.`,
  );
}
