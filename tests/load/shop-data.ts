import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { OLDEST_STORAGE_FORMAT } from "#embedded/storage/open-lmdb.ts";
import { runConvex } from "#scripts/deployment.ts";
import { hashSources } from "#scripts/source-hash.mjs";
import { startShop, type RunningShop } from "#tests/support/running-shop.ts";

import { CACHE } from "./backend.ts";
import { walkLists } from "./shop-lists.ts";
import { OrderMaker } from "./shop-orders.ts";
import { ProductMaker } from "./shop-products.ts";
import { readSnapshot, writeSnapshot } from "./shop-snapshot.ts";

export interface ShopSize {
  /** All products, the demo's own among them. */
  readonly products: number;
  /** Orders beside the demo's own. */
  readonly orders: number;
}

/** A data folder of the shop with a catalogue, ready to start the shop on. */
export interface ShopData {
  readonly folder: string;
  readonly size: ShopSize;
  /** The ends of the addresses of all products but the demo's own. */
  readonly slugs: readonly string[];
  /** Addresses of list pages that each begin at another product and are full. */
  readonly lists: readonly string[];
}

const FOLDER = join(CACHE, "shop");
const FOUND = "bench.json";
/** Rows made in another way or for other tables are made anew. */
const SOURCES = [
  "convex/schema.ts",
  "convex/tables",
  "scripts/demo",
  "tests/load/shop-data.ts",
  "tests/load/shop-lists.ts",
  "tests/load/shop-orders.ts",
  "tests/load/shop-order-counts.ts",
  "tests/load/shop-products.ts",
  "tests/load/shop-snapshot.ts",
  "tests/load/catalogue.ts",
];

/**
 * The demo shop with a larger catalogue, made once: rows made from the demo's go in through
 * `npx convex import`.
 */
export async function obtainShopData(
  size: ShopSize,
  progress: (line: string) => void,
): Promise<ShopData> {
  const name = `${String(size.products)}-${String(size.orders)}`;
  const hash = hashSources(SOURCES).slice(0, 12);
  const folder = join(FOLDER, `${name}-${String(OLDEST_STORAGE_FORMAT)}-${hash}`);
  if (!existsSync(join(folder, FOUND))) {
    mkdirSync(FOLDER, { recursive: true });
    for (const old of readdirSync(FOLDER).filter((entry) => entry.startsWith(`${name}-`))) {
      rmSync(join(FOLDER, old), { recursive: true, force: true });
    }
    const unfinished = `${folder}.unfinished`;
    const found = await makeShop(unfinished, size, progress);
    writeFileSync(join(unfinished, FOUND), JSON.stringify(found));
    renameSync(unfinished, folder);
  }
  const found = JSON.parse(readFileSync(join(folder, FOUND), "utf8")) as FoundAddresses;
  return { folder, size, ...found };
}

type FoundAddresses = Pick<ShopData, "slugs" | "lists">;

async function makeShop(
  folder: string,
  size: ShopSize,
  progress: (line: string) => void,
): Promise<FoundAddresses> {
  const startedAt = performance.now();
  const tell = (line: string) => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    progress(`shop of ${String(size.products)} products, ${String(seconds)} s: ${line}`);
  };
  mkdirSync(folder, { recursive: true });
  tell("first start, with the demo's data");
  const shop = await startShop(folder, { DEMO: "1" });
  try {
    const slugs = await addRows(shop, folder, size, tell);
    tell("walking the lists");
    const lists = await walkLists(shop.deployment.url);
    tell(`made, with ${String(lists.length)} addresses of lists`);
    return { slugs, lists };
  } finally {
    await shop.stop();
  }
}

/** Returns the addresses of the products that were made. */
async function addRows(
  { deployment }: RunningShop,
  folder: string,
  { products, orders }: ShopSize,
  tell: (line: string) => void,
): Promise<string[]> {
  const [exported, imported] = [join(folder, "demo.zip"), join(folder, "made.zip")];
  await runConvex(deployment, ["export", "--path", exported]);
  const snapshot = await readSnapshot(exported);
  const maker = new ProductMaker(snapshot);
  const count = products - maker.templateCount;
  const tables = maker.tables(count);
  if (orders > 0) {
    tables.push(...new OrderMaker(snapshot, maker, { products: count, orders }).tables());
  }
  await writeSnapshot(imported, tables, tell);
  tell("importing");
  const timer = setInterval(() => tell("importing"), 30_000);
  try {
    await runConvex(deployment, ["import", "--replace", "--yes", imported]);
  } finally {
    clearInterval(timer);
  }
  for (const file of [exported, imported]) rmSync(file);
  return Array.from({ length: count }, (_, position) => maker.slug(position));
}
