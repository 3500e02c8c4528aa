import type { ComponentPath, SystemTableDefinition, Transaction } from "../database/types.ts";
import type { CronSpec } from "../modules/analyze.ts";
import {
  findRow,
  insertRow,
  listRows,
  numberField,
  replaceRow,
  textField,
  type SystemRow,
} from "../modules/system-documents.ts";
import { firstRun, parseCronSchedule, type CronSchedule } from "./cron-schedule.ts";

const CRON_JOBS = "_cron_jobs";

/** `{ componentPath, name, specJson, status, dueAt }`, all in the root component. */
export const CRON_JOBS_TABLE: SystemTableDefinition = {
  name: CRON_JOBS,
  indexes: [
    { name: "by_componentPath_and_name", fields: ["componentPath", "name"] },
    { name: "by_status_and_dueAt", fields: ["status", "dueAt"] },
  ],
};

export interface CronJob {
  readonly id: string;
  readonly componentPath: ComponentPath;
  readonly name: string;
  readonly specJson: string;
  /** `inProgress` only while an action runs. */
  readonly status: "pending" | "inProgress";
  readonly dueAt: number;
}

export interface CronDiff {
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
}

/**
 * Makes the jobs of a component those given, by name. A job whose description did not change keeps
 * its next run; others start afresh.
 * @throws ServiceError `InvalidCron`.
 */
export function replaceCronJobs(
  transaction: Transaction,
  componentPath: ComponentPath,
  specs: ReadonlyMap<string, CronSpec>,
  nowMs: number,
): CronDiff {
  const diff = { added: [] as string[], updated: [] as string[], deleted: [] as string[] };
  for (const job of listCronJobs(transaction, componentPath)) {
    if (specs.has(job.name)) continue;
    transaction.remove("", job.id);
    diff.deleted.push(job.name);
  }
  for (const [name, spec] of specs) {
    const specJson = JSON.stringify(spec);
    const existing = findCronJob(transaction, componentPath, name);
    const dueAt = firstRun(parseCronSchedule(spec.schedule, name), nowMs);
    const fields = { componentPath, name, specJson, status: "pending", dueAt };
    if (existing === null) {
      insertRow(transaction, CRON_JOBS, fields);
      diff.added.push(name);
    } else if (existing.specJson !== specJson) {
      replaceRow(transaction, existing.id, fields);
      diff.updated.push(name);
    }
  }
  return diff;
}

function listCronJobs(transaction: Transaction, componentPath: ComponentPath): CronJob[] {
  const rows = listRows(transaction, CRON_JOBS, "by_componentPath_and_name", [componentPath]);
  return [...rows].map(cronJob);
}

/** Jobs of one status in the order in which they are due. */
export function* listCronJobsByStatus(
  transaction: Transaction,
  status: CronJob["status"],
): Generator<CronJob, void> {
  for (const row of listRows(transaction, CRON_JOBS, "by_status_and_dueAt", [status])) {
    yield cronJob(row);
  }
}

function findCronJob(
  transaction: Transaction,
  componentPath: ComponentPath,
  name: string,
): CronJob | null {
  const index = "by_componentPath_and_name";
  const row = findRow(transaction, CRON_JOBS, index, [componentPath, name]);
  return row === null ? null : cronJob(row);
}

/** Whether the job is still the one that was read: not redeployed, not run meanwhile. */
export function isUnchangedCronJob(transaction: Transaction, job: CronJob): boolean {
  const current = findCronJob(transaction, job.componentPath, job.name);
  return (
    current?.id === job.id &&
    current.specJson === job.specJson &&
    current.dueAt === job.dueAt &&
    current.status === job.status
  );
}

export function updateCronJob(
  transaction: Transaction,
  job: CronJob,
  changes: Pick<CronJob, "status" | "dueAt">,
): void {
  const { componentPath, name, specJson } = job;
  replaceRow(transaction, job.id, { componentPath, name, specJson, ...changes });
}

export function specOf(job: CronJob): CronSpec & { readonly timing: CronSchedule } {
  const spec = JSON.parse(job.specJson) as CronSpec;
  return { ...spec, timing: parseCronSchedule(spec.schedule, job.name) };
}

function cronJob(row: SystemRow): CronJob {
  return {
    id: row.id,
    componentPath: textField(row, "componentPath"),
    name: textField(row, "name"),
    specJson: textField(row, "specJson"),
    status: textField(row, "status") === "inProgress" ? "inProgress" : "pending",
    dueAt: numberField(row, "dueAt"),
  };
}
