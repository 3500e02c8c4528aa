import type { ComponentPath, Transaction } from "../database/types.ts";
import { RETENTION_LIMITS } from "../lib/limits.ts";
import { storedPath, type FunctionPath } from "../modules/function-path.ts";
import {
  findRow,
  insertRow,
  listRows,
  numberField,
  replaceRow,
  textField,
  type SystemRow,
} from "../modules/system-documents.ts";
import type { JsonObject, JsonValue } from "../values/json-value.ts";
import { SCHEDULED_FUNCTIONS, SCHEDULED_JOBS } from "./runtime-tables.ts";

/** `done` rows wait for their removal from `_scheduled_functions`. */
export type JobStatus = "pending" | "inProgress" | "done";

/** What the scheduler needs of a job beyond what `_scheduled_functions` shows. */
export interface ScheduledJob {
  /** Id of this record. */
  readonly recordId: string;
  /** Id of the row in `_scheduled_functions` of `ownerPath`. */
  readonly jobId: string;
  /** The component that scheduled it. */
  readonly ownerPath: ComponentPath;
  /** The function's own component. */
  readonly componentPath: ComponentPath;
  /** `module.js:export`. */
  readonly path: string;
  /** JSON text of `[object]`. */
  readonly argsJson: string;
  readonly status: JobStatus;
  /** When to run it, or when to remove a done one; milliseconds of Unix time. */
  readonly dueAt: number;
}

export interface NewJob {
  readonly ownerPath: ComponentPath;
  readonly target: FunctionPath;
  readonly argsJson: string;
  readonly scheduledTimeMs: number;
  /** Scheduled by a job that was canceled: is recorded, never runs. */
  readonly isCanceled: boolean;
  readonly nowMs: number;
}

const FINISHED_JOB_RETENTION_MS = RETENTION_LIMITS.finishedScheduledFunctionsMs.max;

/** State of a job as `ctx.db.system` shows it. */
export type JobState =
  | { readonly kind: "pending" | "inProgress" | "success" | "canceled" }
  | { readonly kind: "failed"; readonly error: string };

/** Schedules a function; returns the id for `_scheduled_functions`. */
export function insertJob(transaction: Transaction, job: NewJob): string {
  const state: JobState = { kind: job.isCanceled ? "canceled" : "pending" };
  const row = {
    name: storedPath(job.target),
    args: JSON.parse(job.argsJson) as JsonValue,
    scheduledTime: job.scheduledTimeMs,
    state,
    ...(job.isCanceled ? { completedTime: job.nowMs } : {}),
  };
  const jobId = transaction.insert(job.ownerPath, SCHEDULED_FUNCTIONS, JSON.stringify(row));
  insertRow(transaction, SCHEDULED_JOBS, {
    jobId,
    ownerPath: job.ownerPath,
    componentPath: job.target.componentPath,
    path: storedPath(job.target),
    argsJson: job.argsJson,
    status: job.isCanceled ? "done" : "pending",
    dueAt: job.isCanceled ? job.nowMs + FINISHED_JOB_RETENTION_MS : job.scheduledTimeMs,
  });
  return jobId;
}

/** The record of a `_scheduled_functions` id, `null` once it is gone. */
export function findJob(transaction: Transaction, jobId: string): ScheduledJob | null {
  const row = findRow(transaction, SCHEDULED_JOBS, "by_jobId", [jobId]);
  return row === null ? null : parseJob(row);
}

/** Jobs of a status, earliest due first; reads only as far as it is consumed. */
export function* listJobs(
  transaction: Transaction,
  status: JobStatus,
): Generator<ScheduledJob, void> {
  for (const row of listRows(transaction, SCHEDULED_JOBS, "by_status_and_dueAt", [status])) {
    yield parseJob(row);
  }
}

/**
 * The same without the jobs of some functions, however many of those there are: reads what it yields
 * and a job or two of each function.
 */
export function* listJobsExcept(
  transaction: Transaction,
  status: JobStatus,
  isExcepted: (job: ScheduledJob) => boolean,
): Generator<ScheduledJob, void> {
  const index = "by_status_and_function_and_dueAt";
  const waiting: { job: ScheduledJob; readonly others: Generator<SystemRow, void> }[] = [];
  let after: readonly string[] | null = null;
  for (;;) {
    const [first] = listRows(transaction, SCHEDULED_JOBS, index, [status], after);
    if (first === undefined) break;
    const job = parseJob(first);
    after = [job.componentPath, job.path];
    if (isExcepted(job)) continue;
    const others = listRows(transaction, SCHEDULED_JOBS, index, [status, ...after]);
    others.next();
    waiting.push({ job, others });
  }
  while (waiting.length > 0) {
    const next = waiting.reduce((best, other) => (other.job.dueAt < best.job.dueAt ? other : best));
    yield next.job;
    const { value } = next.others.next();
    if (value === undefined) waiting.splice(waiting.indexOf(next), 1);
    else next.job = parseJob(value);
  }
}

/** The state that functions see; `null` when the row is gone. */
export function readJobState(transaction: Transaction, job: ScheduledJob): JobState | null {
  const document = transaction.get(job.ownerPath, job.jobId);
  if (document === null) return null;
  const { state } = JSON.parse(document.json) as { state: JobState };
  return state;
}

/** Moves a job on; finished ones get their completion time and the date of their removal. */
export function setJobState(
  transaction: Transaction,
  job: ScheduledJob,
  state: JobState,
  nowMs: number,
): void {
  const isFinished = state.kind !== "pending" && state.kind !== "inProgress";
  const patch: JsonObject = {
    state: { ...state },
    ...(isFinished ? { completedTime: nowMs } : {}),
  };
  transaction.patch(job.ownerPath, job.jobId, JSON.stringify(patch));
  const { recordId, ...fields } = job;
  replaceRow(transaction, recordId, {
    ...fields,
    status: isFinished ? "done" : state.kind === "inProgress" ? "inProgress" : "pending",
    dueAt: isFinished ? nowMs + FINISHED_JOB_RETENTION_MS : job.dueAt,
  });
}

/** Cancels a pending job, or marks one that is running; finished ones stay as they are. */
export function cancelJob(transaction: Transaction, job: ScheduledJob, nowMs: number): void {
  const state = readJobState(transaction, job);
  if (state?.kind === "pending" || state?.kind === "inProgress") {
    setJobState(transaction, job, { kind: "canceled" }, nowMs);
  }
}

/** Removes a job altogether. */
export function removeJob(transaction: Transaction, job: ScheduledJob): void {
  if (transaction.get(job.ownerPath, job.jobId) !== null) {
    transaction.remove(job.ownerPath, job.jobId);
  }
  transaction.remove("", job.recordId);
}

function parseJob(row: SystemRow): ScheduledJob {
  const status = textField(row, "status");
  return {
    recordId: row.id,
    jobId: textField(row, "jobId"),
    ownerPath: textField(row, "ownerPath"),
    componentPath: textField(row, "componentPath"),
    path: textField(row, "path"),
    argsJson: textField(row, "argsJson"),
    status: status === "done" || status === "inProgress" ? status : "pending",
    dueAt: numberField(row, "dueAt"),
  };
}
