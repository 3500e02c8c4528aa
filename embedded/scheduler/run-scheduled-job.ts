import { commitWrites } from "../database/commit-writes.ts";
import type { FunctionRequest, FunctionRunner } from "../functions/types.ts";
import {
  findJob,
  readJobState,
  setJobState,
  type JobState,
  type ScheduledJob,
} from "../runtime/job-records.ts";
import { randomId } from "../lib/random-id.ts";
import { commitWhenPossible } from "./commit-when-possible.ts";
import type { JobTurn } from "./job-turns.ts";
import type { SchedulerOptions } from "./scheduler.ts";

export interface JobOptions extends Pick<SchedulerOptions, "database" | "now"> {
  readonly runner: Pick<FunctionRunner, "functionType" | "runScheduledMutation" | "runAction">;
}

/** What became of an action that the engine could not bring to its end. */
export const INTERRUPTED_ACTION = "Transient error while executing action";

/**
 * Runs one due job. A mutation happens exactly once: its writes and the job's state commit together.
 * An action happens at most once: it starts only after `inProgress` is on the disk.
 */
export async function runScheduledJob(
  job: ScheduledJob,
  options: JobOptions,
  turn: JobTurn,
): Promise<void> {
  const type = await options.runner.functionType(job.componentPath, job.path);
  switch (type) {
    case "mutation":
      return runMutationJob(job, options, turn);
    case "action":
      return turn.becomeAction() ? runActionJob(job, options) : undefined;
    default: {
      const problem = type === null ? "does not exist any more" : `is a ${type}`;
      const error = `The scheduled function ${job.path} ${problem}.`;
      return finish(job, "pending", { kind: "failed", error }, options);
    }
  }
}

async function runMutationJob(
  job: ScheduledJob,
  { runner, now }: JobOptions,
  turn: JobTurn,
): Promise<void> {
  await runner.runScheduledMutation(jobRequest(job), {
    begin(transaction) {
      if (findJob(transaction, job.jobId)?.status !== "pending") return false;
      setJobState(transaction, job, { kind: "inProgress" }, now());
      return true;
    },
    putOff: () => turn.becomeSuspect(),
    complete(transaction, { error }) {
      const state: JobState =
        error === null ? { kind: "success" } : { kind: "failed", error: withoutHeading(error) };
      setJobState(transaction, job, state, now());
    },
  });
}

async function runActionJob(job: ScheduledJob, options: JobOptions): Promise<void> {
  const { database, runner, now } = options;
  const isStarted = await commitWrites(database, (transaction) => {
    if (findJob(transaction, job.jobId)?.status !== "pending") return false;
    setJobState(transaction, job, { kind: "inProgress" }, now());
    return true;
  });
  if (!isStarted) return;
  try {
    const outcome = await runner.runAction(jobRequest(job));
    const state: JobState = outcome.ok
      ? { kind: "success" }
      : { kind: "failed", error: withoutHeading(outcome.errorMessage) };
    await finish(job, "inProgress", state, options);
  } catch (error) {
    await finish(job, "inProgress", { kind: "failed", error: INTERRUPTED_ACTION }, options);
    throw error;
  }
}

/** Records the end unless the job was canceled meanwhile. */
function finish(
  job: ScheduledJob,
  from: "pending" | "inProgress",
  state: JobState,
  { database, now }: JobOptions,
): Promise<void> {
  return commitWhenPossible(database, (transaction) => {
    const current = findJob(transaction, job.jobId);
    if (current === null || readJobState(transaction, current)?.kind !== from) return;
    setJobState(transaction, current, state, now());
  });
}

function jobRequest(job: ScheduledJob): FunctionRequest {
  return {
    componentPath: job.componentPath,
    path: job.path,
    argsJson: job.argsJson,
    caller: { kind: "system", scheduledFunctionId: job.jobId },
    metadata: { requestId: randomId(), ip: null, userAgent: null },
  };
}

/** What failed is the developer's to read: the error itself, without the line for clients. */
function withoutHeading(errorMessage: string): string {
  return errorMessage.replace(/^\[Request ID: [0-9a-f]+\] Server Error\n/, "");
}
