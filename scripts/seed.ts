import { readFile } from "node:fs/promises";
import { join } from "node:path";

import sharp from "sharp";
import * as z from "zod";

import { internal } from "#convex/_generated/api.js";

import { readDemoCatalogue, type DemoCatalogue } from "./demo-catalogue.ts";
import { missingSteps, type DemoStep } from "./demo-steps.ts";
import type { Deployment } from "./deployment.ts";
import { callInternal } from "./internal-call.ts";

export interface SeedOptions extends Deployment {
  /** One password for all demo accounts of a role. */
  readonly passwords: { readonly manager: string; readonly agent: string; readonly client: string };
  readonly log: (line: string) => void;
  /** The project's folder, which has the catalogue in `scripts/demo` and the pictures in `public`. */
  readonly projectFolder?: string;
}

const UPLOADS_AT_ONCE = 6;
const PRODUCTS_AT_ONCE = 12;
const REVIEWS_AT_ONCE = 40;
const ORDERS_AT_ONCE = 20;

/**
 * Loads the demo shop into a deployment whose environment says `DEMO=1`. What is there already is
 * left alone, so it can be interrupted and repeated, and does nothing when it was finished.
 */
export async function seedDemo(options: SeedOptions): Promise<void> {
  const folder = options.projectFolder ?? process.cwd();
  const missing = await missingSteps(options);
  if (missing.length === 0) return;
  const catalogue = readDemoCatalogue(join(folder, "scripts/demo"), Date.now());
  const load: Record<DemoStep, () => Promise<void>> = {
    pictures: () => uploadPictures(options, join(folder, "public/demo"), catalogue.pictureFiles),
    catalogue: () => importCatalogue(options, catalogue),
    people: () => importPeople(options, catalogue, options.passwords),
    reviews: () => importReviews(options, catalogue),
    orders: () => importOrders(options, catalogue),
  };
  for (const step of missing) {
    options.log(`Loading the demo shop: ${step}`);
    await load[step]();
    await callInternal(options, internal.jobs.demo.finishStep, { step });
  }
}

async function uploadPictures(
  connection: Deployment,
  folder: string,
  files: readonly string[],
): Promise<void> {
  const missing = z
    .array(z.string())
    .parse(await callInternal(connection, internal.jobs.demo.missingFiles, { files: [...files] }));
  const queue = [...missing];
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      await uploadPicture(connection, folder, file);
    }
  };
  await Promise.all(Array.from({ length: UPLOADS_AT_ONCE }, worker));
}

async function uploadPicture(connection: Deployment, folder: string, file: string): Promise<void> {
  const bytes = await readFile(join(folder, file));
  const { width, height } = await sharp(bytes).metadata();
  const uploadUrl = z.url().parse(await callInternal(connection, internal.jobs.demo.uploadUrl, {}));
  const response = await fetch(uploadUrl, {
    method: "POST",
    headers: { "Content-Type": "image/webp" },
    body: bytes,
  });
  if (!response.ok) {
    throw new Error(
      `Uploading ${file} failed: ${String(response.status)} ${await response.text()}`,
    );
  }
  const { storageId } = z.object({ storageId: z.string() }).parse(await response.json());
  await callInternal(connection, internal.jobs.demo.recordFile, { file, storageId, width, height });
}

async function importCatalogue(connection: Deployment, catalogue: DemoCatalogue): Promise<void> {
  await callInternal(connection, internal.jobs.demo.importSettings, catalogue.settings);
  await callInternal(connection, internal.jobs.demo.importCategories, {
    categories: [...catalogue.categories],
  });
  for (const products of batches(catalogue.products, PRODUCTS_AT_ONCE)) {
    await callInternal(connection, internal.jobs.demo.importProducts, { products });
  }
}

async function importPeople(
  connection: Deployment,
  { people }: DemoCatalogue,
  passwords: SeedOptions["passwords"],
): Promise<void> {
  for (const role of ["manager", "agent", "client"] as const) {
    await callInternal(connection, internal.jobs.demo.importPeople, {
      people: people.filter((person) => person.role === role),
      password: passwords[role],
    });
  }
}

async function importReviews(connection: Deployment, { reviews }: DemoCatalogue): Promise<void> {
  for (const batch of batches(reviews, REVIEWS_AT_ONCE)) {
    await callInternal(connection, internal.jobs.demo.importReviews, { reviews: batch });
  }
}

async function importOrders(connection: Deployment, { orders }: DemoCatalogue): Promise<void> {
  for (const batch of batches(orders, ORDERS_AT_ONCE)) {
    await callInternal(connection, internal.jobs.demoOrders.importOrders, { orders: batch });
  }
}

function batches<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_unused, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
