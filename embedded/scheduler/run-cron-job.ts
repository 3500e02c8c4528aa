import { commitWrites } from "../database/commit-writes.ts";
import type { Transaction } from "../database/types.ts";
import type { FunctionRequest } from "../functions/types.ts";
import { randomId } from "../lib/random-id.ts";
import { commitWhenPossible } from "./commit-when-possible.ts";
import { nextRun } from "./cron-schedule.ts";
import { isUnchangedCronJob, specOf, updateCronJob, type CronJob } from "./cron-store.ts";
import type { JobTurn } from "./job-turns.ts";
import type { SchedulerOptions } from "./scheduler.ts";

/**
 * Runs one due occurrence of a cron job and sets its next one. Mutations happen exactly once per
 * occurrence, actions at most once. A job that a deploy changed meanwhile keeps what the deploy set.
 */
export async function runCronJob(
  job: CronJob,
  options: SchedulerOptions,
  turn: JobTurn,
): Promise<void> {
  const { database, runner, now, onError } = options;
  const request = cronRequest(job);
  const type = await runner.functionType(job.componentPath, request.path);
  const advance = (transaction: Transaction, from: CronJob) => {
    if (!isUnchangedCronJob(transaction, from)) return;
    const dueAt = nextRun(specOf(job).timing, job.dueAt, now());
    updateCronJob(transaction, from, { status: "pending", dueAt });
  };

  if (type === "mutation") {
    await runner.runScheduledMutation(request, {
      begin: (transaction) => isUnchangedCronJob(transaction, job),
      putOff: () => turn.becomeSuspect(),
      complete: (transaction) => advance(transaction, job),
    });
    return;
  }
  if (type === "action") {
    if (!turn.becomeAction()) return;
    const runningJob: CronJob = { ...job, status: "inProgress" };
    const isStarted = await commitWrites(database, (transaction) => {
      if (!isUnchangedCronJob(transaction, job)) return false;
      updateCronJob(transaction, job, { status: "inProgress", dueAt: job.dueAt });
      return true;
    });
    if (!isStarted) return;
    try {
      await runner.runAction(request);
    } finally {
      await commitWhenPossible(database, (transaction) => advance(transaction, runningJob));
    }
    return;
  }
  onError(new Error(`The function ${request.path} of cron job "${job.name}" does not exist.`));
  await commitWrites(database, (transaction) => advance(transaction, job));
}

function cronRequest(job: CronJob): FunctionRequest {
  const { name, args } = specOf(job);
  return {
    componentPath: job.componentPath,
    path: name,
    argsJson: JSON.stringify(args),
    caller: { kind: "system" },
    metadata: { requestId: randomId(), ip: null, userAgent: null },
  };
}
