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
    `,
  });
  await deployment.change("rows:fill");
}, 60_000);
afterAll(() => deployment.close());

/** Snapshots of the store that are held open once the turn is over. */
async function openReaders(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { database } = deployment;
  if (!(database instanceof DatabaseEngine)) throw new TypeError("It is another database.");
  return database.storage.openReaders();
}

type Scan = (this: Storage, request: ScanRequest) => ScanResult;

/** Longer than the watchdog lets a function run. */
const SCAN_MS = 4_000;

/** Makes reading the rows take so long that it is cut off; other reads are as they are. */
function slowDownScans(firstId: unknown): void {
  const { scan } = Storage.prototype as { readonly scan: Scan };
  vi.spyOn(Storage.prototype, "scan").mockImplementation(function (this: Storage, request) {
    const result = scan.call(this, request);
    const endsAt = performance.now() + SCAN_MS;
    const isRows = result.entries[0]?.value.toString() === firstId;
    while (isRows && performance.now() < endsAt) scan.call(this, { ...request, limit: Infinity });
    return result;
  });
}

test.each(["query", "mutation"] as const)(
  "a %s that is ended inside a read leaves no snapshot open",
  async (kind) => {
    expect(await deployment.value("rows:count")).toBe(300);
    slowDownScans(await deployment.value("rows:firstId"));
    const outcome = await (kind === "query"
      ? deployment.query("rows:readQuery")
      : deployment.mutation("rows:readMutation"));
    vi.restoreAllMocks();
    expect(outcome).toMatchObject({ ok: false, errorMessage: expect.stringMatching(/timed out/) });
    expect(await openReaders()).toBe(0);
    expect(await deployment.value("rows:count")).toBe(300);
  },
  60_000,
);
