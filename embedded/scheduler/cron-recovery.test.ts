import { expect, test } from "vitest";

import { commit, openTestDatabase } from "../database/test-database.ts";
import type { ActionOutcome, FunctionRunner } from "../functions/types.ts";
import { RUNTIME_SYSTEM_TABLES } from "../runtime/runtime-tables.ts";
import {
  CRON_JOBS_TABLE,
  listCronJobsByStatus,
  replaceCronJobs,
  updateCronJob,
} from "./cron-store.ts";
import { runCronJob } from "./run-cron-job.ts";
import { Scheduler } from "./scheduler.ts";

const MINUTE_MS = 60_000;
const turn = { becomeAction: () => true, becomeSuspect: () => true };
const SPECS = new Map([
  ["sweep", { name: "jobs:sweep", args: [{}], schedule: { type: "interval", minutes: 1 } }],
]) as unknown as Parameters<typeof replaceCronJobs>[2];

async function openWithCron() {
  const test = await openTestDatabase({
    systemTables: [CRON_JOBS_TABLE, ...RUNTIME_SYSTEM_TABLES],
  });
  commit(test.db, (tx) => replaceCronJobs(tx, "", SPECS, test.nowMs));
  const runs: string[] = [];
  const options = (runAction: () => Promise<ActionOutcome>) => ({
    database: test.db,
    runner: {
      functionType: () => Promise.resolve("action"),
      runAction: () => {
        runs.push("run");
        return runAction();
      },
    } as unknown as FunctionRunner,
    now: () => test.nowMs,
    onError: () => undefined,
  });
  const jobs = (status: "pending" | "inProgress") => [
    ...listCronJobsByStatus(test.db.begin(), status),
  ];
  return { test, options, jobs, runs };
}

const success = () => Promise.resolve({ ok: true, valueJson: "null", logLines: [] } as const);

test("a cron job whose action the engine could not run is due again at its next time", async () => {
  const { test, options, jobs } = await openWithCron();
  const [job] = jobs("pending");
  test.nowMs += 10;
  const failed = runCronJob(
    job!,
    options(() => Promise.reject(new Error("no thread"))),
    turn,
  );
  await expect(failed).rejects.toThrow("no thread");
  expect(jobs("inProgress")).toEqual([]);
  expect(jobs("pending")).toMatchObject([{ id: job!.id, dueAt: job!.dueAt + MINUTE_MS }]);
});

test("an occurrence that a crash interrupted is not run again; those after it are", async () => {
  const { test, options, jobs, runs } = await openWithCron();
  const [job] = jobs("pending");
  commit(test.db, (tx) => updateCronJob(tx, job!, { status: "inProgress", dueAt: job!.dueAt }));
  await test.reopen([CRON_JOBS_TABLE, ...RUNTIME_SYSTEM_TABLES]);
  // Three occurrences have passed meanwhile.
  test.nowMs += 3 * MINUTE_MS + 1;
  const scheduler = new Scheduler(options(success));
  await scheduler.start();
  await scheduler.stop(1_000);
  expect(runs).toEqual([]);
  expect(jobs("pending")).toMatchObject([{ dueAt: job!.dueAt + 4 * MINUTE_MS }]);

  test.nowMs += MINUTE_MS;
  await runCronJob(jobs("pending")[0]!, options(success), turn);
  expect(runs).toEqual(["run"]);
  expect(jobs("pending")).toMatchObject([{ dueAt: job!.dueAt + 5 * MINUTE_MS }]);
});
