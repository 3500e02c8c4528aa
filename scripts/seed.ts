import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { getFunctionName, type FunctionArgs, type FunctionReference } from "convex/server";
import sharp from "sharp";
import * as z from "zod";

import { internal } from "#convex/_generated/api.js";

import { readDemoCatalogue, type DemoCatalogue } from "./demo-catalogue.ts";

export interface SeedOptions {
  readonly url: string;
  readonly adminKey: string;
  /** One password for all demo accounts of a role. */
  readonly passwords: { readonly manager: string; readonly agent: string; readonly client: string };
  readonly log: (line: string) => void;
  /** The project's folder, which has the catalogue in `scripts/demo` and the pictures in `public`. */
  readonly projectFolder?: string;
}

const STEPS = ["pictures", "catalogue", "people", "reviews", "orders"] as const;

type Step = (typeof STEPS)[number];

type Connection = Pick<SeedOptions, "url" | "adminKey">;

const UPLOADS_AT_ONCE = 6;
const PRODUCTS_AT_ONCE = 12;
const REVIEWS_AT_ONCE = 40;
const ORDERS_AT_ONCE = 20;

const zReply = z.union([
  z.object({ status: z.literal("success"), value: z.unknown() }),
  z.object({ status: z.literal("error"), errorMessage: z.string() }),
]);

/**
 * Loads the demo shop into a deployment whose environment says `DEMO=1`. What is there already is
 * left alone, so it can be interrupted and repeated, and does nothing when it was finished.
 */
export async function seedDemo(options: SeedOptions): Promise<void> {
  const folder = options.projectFolder ?? process.cwd();
  const done = z.array(z.string()).parse(await run(options, internal.jobs.demo.finishedSteps, {}));
  if (STEPS.every((step) => done.includes(step))) return;
  const catalogue = readDemoCatalogue(join(folder, "scripts/demo"), Date.now());
  const load: Record<Step, () => Promise<void>> = {
    pictures: () => uploadPictures(options, join(folder, "public/demo"), catalogue.pictureFiles),
    catalogue: () => importCatalogue(options, catalogue),
    people: () => importPeople(options, catalogue, options.passwords),
    reviews: () => importReviews(options, catalogue),
    orders: () => importOrders(options, catalogue),
  };
  for (const step of STEPS) {
    if (done.includes(step)) continue;
    options.log(`Loading the demo shop: ${step}`);
    await load[step]();
    await run(options, internal.jobs.demo.finishStep, { step });
  }
}

async function uploadPictures(
  connection: Connection,
  folder: string,
  files: readonly string[],
): Promise<void> {
  const missing = z
    .array(z.string())
    .parse(await run(connection, internal.jobs.demo.missingFiles, { files: [...files] }));
  const queue = [...missing];
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      await uploadPicture(connection, folder, file);
    }
  };
  await Promise.all(Array.from({ length: UPLOADS_AT_ONCE }, worker));
}

async function uploadPicture(connection: Connection, folder: string, file: string): Promise<void> {
  const bytes = await readFile(join(folder, file));
  const { width, height } = await sharp(bytes).metadata();
  const uploadUrl = z.url().parse(await run(connection, internal.jobs.demo.uploadUrl, {}));
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
  await run(connection, internal.jobs.demo.recordFile, { file, storageId, width, height });
}

async function importCatalogue(connection: Connection, catalogue: DemoCatalogue): Promise<void> {
  await run(connection, internal.jobs.demo.importSettings, catalogue.settings);
  await run(connection, internal.jobs.demo.importCategories, {
    categories: [...catalogue.categories],
  });
  for (const products of batches(catalogue.products, PRODUCTS_AT_ONCE)) {
    await run(connection, internal.jobs.demo.importProducts, { products });
  }
}

async function importPeople(
  connection: Connection,
  { people }: DemoCatalogue,
  passwords: SeedOptions["passwords"],
): Promise<void> {
  for (const role of ["manager", "agent", "client"] as const) {
    await run(connection, internal.jobs.demo.importPeople, {
      people: people.filter((person) => person.role === role),
      password: passwords[role],
    });
  }
}

async function importReviews(connection: Connection, { reviews }: DemoCatalogue): Promise<void> {
  for (const batch of batches(reviews, REVIEWS_AT_ONCE)) {
    await run(connection, internal.jobs.demo.importReviews, { reviews: batch });
  }
}

async function importOrders(connection: Connection, { orders }: DemoCatalogue): Promise<void> {
  for (const batch of batches(orders, ORDERS_AT_ONCE)) {
    await run(connection, internal.jobs.demoOrders.importOrders, { orders: batch });
  }
}

/** Calls an internal function as the deployment's administrator, over its HTTP API. */
async function run<
  Reference extends FunctionReference<"query" | "mutation" | "action", "internal">,
>(
  { url, adminKey }: Connection,
  reference: Reference,
  args: Jsonish<FunctionArgs<Reference>>,
): Promise<unknown> {
  const path = getFunctionName(reference);
  const response = await fetch(`${url}/api/function`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Convex ${adminKey}` },
    body: JSON.stringify({ path, format: "json", args }),
  });
  const text = await response.text();
  const reply = zReply.safeParse(parseJson(text));
  if (!reply.success) throw new Error(`${path} answered ${String(response.status)}: ${text}`);
  if (reply.data.status === "error") throw new Error(`${path}: ${reply.data.errorMessage}`);
  return reply.data.value;
}

/** On the wire an id is a plain string; the function's own validators check which kind it is. */
type Jsonish<Args> = { [Key in keyof Args]: Args[Key] extends string ? string : Args[Key] };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function batches<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_unused, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
