import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { beforeEach, expect, test, vi } from "vitest";

import { temporaryFolder } from "./storage/test-folder.ts";
import { fixtureSources, pushTo } from "./test-backend.ts";
import { notes } from "./test-functions.ts";
import { startProgram } from "./test-program.ts";

const PATIENCE = { timeout: 20_000 };
let folder: string;

beforeEach(() => void (folder = temporaryFolder()));

/** Starts the program, below a shell's limits when there are any. */
function start(shell?: string) {
  const options = shell === undefined ? {} : { shell };
  return startProgram(["--port", "0", "--data", folder], options);
}

test("when its data folder fails it says so and ends, and what it acknowledged is there", async () => {
  const { url, adminKey, output, exited } = await start("trap '' XFSZ; ulimit -f 6000");
  await pushTo(url, adminKey, fixtureSources("notes"));
  const client = new ConvexHttpClient(url, { logger: false });
  const text = "x".repeat(200_000);
  let acknowledged = 0;
  const writing = (async () => {
    for (;;) {
      await client.mutation(notes.add, { author: "a", text });
      acknowledged += 1;
    }
  })();
  await expect(writing).rejects.toThrow();
  expect(await exited).toBe(1);
  expect(output.text).toMatch(/^Writing to the data folder failed, the database has stopped: /m);

  const restarted = await start();
  const again = new ConvexHttpClient(restarted.url, { logger: false });
  expect(acknowledged).toBeGreaterThan(2);
  const found = await again.query(notes.list, { author: "a" });
  // The last one may have come to the disk before the failure, and its answer not to the client.
  expect(found.length - acknowledged).toBeOneOf([0, 1]);
}, 90_000);

test("a cron action that a crash interrupted is not run again, and its next occurrence is", async () => {
  const counter = makeFunctionReference<"query", { name: string }, number>("notes:counter");
  const first = await start();
  await pushTo(first.url, first.adminKey, {
    ...fixtureSources("notes"),
    hanging: `
      import { internalAction } from "./_generated/server";
      import { api } from "./_generated/api";
      export const run = internalAction({
        handler: async (ctx) => {
          await ctx.runMutation(api.notes.increment, { name: "started" });
          await new Promise(() => {});
        },
      });
    `,
    crons: `
      import { cronJobs } from "convex/server";
      import { internal } from "./_generated/api";
      const crons = cronJobs();
      crons.interval("hang", { seconds: 6 }, internal.hanging.run, {});
      export default crons;
    `,
  });
  const started = async (url: string) =>
    new ConvexHttpClient(url, { logger: false }).query(counter, { name: "started" });
  await vi.waitFor(async () => expect(await started(first.url)).toBe(1), PATIENCE);
  first.child.kill("SIGKILL");
  await first.exited;
  const second = await start();
  expect(await started(second.url)).toBeLessThanOrEqual(2);
  await vi.waitFor(async () => expect(await started(second.url)).toBe(2), PATIENCE);
}, 90_000);
