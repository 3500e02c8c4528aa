import type { IncomingMessage } from "node:http";
import type { Readable, Transform } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";

import { parseBoundedJson } from "../lib/bounded-json.ts";
import { ByteBudget } from "../lib/byte-budget.ts";
import { ServiceError } from "../lib/service-error.ts";

/** Arguments of one function call: Convex's own limit and a little for the envelope. */
const CALL_BODY_BYTES = 16 * 1024 * 1024 + 2000;
/** From its first byte to its last; more than enough for the largest body over a slow line. */
const BODY_TIMEOUT_MS = 60_000;
/** Bodies that are being received, of all requests to this process. */
const MAX_BODIES_BYTES = 256 * 1024 * 1024;
const bodiesBeingReceived = new ByteBudget(MAX_BODIES_BYTES);

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
  // By then a body that came in one piece with its headers has been read.
  await Promise.resolve();
  const bytes = receivedWithHeaders(request, maxBytes) ?? (await readBytes(request, maxBytes));
  return parseJsonObject(bytes.toString("utf8"));
}

/** @throws ServiceError `BadJsonBody` unless the text is a JSON object. */
export function parseJsonObject(text: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = parseBoundedJson(text);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : "no JSON";
    throw badBody(`The body is not valid JSON: ${problem}`);
  }
  return requireJsonObject(parsed, "The body");
}

export function requireJsonObject(value: unknown, what: string): JsonObject {
  if (!isJsonObject(value)) throw badBody(`${what} must be a JSON object.`);
  return value;
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As text again. @throws ServiceError when it is nested deeper than the stack reaches. */
export function stringifyJson(value: unknown, what: string): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    if (cause instanceof RangeError) throw badBody(`${what} is nested too deeply.`);
    throw cause;
  }
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

export interface BodyBounds {
  readonly timeoutMs: number;
  /** What all bodies that are being received may take of the memory. */
  readonly budget: ByteBudget;
}

const BOUNDS: BodyBounds = { timeoutMs: BODY_TIMEOUT_MS, budget: bodiesBeingReceived };

/**
 * A body's bytes as they arrive. The rest of one that is too large is read and thrown away: a request
 * that is destroyed takes its connection along, and with it the answer that says what was wrong.
 * @throws ServiceError `RequestTooLarge`, `BadBody`, `RequestTimeout`, `TooManyConcurrentRequests`.
 */
export async function* boundedBody(
  request: IncomingMessage,
  maxBytes: number,
  body: Readable = request,
  { timeoutMs, budget }: BodyBounds = BOUNDS,
): AsyncGenerator<Buffer> {
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow(timeoutMs)), timeoutMs);
  });
  timeout.catch(() => undefined);
  const chunks: AsyncIterator<Buffer> = body.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const part = await Promise.race([chunks.next(), timeout]);
      if (part.done === true) return;
      size += part.value.length;
      budget.add(part.value.length);
      if (size > maxBytes) throw tooLarge(maxBytes);
      if (budget.isExceeded) throw tooManyBodies();
      yield part.value;
    }
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError("badRequest", "BadBody", "The body could not be read.", { cause });
  } finally {
    clearTimeout(timer);
    budget.add(-size);
    // Not awaited: it waits for the next chunk, which may never come.
    void chunks.return?.();
    if (body !== request) {
      request.unpipe();
      body.destroy();
    }
    request.resume();
  }
}

function decoded(request: IncomingMessage): Readable {
  const encoding = request.headers["content-encoding"]?.toLowerCase() ?? "identity";
  switch (encoding) {
    case "identity":
      return request;
    case "br":
      return decompressed(request, createBrotliDecompress());
    case "gzip":
      return decompressed(request, createGunzip());
    default:
      throw new ServiceError(
        "badRequest",
        "UnsupportedEncoding",
        `The content encoding ${JSON.stringify(encoding)} is not supported.`,
      );
  }
}

function decompressed(request: IncomingMessage, decoder: Transform): Readable {
  request.once("close", () => {
    if (!request.complete) decoder.destroy(new Error("The client hung up."));
  });
  return request.pipe(decoder);
}

async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const body = decoded(request);
  if (body === request) return await receive(request, maxBytes);
  const chunks: Buffer[] = [];
  for await (const chunk of boundedBody(request, maxBytes, body)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * The body of a request that came whole in one piece, as short ones do, a microtask after its headers
 * did; `null` when there is more to wait for.
 */
function receivedWithHeaders(request: IncomingMessage, maxBytes: number): Buffer | null {
  if (!request.complete || request.readableLength > maxBytes) return null;
  if (request.headers["content-encoding"] !== undefined) return null;
  return (request.read() as Buffer | null) ?? NO_BYTES;
}

const NO_BYTES = Buffer.alloc(0);

/** `boundedBody` in one piece, by events: for a short body an iterator costs more than all the rest. */
export function receive(
  request: IncomingMessage,
  maxBytes: number,
  { timeoutMs, budget }: BodyBounds = BOUNDS,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = () => {
      clearTimeout(timer);
      budget.add(-size);
      request.off("data", take).off("end", end).off("error", fail).off("close", close);
      request.on("error", ignore);
    };
    const fail = (cause: unknown) => {
      stop();
      request.resume();
      reject(
        cause instanceof ServiceError
          ? cause
          : new ServiceError("badRequest", "BadBody", "The body could not be read.", { cause }),
      );
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      budget.add(chunk.length);
      chunks.push(chunk);
      if (size > maxBytes) fail(tooLarge(maxBytes));
      else if (budget.isExceeded) fail(tooManyBodies());
    };
    const end = () => {
      stop();
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    };
    const close = () => fail(new Error("The client hung up."));
    const timer = setTimeout(() => fail(tooSlow(timeoutMs)), timeoutMs);
    request.on("data", take).on("end", end).on("error", fail).on("close", close);
  });
}

/** An error after a body was given up or received whole is the connection's, not the body's. */
function ignore(): void {}

function tooLarge(maxBytes: number): ServiceError {
  return new ServiceError(
    "payloadTooLarge",
    "RequestTooLarge",
    `The request body is larger than ${maxBytes} bytes.`,
  );
}

function tooSlow(timeoutMs: number): ServiceError {
  return new ServiceError(
    "timedOut",
    "RequestTimeout",
    `The request body did not arrive within ${timeoutMs / 1000} seconds.`,
  );
}

function tooManyBodies(): ServiceError {
  return new ServiceError(
    "rateLimited",
    "TooManyConcurrentRequests",
    "Too many large requests at a time. Try again in a moment.",
  );
}
