import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { fixtureSources, pushTo } from "./test-backend.ts";
import { notes } from "./test-functions.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const PATIENCE = { timeout: 20_000 };
let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "interrupted-"))));
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the program, below a shell's limits when there are any. */
async function start(limits = "true") {
  const command = `${limits}; exec "${process.execPath}" --import tsx "${MAIN}" --port 0 --data "${folder}"`;
  const child = spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  const output = { text: "" };
  const collect = (chunk: Buffer) => (output.text += chunk.toString());
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  await vi.waitFor(() => expect(output.text).toMatch(/Admin key/), { timeout: 30_000 });
  const url = /http:\S+?(?=,)/.exec(output.text)![0];
  const adminKey = /Admin key: (\S+)/.exec(output.text)![1]!;
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, url, adminKey, output, exited };
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
  expect(await again.query(notes.list, { author: "a" })).toHaveLength(acknowledged);
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
