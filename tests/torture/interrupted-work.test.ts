/**
 * Kills in the middle of what takes long: imports, and indexes that a deploy builds. `TORTURE_SEED`
 * repeats the choices of a run that failed.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { beforeEach, expect, onTestFinished, test } from "vitest";

import { temporaryFolder } from "#embedded/storage/test-folder.ts";
import type { Announcement } from "#embedded/test-announcement.ts";
import { finishPush, pushTo, startPush, waitForSchema } from "#embedded/test-backend.ts";
import {
  confirm,
  importFile,
  stableImport,
  upload,
  type TransferState,
} from "#embedded/test-transfer.ts";

import { BackendProgram } from "./backend-program.ts";
import { leftAfterStart, leftByKill, type LeftByKill } from "./left-by-kill.ts";
import { Random } from "./random.ts";

const SEED = Number(process.env["TORTURE_SEED"] ?? Date.now() % 1_000_000);
const AGAIN = `again: TORTURE_SEED=${SEED}`;
/** Of these many kills one at least comes before the work is done; until one does, others follow. */
const MIN_ROUNDS = 2;
const MAX_ROUNDS = 10;
/** Their entries fill several of the batches that an import writes. */
const ROWS = 2_000;
const ROW_BYTES = 1_600;
const APPENDED_ROWS = 500;
const PART_BYTES = 1_000_000;
/** How often the backend is killed once more while it starts and takes the work up. */
const SECOND_KILL_CHANCE = 0.5;

const NARROW = `
  import { defineSchema, defineTable } from "convex/server";
  import { v } from "convex/values";
  const items = defineTable({ generation: v.number(), number: v.number(), text: v.string() })
    .index("by_generation", ["generation", "number"]);
  export default defineSchema({
    items,
    others: defineTable({ number: v.number(), text: v.string() }).index("by_number", ["number"]),
    counters: defineTable({ name: v.string(), value: v.number() }).index("by_name", ["name"]),
  });
`;
const WIDE = NARROW.replace(
  `["generation", "number"]);`,
  `["generation", "number"])
    .index("by_text", ["text"])
    .index("by_number", ["number", "text"])
    .searchIndex("search_text", { searchField: "text", filterFields: ["generation"] });`,
);
const FUNCTIONS = `
  import { mutation, query } from "./_generated/server";
  export const work = mutation(async (ctx, { name, generation }) => {
    const known = await ctx.db.query("counters").withIndex("by_name", (q) => q.eq("name", name)).unique();
    const value = (known?.value ?? 0) + 1;
    if (known === null) await ctx.db.insert("counters", { name, value });
    else await ctx.db.patch(known._id, { value });
    if (generation !== null) await ctx.db.insert("items", { generation, number: value, text: name });
    return value;
  });
  export const everything = query(async (ctx) => {
    const items = {};
    for (const { generation, number } of await ctx.db.query("items").withIndex("by_generation").collect()) {
      (items["g" + generation] ??= []).push(number);
    }
    return {
      items,
      others: JSON.stringify(await ctx.db.query("others").collect()),
      counters: Object.fromEntries(
        (await ctx.db.query("counters").collect()).map(({ name, value }) => [name, value]),
      ),
    };
  });
`;
const INDEXED = `
  import { query } from "./_generated/server";
  export const counts = query(async (ctx) => {
    const items = ctx.db.query("items");
    return {
      text: (await items.withIndex("by_text").collect()).length,
      number: (await items.withIndex("by_number", (q) => q.eq("number", 7)).collect()).length,
      found: (await items.withSearchIndex("search_text", (q) =>
        q.search("text", "seventh").eq("generation", 0)).collect()).length,
    };
  });
`;

interface Everything {
  /** Numbers of the rows of each generation, in order. */
  readonly items: Readonly<Record<string, readonly number[]>>;
  readonly others: string;
  readonly counters: Readonly<Record<string, number>>;
}

const functions = {
  work: makeFunctionReference<"mutation", { name: string; generation: number | null }, number>(
    "rows:work",
  ),
  everything: makeFunctionReference<"query", Record<string, never>, Everything>("rows:everything"),
  counts: makeFunctionReference<"query", Record<string, never>, Record<string, number>>(
    "indexed:counts",
  ),
};

let random: Random;
let program: BackendProgram;
let folder: string;
let deployment: Announcement;
let others: string;
/** What each lane was told last: its counter has this value at least, and one more at most. */
let acknowledged: Map<string, number>;
let workMs: number;

beforeEach(async () => {
  random = new Random(SEED);
  acknowledged = new Map();
  folder = join(temporaryFolder(), "data");
  program = await BackendProgram.create(folder);
  onTestFinished(async () => {
    await program.kill();
  });
  program.spawn();
  deployment = await program.ready();
  await push(NARROW);
  const rows = { format: "jsonLines", tableName: "others" } as const;
  completed(await importFile(deployment, lines(null, 200), rows));
  const importId = await begin(lines(0, ROWS), "append");
  const begunAt = performance.now();
  await confirm(deployment, importId);
  completed(await stableImport(deployment, importId));
  workMs = performance.now() - begunAt;
  ({ others } = await everything());
}, 120_000);

test("a replacing import that is killed is there whole or not at all, and done after the restart", async () => {
  let unfinished = 0;
  for (let generation = 1; isToGoOn(generation, unfinished); generation += 1) {
    const importId = await begin(lines(generation, ROWS), "replace");
    const kills = await workAndKill(null, () => confirm(deployment, importId));
    unfinished += kills.filter(({ imports }) => imports.includes("in_progress")).length;
    const interrupted = await everything();
    const [shown] = Object.keys(interrupted.items);
    expect([`g${generation - 1}`, `g${generation}`], AGAIN).toContain(shown);
    expect(interrupted.items, AGAIN).toEqual({ [shown ?? ""]: numbers(ROWS) });
    completed(await stableImport(deployment, importId));
    await expectUnharmed({ [`g${generation}`]: numbers(ROWS) });
  }
  expect(unfinished, AGAIN).toBeGreaterThan(0);
  await expectNothingLeft();
}, 120_000);

test("an appending import that is killed brings every row once, between those of others", async () => {
  let unfinished = 0;
  const expected: Record<string, readonly number[]> = { g0: numbers(ROWS) };
  for (let generation = 1; isToGoOn(generation, unfinished); generation += 1) {
    const importId = await begin(lines(generation, APPENDED_ROWS), "append");
    const kills = await workAndKill(-generation, () => confirm(deployment, importId));
    unfinished += kills.filter(({ imports }) => imports.includes("in_progress")).length;
    completed(await stableImport(deployment, importId));
    expected[`g${generation}`] = numbers(APPENDED_ROWS);
    expected[`g${-generation}`] = await rowsOfLanes();
    await expectUnharmed(expected);
  }
  expect(unfinished, AGAIN).toBeGreaterThan(0);
  await expectNothingLeft();
}, 120_000);

test("a deploy that is killed while it builds indexes goes on after the restart", async () => {
  let unfinished = 0;
  const expected: Record<string, readonly number[]> = { g0: numbers(ROWS) };
  for (let round = 1; isToGoOn(round, unfinished); round += 1) {
    const started = await startPush(deployment.url, deployment.adminKey, sourcesOf(WIDE));
    const preparation = { isBuilt: false };
    await workAndKill(-round, () => {
      const built = waitForSchema(deployment.url, deployment.adminKey, started);
      built.then(() => (preparation.isBuilt = true)).catch(() => undefined);
      return Promise.resolve();
    });
    unfinished += preparation.isBuilt ? 0 : 1;
    expected[`g${-round}`] = await rowsOfLanes();
    await expectUnharmed(expected);
    await finishPush(deployment.url, deployment.adminKey, started);
    const rows = Object.values(expected).flat();
    expect(await client().query(functions.counts, {}), AGAIN).toEqual({
      text: rows.length,
      number: rows.filter((number) => number === 7).length,
      found: 1,
    });
    if (isToGoOn(round + 1, unfinished)) await push(NARROW);
  }
  expect(unfinished, AGAIN).toBeGreaterThan(0);
  await expectNothingLeft();
}, 120_000);

function isToGoOn(round: number, unfinished: number): boolean {
  return round <= MIN_ROUNDS || (unfinished === 0 && round <= MAX_ROUNDS);
}

function sourcesOf(schema: string) {
  return { schema, rows: FUNCTIONS, ...(schema === WIDE ? { indexed: INDEXED } : {}) };
}

function push(schema: string): Promise<void> {
  return pushTo(deployment.url, deployment.adminKey, sourcesOf(schema));
}

function client(): ConvexHttpClient {
  return new ConvexHttpClient(deployment.url, { logger: false });
}

function everything(): Promise<Everything> {
  return client().query(functions.everything, {});
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

/** JSON lines; the generation is that of items, `null` for others. */
function lines(generation: number | null, count: number): string {
  const filler = "lorem ipsum dolor sit amet ".repeat(ROW_BYTES / 27);
  return numbers(count)
    .map((number) => {
      const text = `${number === 7 ? "seventh" : "another"} ${filler}${number}`;
      return JSON.stringify({ ...(generation === null ? {} : { generation }), number, text });
    })
    .join("\n");
}

/** Uploads a file; resolves to the id of an import that waits to be confirmed. */
async function begin(rows: string, mode: "append" | "replace"): Promise<string> {
  const options = { format: "jsonLines", tableName: "items", mode, partBytes: PART_BYTES } as const;
  const importId = await upload(deployment, Buffer.from(rows), options);
  expect((await stableImport(deployment, importId)).state).toBe("waiting_for_confirmation");
  return importId;
}

/**
 * Kills the backend some time after the work has begun, sometimes again while it takes it up, and starts
 * it for good. Meanwhile clients call mutations, with a generation they insert items of it.
 */
async function workAndKill(
  generation: number | null,
  beginWork: () => Promise<void>,
): Promise<readonly LeftByKill[]> {
  const moments = { first: random.float(), second: random.float(), chance: random.float() };
  acknowledged = new Map();
  const lanes = [0, 1, 2, 3].map((lane) => keepWorking(`${random.float()} ${lane}`, generation));
  await beginWork();
  await delay(moments.first * workMs);
  await program.kill();
  await Promise.all(lanes);
  const kills = [await leftByKill(folder)];
  if (moments.chance < SECOND_KILL_CHANCE) {
    program.spawn();
    await delay(program.startMs + moments.second * workMs);
    await program.kill();
    kills.push(await leftByKill(folder));
  }
  program.spawn();
  deployment = await program.ready();
  return kills;
}

/** Until the backend does not answer any more. */
async function keepWorking(name: string, generation: number | null): Promise<void> {
  const http = client();
  acknowledged.set(name, 0);
  try {
    for (;;) acknowledged.set(name, await http.mutation(functions.work, { name, generation }));
  } catch {
    // It was killed.
  }
}

/** The numbers that the lanes' rows have, from what their counters say. */
async function rowsOfLanes(): Promise<number[]> {
  const { counters } = await everything();
  return [...acknowledged.keys()]
    .flatMap((name) => numbers(counters[name] ?? 0).map((number) => number + 1))
    .sort((one, other) => one - other);
}

/** What was acknowledged is there, and nothing else than what is expected. */
async function expectUnharmed(items: Everything["items"]): Promise<void> {
  const found = await everything();
  expect(found.items, AGAIN).toEqual(items);
  expect(found.others, AGAIN).toBe(others);
  for (const [name, value] of acknowledged) {
    expect([value, value + 1], AGAIN).toContain(found.counters[name] ?? 0);
  }
  expect(program.faults, AGAIN).toEqual([]);
}

/** In the store there is nothing that no table has. */
async function expectNothingLeft(): Promise<void> {
  await program.kill();
  expect(await leftAfterStart(folder), AGAIN).toBe(0);
}

function completed({ state, error_message: message }: TransferState): void {
  expect({ state, message }, AGAIN).toEqual({ state: "completed", message: undefined });
}
