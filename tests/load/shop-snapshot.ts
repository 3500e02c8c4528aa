import { createWriteStream, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { fromBufferPromise } from "yauzl";
import { ZipFile } from "yazl";

import type { Doc, TableNames } from "#convex/_generated/dataModel.js";
import { decodeDocumentId, encodeDocumentId } from "#embedded/values/document-id.ts";

/** Rows of a snapshot, as `npx convex export` writes them. */
export interface ShopSnapshot {
  rows<Table extends TableNames>(table: Table): Doc<Table>[];
  /** Rows of any table by its folder in the ZIP. */
  rowsAt(folder: string): Record<string, unknown>[];
}

/** One table of a ZIP for `npx convex import`, made as it is written. */
export interface TableRows {
  /** `products`, or below `_components/` that of a component. */
  readonly folder: string;
  readonly rows: Iterable<object>;
}

const CHUNK_LENGTH = 1 << 18;
const PROGRESS_EVERY_MS = 5_000;

/** Reads a snapshot without its files into memory. */
export async function readSnapshot(file: string): Promise<ShopSnapshot> {
  const tables = new Map<string, Record<string, unknown>[]>();
  const zip = await fromBufferPromise(readFileSync(file));
  for await (const entry of zip.eachEntry()) {
    const [, folder] = /^(.*)\/documents\.jsonl$/.exec(entry.fileName) ?? [];
    if (folder === undefined) continue;
    const chunks: Buffer[] = [];
    const stream: AsyncIterable<Buffer> = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().split("\n");
    const rows = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as object);
    tables.set(folder, rows as Record<string, unknown>[]);
  }
  const rowsAt = (folder: string) => tables.get(folder) ?? [];
  // The schema was enforced on them.
  return { rowsAt, rows: (table) => rowsAt(table) as unknown as Doc<typeof table>[] };
}

/** Writes tables one after the other; no more than a chunk of rows is in memory. */
export async function writeSnapshot(
  file: string,
  tables: readonly TableRows[],
  progress: (line: string) => void,
): Promise<void> {
  const zip = new ZipFile();
  for (const { folder, rows } of tables) {
    const lines = Readable.from(chunksOf(folder, rows, progress));
    zip.addReadStream(lines, `${folder}/documents.jsonl`);
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}

/** An id that always is the same for the same position of a table. */
export function idAt<Table extends TableNames>(
  tableNumber: number,
  position: number,
): Doc<Table>["_id"] {
  const internalId = Buffer.alloc(16);
  for (let at = 0; at < 3; at += 1) {
    internalId.writeUInt32LE(mixed(position, tableNumber * 8 + at), at * 4);
  }
  // Positions stay apart whatever the mixing does.
  internalId.writeUInt32LE(position, 12);
  return encodeDocumentId({ tableNumber, internalId }) as Doc<Table>["_id"];
}

/** The number of the table that a row is of. */
export function tableNumberOf(row: { readonly _id?: unknown } | undefined): number {
  const number = decodeDocumentId(String(row?._id))?.tableNumber;
  if (number === undefined) throw new Error("A table of the demo shop has no row.");
  return number;
}

/** A well-mixed number from two small ones (murmur3's finaliser). */
export function mixed(position: number, salt: number): number {
  let x = (Math.imul(position, 0x9e3779b1) + Math.imul(salt, 0x85ebca77) + 0x27d4eb2f) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function* chunksOf(
  folder: string,
  rows: Iterable<object>,
  progress: (line: string) => void,
): Generator<Buffer> {
  let lines = "";
  let count = 0;
  let toldAt = performance.now();
  for (const row of rows) {
    lines += `${JSON.stringify(row)}\n`;
    count += 1;
    if (lines.length < CHUNK_LENGTH) continue;
    yield Buffer.from(lines);
    lines = "";
    if (performance.now() - toldAt < PROGRESS_EVERY_MS) continue;
    toldAt = performance.now();
    progress(`making ${folder}: ${String(count)} rows`);
  }
  yield Buffer.from(lines);
}
