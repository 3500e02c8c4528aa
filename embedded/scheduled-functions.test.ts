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
const texts = async (author: string) =>
  (await client().query(notes.list, { author })).map(({ text }) => text);

test("a scheduled mutation runs when it is due, once, and its job says so", async () => {
  const id = await client().mutation(notes.addLater, { text: "later", delayMs: 300 });
  expect(await client().query(notes.job, { id })).toBe("pending");
  expect(await texts("scheduler")).toEqual([]);
  await until(async () => expect(await client().query(notes.job, { id })).toBe("success"));
  expect(await texts("scheduler")).toEqual(["later"]);
});

test("a scheduled action runs with the right to call internal functions", async () => {
  const id = await client().mutation(notes.callLater, { text: "by action" });
  await until(async () => expect(await client().query(notes.job, { id })).toBe("success"));
  expect(await texts("job")).toEqual(["by action"]);
});

test("a canceled job never runs", async () => {
  const id = await client().mutation(notes.addLater, { text: "canceled", delayMs: 200 });
  const other = await client().mutation(notes.addLater, { text: "kept", delayMs: 250 });
  await client().mutation(notes.cancel, { id });
  await until(async () => expect(await client().query(notes.job, { id: other })).toBe("success"));
  expect(await client().query(notes.job, { id })).toBe("canceled");
  expect(await texts("scheduler")).toEqual(["kept"]);
});

test("jobs that fall due while the deployment is down run after a restart, each once", async () => {
  const ids = [];
  for (let index = 0; index < 20; index += 1) {
    ids.push(await client().mutation(notes.addLater, { text: `job ${index}`, delayMs: 500 }));
  }
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
  const id = await client().mutation(notes.addLater, { text: "x", delayMs: 1500 });
  const sources = fixtureSources("notes");
  await backend.deploy({
    ...sources,
    notes: sources["notes"]!.replace("export const addInternally", "const addInternally"),
    crons: 'import { cronJobs } from "convex/server"; export default cronJobs();',
  });
  await until(async () => expect(await client().query(notes.job, { id })).toBe("failed"));
});

test("a cron job of an interval runs at deploy, and not again for an unchanged deploy", async () => {
  await until(async () => expect(await texts("cron")).toEqual(["the hour has come"]));
  await backend.deploy(fixtureSources("notes"));
  backend = await backend.restart();
  const id = await client().mutation(notes.addLater, { text: "marker", delayMs: 100 });
  await until(async () => expect(await client().query(notes.job, { id })).toBe("success"));
  expect(await texts("cron")).toEqual(["the hour has come"]);
}, 30_000);
