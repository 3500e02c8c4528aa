import { ConvexHttpClient } from "convex/browser";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { fixtureSources, startTestBackend, type TestBackend } from "./test-backend.ts";
import { notes } from "./test-functions.ts";

let backend: TestBackend;

beforeEach(async () => {
  backend = await startTestBackend();
  await backend.setVariables({ JWKS: '{"keys":[]}' });
  await backend.deploy(fixtureSources("notes"));
}, 60_000);
afterEach(() => backend.dispose());

const client = () => new ConvexHttpClient(backend.url, { logger: false });
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 10 });
const HOUR_MS = 3_600_000;

/** Moves the clock, wakes the scheduler by a restart, and waits for a job that is due last of all. */
async function passTime(ms: number): Promise<void> {
  backend.clock.offsetMs += ms;
  backend = await backend.restart();
  const id = await client().mutation(notes.addLater, { text: "marker", delayMs: 0 });
  await until(async () => expect(await client().query(notes.job, { id })).toBe("success"));
}

const texts = async (author: string) =>
  (await client().query(notes.list, { author })).map(({ text }) => text);

test("a scheduled mutation runs when it is due, once, and its job says so", async () => {
  const id = await client().mutation(notes.addLater, { text: "later", delayMs: HOUR_MS });
  await passTime(HOUR_MS / 2);
  expect(await client().query(notes.job, { id })).toBe("pending");
  expect(await texts("scheduler")).not.toContain("later");
  await passTime(HOUR_MS / 2);
  expect(await client().query(notes.job, { id })).toBe("success");
  await passTime(HOUR_MS);
  expect((await texts("scheduler")).filter((text) => text === "later")).toHaveLength(1);
});

test("a scheduled action runs with the right to call internal functions", async () => {
  const id = await client().mutation(notes.callLater, { text: "by action" });
  await until(async () => expect(await client().query(notes.job, { id })).toBe("success"));
  expect(await texts("job")).toEqual(["by action"]);
});

test("a canceled job never runs", async () => {
  const id = await client().mutation(notes.addLater, { text: "canceled", delayMs: HOUR_MS });
  const other = await client().mutation(notes.addLater, { text: "kept", delayMs: HOUR_MS });
  await client().mutation(notes.cancel, { id });
  await passTime(2 * HOUR_MS);
  expect(await client().query(notes.job, { id: other })).toBe("success");
  expect(await client().query(notes.job, { id })).toBe("canceled");
  expect(await texts("scheduler")).not.toContain("canceled");
});

test("jobs that fall due while the deployment is down run after a restart, each once", async () => {
  const ids = [];
  for (let index = 0; index < 20; index += 1) {
    ids.push(await client().mutation(notes.addLater, { text: `job ${index}`, delayMs: HOUR_MS }));
  }
  backend.clock.offsetMs += 2 * HOUR_MS;
  backend = await backend.restart();
  for (const id of ids) {
    await until(async () => expect(await client().query(notes.job, { id })).toBe("success"));
  }
  const done = await texts("scheduler");
  expect(done.sort()).toEqual(Array.from({ length: 20 }, (_, index) => `job ${index}`).sort());
}, 30_000);

test("a mutation that throws leaves its job failed with the error and nothing written", async () => {
  const failing = fixtureSources("notes");
  await backend.deploy({
    ...failing,
    notes: failing["notes"]!.replace(
      'await ctx.db.insert("notes", { ...note, stars: 0 });',
      'await ctx.db.insert("notes", { ...note, stars: 0 }); throw new Error("no notes today");',
    ),
  });
  const id = await client().mutation(notes.addLater, { text: "never", delayMs: 0 });
  await until(async () => expect(await client().query(notes.job, { id })).toBe("failed"));
  expect(await texts("scheduler")).toEqual([]);
});

test("a job whose function is gone fails instead of staying due", async () => {
  const id = await client().mutation(notes.addLater, { text: "x", delayMs: HOUR_MS });
  const sources = fixtureSources("notes");
  const renamed = sources["notes"]!.replaceAll("addInternally", "addOtherwise");
  await backend.deploy({
    ...sources,
    notes: renamed,
    jobs: sources["jobs"]!.replace("addInternally", "addOtherwise"),
    crons: sources["crons"]!.replaceAll("addInternally", "addOtherwise"),
  });
  await passTime(2 * HOUR_MS);
  expect(await client().query(notes.job, { id })).toBe("failed");
});

test("a finished job is forgotten after a week", async () => {
  const id = await client().mutation(notes.addLater, { text: "old", delayMs: 0 });
  await until(async () => expect(await client().query(notes.job, { id })).toBe("success"));
  await passTime(6 * 24 * HOUR_MS);
  expect(await client().query(notes.job, { id })).toBe("success");
  await passTime(2 * 24 * HOUR_MS);
  await until(async () => expect(await client().query(notes.job, { id })).toBeNull());
});

test("a cron job of an interval runs at deploy, then each hour, and skips what it missed", async () => {
  const runs = async () => (await texts("cron")).filter((text) => text !== "report").length;
  await until(async () => expect(await runs()).toBe(1));
  await backend.deploy(fixtureSources("notes"));
  await passTime(0);
  expect(await runs()).toBe(1);
  await passTime(HOUR_MS);
  await until(async () => expect(await runs()).toBe(2));
  await passTime(10 * HOUR_MS);
  await until(async () => expect(await runs()).toBe(3));
  await passTime(0);
  expect(await runs()).toBe(3);
}, 30_000);
