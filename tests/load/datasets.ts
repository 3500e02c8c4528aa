import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";

import { OLDEST_STORAGE_FORMAT } from "#embedded/storage/open-lmdb.ts";

import { CACHE, REPOSITORY, startBenchBackend } from "./backend.ts";
import { orderRow, productRow } from "./catalogue.ts";
import { HttpCaller } from "./http-caller.ts";

/** A data folder with its catalogue loaded, ready for a backend to open. */
export interface Dataset {
  readonly folder: string;
  readonly products: number;
  readonly orders: number;
  /** Ids of up to a thousand products, spread over all of them. */
  readonly ids: readonly string[];
}

const BATCH = 250;
const BATCHES_IN_FLIGHT = 4;
const KEPT_IDS = 1_000;
/** Data of other rows, another schema or another format is made anew. */
const SOURCES = ["tests/load/catalogue.ts", "tests/fixtures/catalogue/convex/schema.ts"];

/** Loads a catalogue through the deployment's own mutations, once per size. */
export async function obtainDataset(
  size: { readonly products: number; readonly orders: number },
  progress: (line: string) => void,
): Promise<Dataset> {
  const folder = join(CACHE, "data", `${String(size.products)}-${String(size.orders)}`);
  const idsFile = join(folder, "ids.json");
  const stamp = `${String(OLDEST_STORAGE_FORMAT)} ${hashOf(SOURCES)}`;
  if (existsSync(idsFile)) {
    const made = JSON.parse(readFileSync(idsFile, "utf8")) as { stamp: string; ids: string[] };
    if (made.stamp === stamp) {
      await readThrough(join(folder, "database", "data.mdb"));
      return { folder, ...size, ids: made.ids };
    }
  }
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const ids = await load(unfinished, size, progress);
  writeFileSync(join(unfinished, "ids.json"), JSON.stringify({ stamp, ids }));
  renameSync(unfinished, folder);
  return { folder, ...size, ids };
}

/**
 * Brings a file into the operating system's cache, where one that was just written is too: calls are
 * measured, not how fast the disk hands a store of any size over.
 */
export async function readThrough(file: string): Promise<void> {
  await finished(createReadStream(file, { highWaterMark: 2 ** 20 }).resume());
}

async function load(
  folder: string,
  { products, orders }: { readonly products: number; readonly orders: number },
  progress: (line: string) => void,
): Promise<string[]> {
  const backend = await startBenchBackend(folder, []);
  const step = Math.max(1, Math.floor(products / KEPT_IDS));
  const ids: string[] = [];
  try {
    await inBatches(
      products,
      "products",
      progress,
      async (caller, from, to) => {
        const rows = Array.from({ length: to - from }, (_, at) => productRow(from + at));
        const made = (await callAsAdmin(
          caller,
          backend.adminKey,
          "seed:products",
          rows,
        )) as string[];
        ids.push(...made.filter((_, at) => (from + at) % step === 0));
      },
      backend.port,
    );
    await inBatches(
      orders,
      "orders",
      progress,
      async (caller, from, to) => {
        const rows = Array.from({ length: to - from }, (_, at) => orderRow(from + at, products));
        await callAsAdmin(caller, backend.adminKey, "seed:orders", rows);
      },
      backend.port,
    );
  } finally {
    await backend.stop();
  }
  return ids.slice(0, KEPT_IDS);
}

async function inBatches(
  total: number,
  what: string,
  progress: (line: string) => void,
  insert: (caller: HttpCaller, from: number, to: number) => Promise<void>,
  port: number,
): Promise<void> {
  let next = 0;
  let done = 0;
  let toldAt = performance.now();
  await Promise.all(
    Array.from({ length: BATCHES_IN_FLIGHT }, async () => {
      const caller = await HttpCaller.open(port);
      while (next < total) {
        const from = next;
        next = Math.min(total, from + BATCH);
        const to = next;
        await insert(caller, from, to);
        done += to - from;
        if (performance.now() - toldAt > 5_000) {
          toldAt = performance.now();
          progress(`loading ${what}: ${String(done)} of ${String(total)}`);
        }
      }
      caller.close();
    }),
  );
}

async function callAsAdmin(
  caller: HttpCaller,
  adminKey: string,
  path: string,
  rows: readonly object[],
): Promise<unknown> {
  const body = JSON.stringify({ path, format: "convex_encoded_json", args: [{ rows }] });
  const address = `/api/function?adminKey=${encodeURIComponent(adminKey)}`;
  const answer = JSON.parse((await caller.call(address, body)).toString()) as {
    readonly status: string;
    readonly value?: unknown;
  };
  if (answer.status !== "success") throw new Error(`Loading failed: ${JSON.stringify(answer)}`);
  return answer.value;
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(readFileSync(join(REPOSITORY, path)));
  return hash.digest("hex");
}
