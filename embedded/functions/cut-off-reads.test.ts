import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { DatabaseEngine } from "../database/engine.ts";
import { Storage, type ScanRequest, type ScanResult } from "../storage/storage.ts";
import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

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
}, 60_000);
afterAll(() => deployment.close());

/** Snapshots of the store are let go at the end of a turn; one that leaked is never. */
async function expectNoOpenReaders(): Promise<void> {
  const { database } = deployment;
  if (!(database instanceof DatabaseEngine)) throw new TypeError("It is another database.");
  const { storage } = database;
  await vi.waitFor(() => expect(storage.openReaders()).toBe(0), { timeout: 10_000, interval: 5 });
}

type Scan = (this: Storage, request: ScanRequest) => ScanResult;

/** More of the processor's time than the watchdog lets a function have. */
const SCAN_MS = 4_000;

/** Makes reading the rows take so much of the processor's time; other reads are as they are. */
function slowDownScans(firstId: unknown, scanMs: number): void {
  const { scan } = Storage.prototype as { readonly scan: Scan };
  vi.spyOn(Storage.prototype, "scan").mockImplementation(function (this: Storage, request) {
    const result = scan.call(this, request);
    const endsAt = processorMs() + scanMs;
    const isRows = result.entries[0]?.value.toString() === firstId;
    while (isRows && processorMs() < endsAt) scan.call(this, { ...request, limit: Infinity });
    return result;
  });
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
    slowDownScans(await deployment.value("rows:firstId"), SCAN_MS);
    const outcome = await (kind === "query"
      ? deployment.query("rows:readQuery")
      : deployment.mutation("rows:readMutation"));
    vi.restoreAllMocks();
    expect(outcome).toMatchObject({ ok: false, errorMessage: expect.stringMatching(/timed out/) });
    await expectNoOpenReaders();
    expect(await deployment.value("rows:count")).toBe(300);
  },
  60_000,
);

test("what the database takes does not count as the function's own time", async () => {
  // Nine times that is more than the second that a function has.
  slowDownScans(await deployment.value("rows:firstId"), 140);
  await expect(deployment.query("rows:readOften")).resolves.toMatchObject({ ok: true });
}, 60_000);
