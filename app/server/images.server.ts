import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { ConvexConnection } from "#app/server/convex.server.ts";

export const IMAGE_WIDTHS = [320, 640, 1200] as const;
const FORMATS = ["avif", "webp"] as const;
const STORAGE_ID = /^[\w-]{1,64}$/;

const MAX_SOURCE_BYTES = 20 * 1024 * 1024;
const MAX_SOURCE_PIXELS = 50_000_000;
const RESIZE_TIMEOUT_SECONDS = 20;
const AT_ONCE = 2;

export type ImageRequest = {
  readonly storageId: string;
  readonly width: (typeof IMAGE_WIDTHS)[number];
  readonly format: (typeof FORMATS)[number];
};

/** Null for anything but the widths and formats there are, so that nobody can order endless variants. */
export function parseImageRequest(
  storageId: string | undefined,
  query: URLSearchParams,
): ImageRequest | null {
  const width = IMAGE_WIDTHS.find((known) => String(known) === query.get("w"));
  const format = FORMATS.find((known) => known === (query.get("f") ?? "webp"));
  if (storageId === undefined || !STORAGE_ID.test(storageId)) return null;
  return width === undefined || format === undefined ? null : { storageId, width, format };
}

/** Stored pictures, made smaller. Null when there is no such file, or it is not a picture. */
export type Images = {
  readonly get: (wanted: ImageRequest) => Promise<Buffer | null>;
};

export type ImageOptions = {
  readonly connection: Pick<ConvexConnection, "fetch">;
  readonly convexUrl: string;
  readonly cacheFolder: string;
  readonly maxCacheBytes: number;
};

/**
 * Re-encodes pictures from the deployment's storage and from nowhere else, two at a time, each variant
 * once however many ask; results stay on disk, the longest unused ones giving way.
 */
export function createImages(options: ImageOptions): Images {
  const cache = createFileCache(options.cacheFolder, options.maxCacheBytes);
  const running = new Map<string, Promise<Buffer | null>>();
  const limit = createLimit(AT_ONCE);

  return {
    get: (wanted) => {
      const key = keyOf(wanted);
      let result = running.get(key);
      if (result === undefined) {
        result = cache
          .read(key)
          .then((cached) => cached ?? limit(() => make(wanted, key)))
          .finally(() => running.delete(key));
        running.set(key, result);
      }
      return result;
    },
  };

  async function make(wanted: ImageRequest, key: string): Promise<Buffer | null> {
    const source = await fetchSource(options, wanted.storageId);
    const picture = source === null ? null : await resize(source, wanted);
    if (picture !== null) await cache.write(key, picture);
    return picture;
  }
}

function keyOf({ storageId, width, format }: ImageRequest): string {
  return `${createHash("sha256").update(storageId).digest("hex").slice(0, 32)}-${width}.${format}`;
}

async function fetchSource(options: ImageOptions, storageId: string): Promise<Buffer | null> {
  const response = await options.connection.fetch(`${options.convexUrl}/api/storage/${storageId}`);
  const isTooLarge = Number(response.headers.get("content-length") ?? 0) > MAX_SOURCE_BYTES;
  if (!response.ok || response.body === null || isTooLarge) {
    await response.body?.cancel();
    return null;
  }
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    size += value.byteLength;
    chunks.push(value);
    if (size > MAX_SOURCE_BYTES) {
      await reader.cancel();
      return null;
    }
  }
}

const SOURCE_FORMATS = new Set(["jpeg", "png", "webp", "gif", "heif"]);

/** What the file says it is does not count: it is decoded, and only the pixels leave. */
async function resize(source: Buffer, { width, format }: ImageRequest): Promise<Buffer | null> {
  const { default: sharp } = await import("sharp");
  try {
    const image = sharp(source, { limitInputPixels: MAX_SOURCE_PIXELS, failOn: "error" });
    const { format: sourceFormat } = await image.metadata();
    if (!SOURCE_FORMATS.has(sourceFormat)) return null;
    const resized = image
      .rotate()
      .resize({ width, withoutEnlargement: true })
      .timeout({ seconds: RESIZE_TIMEOUT_SECONDS });
    // Alpha at full quality keeps the edges of cut-out products clean.
    return await (
      format === "avif"
        ? resized.avif({ quality: 55, effort: 2 })
        : resized.webp({ quality: 80, effort: 3 })
    ).toBuffer();
  } catch {
    // sharp throws for whatever it cannot decode; there is nothing more to tell apart.
    return null;
  }
}

type FileCache = {
  readonly read: (key: string) => Promise<Buffer | null>;
  readonly write: (key: string, content: Buffer) => Promise<void>;
};

function createFileCache(folder: string, maxBytes: number): FileCache {
  let sizeOnDisk = measure(folder);
  return {
    read: async (key) => {
      try {
        const content = await readFile(join(folder, key));
        const now = new Date();
        await utimes(join(folder, key), now, now);
        return content;
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    write: async (key, content) => {
      const temporary = join(folder, `${key}.${process.pid}.tmp`);
      await mkdir(folder, { recursive: true });
      await writeFile(temporary, content);
      await rename(temporary, join(folder, key));
      sizeOnDisk = sizeOnDisk.then(async (size) => {
        const grown = size + content.byteLength;
        return grown > maxBytes ? await evict(folder, maxBytes / 2) : grown;
      });
      await sizeOnDisk;
    },
  };
}

async function measure(folder: string): Promise<number> {
  return (await list(folder)).reduce((sum, file) => sum + file.size, 0);
}

/** Removes the longest unused files until no more than `keepBytes` are left; gives what is left. */
async function evict(folder: string, keepBytes: number): Promise<number> {
  let kept = 0;
  for (const file of (await list(folder)).sort((a, b) => b.usedAt - a.usedAt)) {
    if (kept + file.size <= keepBytes) kept += file.size;
    else await rm(file.path, { force: true });
  }
  return kept;
}

async function list(folder: string): Promise<{ path: string; size: number; usedAt: number }[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path);
      return { path, size, usedAt: mtimeMs };
    }),
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** Runs no more than `count` at a time, in the order asked. */
function createLimit(count: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
