/** Scheduled mutations of functions that have to wait because they keep others waiting. */
import { expect, test, vi } from "vitest";

import { commitWrites } from "../database/commit-writes.ts";
import { commit, openTestDatabase } from "../database/test-database.ts";
import type { FunctionRequest, FunctionRunner, JobEnvelope } from "../functions/types.ts";
import { insertJob, listJobs, listJobsExcept } from "../runtime/job-records.ts";
import { RUNTIME_SYSTEM_TABLES } from "../runtime/runtime-tables.ts";
import { CRON_JOBS_TABLE } from "./cron-store.ts";
import { Scheduler } from "./scheduler.ts";

/** A deployment whose function `bad` is a suspect: each run of it waits for `release`. */
async function openJobs() {
  const { db, nowMs } = await openTestDatabase({
    systemTables: [CRON_JOBS_TABLE, ...RUNTIME_SYSTEM_TABLES],
  });
  const releases: (() => void)[] = [];
  const done: string[] = [];
  const runScheduledMutation = async (request: FunctionRequest, envelope: JobEnvelope) => {
    await new Promise(setImmediate);
    if (request.path === "jobs.js:bad") {
      if (!envelope.putOff()) return { kind: "dropped" };
      await new Promise<void>((resolve) => releases.push(resolve));
    }
    await commitWrites(db, (transaction) => {
      if (!envelope.begin(transaction)) throw new Error("It ran before.");
      envelope.complete(transaction, { error: null });
    });
    done.push(request.argsJson);
    return { kind: "ran" };
  };
  const functionType = () => Promise.resolve("mutation");
  const runner = { functionType, runScheduledMutation } as unknown as FunctionRunner;
  const onError = vi.fn();
  const schedule = (exportName: string, count: number) =>
    commit(db, (transaction) => {
      for (let at = 0; at < count; at += 1) {
        insertJob(transaction, {
          ownerPath: "",
          target: { componentPath: "", module: "jobs.js", exportName },
          argsJson: `["${exportName} ${at}"]`,
          scheduledTimeMs: nowMs + at,
          isCanceled: false,
          nowMs,
        });
      }
    });
  const createScheduler = () =>
    new Scheduler({ database: db, runner, now: () => nowMs + 10_000, onError });
  const pending = () => [...listJobs(db.begin(), "pending")].map(({ argsJson }) => argsJson);
  return { db, releases, done, onError, schedule, createScheduler, pending };
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 1 });
const named = (name: string, count: number) =>
  Array.from({ length: count }, (_, at) => `["${name} ${at}"]`);

test("one job of a suspect waits, and jobs of others run however many of its are due", async () => {
  const { releases, done, onError, schedule, createScheduler, pending } = await openJobs();
  schedule("bad", 200);
  const scheduler = createScheduler();
  await scheduler.start();
  await until(() => expect(releases).toHaveLength(1));
  schedule("good", 30);
  await until(() => expect(done).toHaveLength(30));
  expect(done).toEqual(named("good", 30));
  expect(releases).toHaveLength(1);
  expect(pending()).toHaveLength(200);
  expect(onError).not.toHaveBeenCalled();
  const stopped = scheduler.stop(1_000);
  releases[0]?.();
  await stopped;
});

test("the jobs of a suspect run one after the other, in order, each once, over restarts too", async () => {
  const { releases, done, onError, schedule, createScheduler, pending } = await openJobs();
  schedule("bad", 12);
  const runFive = async () => {
    const scheduler = createScheduler();
    await scheduler.start();
    for (let run = 0; run < 5; run += 1) {
      await until(() => expect(releases).toHaveLength(1));
      releases.pop()?.();
    }
    const stopped = scheduler.stop(1_000);
    await stopped;
  };
  await runFive();
  expect(pending()).toEqual(named("bad", 12).slice(5));
  await runFive();
  expect(done).toEqual(named("bad", 10));
  expect(onError).not.toHaveBeenCalled();
});

test("leaving out a function's jobs costs no reading of them; the others are in order", async () => {
  const { db, schedule } = await openJobs();
  schedule("bad", 1_000);
  schedule("one", 3);
  schedule("two", 2);
  const transaction = db.begin();
  const jobs = listJobsExcept(transaction, "pending", ({ path }) => path === "jobs.js:bad");
  expect([...jobs].map(({ argsJson }) => argsJson)).toEqual([
    '["one 0"]',
    '["two 0"]',
    '["one 1"]',
    '["two 1"]',
    '["one 2"]',
  ]);
  expect(transaction.usage.documentsRead).toBeLessThan(20);
});
