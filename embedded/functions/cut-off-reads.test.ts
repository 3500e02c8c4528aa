import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { DatabaseEngine } from "../database/engine.ts";
import type { Lmdb } from "../storage/open-lmdb.ts";
import { lowerLimit, upperLimit, type LogicalEntry } from "../storage/physical-key.ts";
import { Storage } from "../storage/storage.ts";
import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

type OnRead = (
  lmdb: Lmdb,
  range: { readonly start: Buffer; readonly end: Buffer },
  entries: readonly LogicalEntry[],
) => void;

/** Called behind each read of a range of LMDB, in the turn of whoever reads. */
const onRead = vi.hoisted(() => vi.fn<OnRead>());
vi.mock(import("../storage/lmdb-scan.ts"), async (importOriginal) => {
  const { scanLmdb } = await importOriginal();
  return {
    scanLmdb(lmdb, request, transaction) {
      const entries = scanLmdb(lmdb, request, transaction);
      const { index, lower, upper } = request;
      onRead(lmdb, { start: lowerLimit(index, lower), end: upperLimit(index, upper) }, entries);
      return entries;
    },
  };
});

let deployment: TestDeployment;
beforeAll(async () => {
  deployment = await startTestDeployment({
    rows: `
      import { mutationGeneric as mutation, queryGeneric as query } from "convex/server";
      export const fill = mutation(async (ctx) => {
        for (let number = 0; number < 300; number += 1) await ctx.db.insert("rows", { number });
      });
      export const count = query(async (ctx) => (await ctx.db.query("rows").collect()).length);
      export const firstId = query(async (ctx) => (await ctx.db.query("rows").first())._id);
      const read = async (ctx) => void (await ctx.db.query("rows").first());
      export const readQuery = query(read);
      export const readMutation = mutation(read);
      export const readOften = query(async (ctx) => {
        for (let count = 0; count < 9; count += 1) await read(ctx);
      });
    `,
  });
  await deployment.change("rows:fill");
  // From here on everything is in LMDB.
  (await storageOf(deployment).openSnapshot()).close();
}, 60_000);
afterAll(() => deployment.close());

function storageOf({ database }: TestDeployment): Storage {
  if (!(database instanceof DatabaseEngine)) throw new TypeError("It is another database.");
  return database.storage;
}

async function firstId(): Promise<string> {
  return String(await deployment.value("rows:firstId"));
}

/** Snapshots of the store are let go at the end of a turn; one that leaked is never. */
async function expectNoOpenReaders(): Promise<void> {
  const storage = storageOf(deployment);
  await vi.waitFor(() => expect(storage.openReaders()).toBe(0), { timeout: 10_000, interval: 5 });
}

/** More of the processor's time than the watchdog lets a function have. */
const SCAN_MS = 4_000;

/**
 * Makes reading the rows take so much of the processor's time, from LMDB's first row on; other reads
 * are as they are.
 */
function slowDownScans(firstId: string, scanMs: number): void {
  onRead.mockImplementation((lmdb, range, entries) => {
    if (entries[0]?.key.includes(firstId) !== true) return;
    const endsAt = processorMs() + scanMs;
    const rows = lmdb.getRange(range)[Symbol.iterator]();
    rows.next();
    while (processorMs() < endsAt);
    rows.return?.();
  });
}

/** How many snapshots are open whenever reads are recovered. */
function noteRecoveries(): readonly number[] {
  const openReaders: number[] = [];
  const { recoverReads } = Storage.prototype as { recoverReads: (this: Storage) => void };
  vi.spyOn(Storage.prototype, "recoverReads").mockImplementation(function (this: Storage) {
    openReaders.push(this.openReaders());
    recoverReads.call(this);
  });
  return openReaders;
}

/** Of all threads: a busy machine's clock runs on while they wait. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

test.each(["query", "mutation"] as const)(
  "a %s that is ended inside a read leaves no snapshot open",
  async (kind) => {
    expect(await deployment.value("rows:count")).toBe(300);
    slowDownScans(await firstId(), SCAN_MS);
    const openReaders = noteRecoveries();
    const outcome = await (kind === "query"
      ? deployment.query("rows:readQuery")
      : deployment.mutation("rows:readMutation"));
    vi.restoreAllMocks();
    onRead.mockReset();
    expect(openReaders).toEqual([1]);
    expect(outcome).toMatchObject({ ok: false, errorMessage: expect.stringMatching(/timed out/) });
    await expectNoOpenReaders();
    expect(await deployment.value("rows:count")).toBe(300);
  },
  60_000,
);

test("what the database takes does not count as the function's own time", async () => {
  const begunAtMs = processorMs();
  // Nine times that is more than the second that a function has.
  slowDownScans(await firstId(), 140);
  await expect(deployment.query("rows:readOften")).resolves.toMatchObject({ ok: true });
  expect(processorMs() - begunAtMs).toBeGreaterThan(9 * 140);
}, 60_000);
