import { expect, test, vi } from "vitest";

import { commit, openTestDatabase } from "../database/test-database.ts";
import type { FunctionRequest, FunctionRunner } from "../functions/types.ts";
import { findJob, insertJob, readJobState, setJobState } from "../runtime/job-records.ts";
import { RUNTIME_SYSTEM_TABLES } from "../runtime/runtime-tables.ts";
import { CRON_JOBS_TABLE } from "./cron-store.ts";
import { INTERRUPTED_ACTION } from "./run-scheduled-job.ts";
import { Scheduler } from "./scheduler.ts";

const TABLES = [CRON_JOBS_TABLE, ...RUNTIME_SYSTEM_TABLES];
const target = { componentPath: "", module: "jobs.js", exportName: "act" };

test("an action that a crash interrupted is marked as failed and not run again", async () => {
  const test = await openTestDatabase({ systemTables: TABLES });
  const schedule = (argsJson: string) =>
    commit(test.db, (tx) => {
      const job = { ownerPath: "", target, argsJson, scheduledTimeMs: test.nowMs };
      return insertJob(tx, { ...job, isCanceled: false, nowMs: test.nowMs });
    });
  const interrupted = schedule('["interrupted"]');
  const waiting = schedule('["waiting"]');
  commit(test.db, (tx) => {
    setJobState(tx, findJob(tx, interrupted)!, { kind: "inProgress" }, test.nowMs);
  });
  await test.reopen(TABLES);
  const runs: string[] = [];
  const runner = {
    functionType: () => Promise.resolve("action"),
    runAction: ({ argsJson }: FunctionRequest) => {
      runs.push(argsJson);
      return Promise.resolve({ ok: true, valueJson: "null", logLines: [] });
    },
  } as unknown as FunctionRunner;
  const onError = vi.fn();
  const scheduler = new Scheduler({ database: test.db, runner, now: () => test.nowMs, onError });
  await scheduler.start();
  const stateOf = (jobId: string) => {
    const tx = test.db.begin();
    return readJobState(tx, findJob(tx, jobId)!);
  };
  await vi.waitFor(() => expect(stateOf(waiting)).toEqual({ kind: "success" }), {
    timeout: 10_000,
    interval: 5,
  });
  await scheduler.stop(1_000);
  expect(runs).toEqual(['["waiting"]']);
  expect(stateOf(interrupted)).toEqual({ kind: "failed", error: INTERRUPTED_ACTION });
  expect(onError).not.toHaveBeenCalled();
});
