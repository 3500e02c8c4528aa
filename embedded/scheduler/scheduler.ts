import { setTimeout as delay } from "node:timers/promises";

import { commitWrites } from "../database/commit-writes.ts";
import type { Database, Subscription, Transaction } from "../database/types.ts";
import type { FunctionRunner } from "../functions/types.ts";
import { listJobs, removeJob, setJobState, type ScheduledJob } from "../runtime/job-records.ts";
import { commitWhenPossible } from "./commit-when-possible.ts";
import { nextRun } from "./cron-schedule.ts";
import { listCronJobsByStatus, specOf, updateCronJob } from "./cron-store.ts";
import { runCronJob } from "./run-cron-job.ts";
import { INTERRUPTED_ACTION, runScheduledJob } from "./run-scheduled-job.ts";

export interface SchedulerOptions {
  readonly database: Database;
  readonly runner: FunctionRunner;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** Runs scheduled functions and cron jobs when they are due, at most eight at a time. */
export interface Scheduler {
  /** Settles what a crash interrupted, then begins. */
  start(): Promise<void>;
  /** Begins nothing more and waits for what is running, for at most `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

const MAX_RUNNING = 8;
/** How long starting waits for room on the disk. */
const SETTLE_PATIENCE_MS = 500;
/** Before a job runs again that could not even be begun or recorded, as on a full disk. */
const RETRY_DELAY_MS = 1_000;
const MAX_REMOVED_AT_ONCE = 200;
/** Timers cannot wait longer than 24 days; waking early does no harm. */
const MAX_SLEEP_MS = 3_600_000;

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { database, onError } = options;
  const running = new Map<string, Promise<void>>();
  let isStopped = true;
  let isPumpQueued = false;
  let subscription: Subscription | null = null;
  let timer: NodeJS.Timeout | undefined;
  const stopping = new AbortController();

  function queuePump(): void {
    if (isPumpQueued || isStopped) return;
    isPumpQueued = true;
    // A macrotask, so that a chain of jobs that schedule each other leaves room for everything else.
    setImmediate(() => {
      isPumpQueued = false;
      if (isStopped) return;
      try {
        pump();
      } catch (error) {
        onError(error);
      }
    });
  }

  /** Starts what is due, and arranges to be woken by the next due time or by a change of the jobs. */
  function pump(): void {
    clearTimeout(timer);
    subscription?.cancel();
    const transaction = database.begin();
    const dueTimes = [
      startDue(listJobs(transaction, "pending"), (job) => job.recordId, runScheduledJob),
      startDue(listCronJobsByStatus(transaction, "pending"), (job) => job.id, runCronJob),
      removeFinished(transaction),
    ];
    subscription = database.subscribe(transaction.readSet(), queuePump);
    const sleepMs = Math.min(...dueTimes) - options.now();
    timer = setTimeout(queuePump, Math.max(0, Math.min(sleepMs, MAX_SLEEP_MS)));
    timer.unref();
  }

  /** Starts due jobs while there is room; returns when the first one that waits is due. */
  function startDue<Job extends { readonly dueAt: number }>(
    jobs: Iterable<Job>,
    idOf: (job: Job) => string,
    run: (job: Job, options: SchedulerOptions) => Promise<void>,
  ): number {
    for (const job of jobs) {
      if (running.has(idOf(job))) continue;
      if (job.dueAt > options.now()) return job.dueAt;
      if (running.size >= MAX_RUNNING) break;
      track(idOf(job), run(job, options));
    }
    return Infinity;
  }

  function removeFinished(transaction: Transaction): number {
    for (const job of listJobs(transaction, "done")) {
      if (job.dueAt > options.now()) return job.dueAt;
      track("removal", removeDue(options));
      return Infinity;
    }
    return Infinity;
  }

  function track(id: string, run: Promise<void>): void {
    if (running.has(id)) return;
    const ended = run
      .catch(async (error: unknown) => {
        onError(error);
        await pause(RETRY_DELAY_MS, stopping.signal);
      })
      .finally(() => {
        running.delete(id);
        queuePump();
      });
    running.set(id, ended);
  }

  return {
    async start() {
      isStopped = false;
      const settled = settleInterrupted(options).then(queuePump);
      settled.catch(onError);
      // On a full disk nothing is begun until there is room; everything else is served meanwhile.
      await Promise.race([settled, delay(SETTLE_PATIENCE_MS, undefined, { ref: false })]);
    },
    async stop(timeoutMs) {
      isStopped = true;
      stopping.abort();
      clearTimeout(timer);
      subscription?.cancel();
      const timeout = new Promise((resolve) => setTimeout(resolve, timeoutMs).unref());
      await Promise.race([Promise.all(running.values()), timeout]);
    },
  };
}

/** Ends early when the signal says so. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

/** Actions may have had effects outside, so one that a crash interrupted is not run again. */
function settleInterrupted({ database, now }: SchedulerOptions): Promise<void> {
  return commitWhenPossible(database, (transaction) => {
    for (const job of [...listJobs(transaction, "inProgress")]) {
      setJobState(transaction, job, { kind: "failed", error: INTERRUPTED_ACTION }, now());
    }
    for (const job of [...listCronJobsByStatus(transaction, "inProgress")]) {
      const dueAt = nextRun(specOf(job).timing, job.dueAt, now());
      updateCronJob(transaction, job, { status: "pending", dueAt });
    }
  });
}

function removeDue({ database, now }: SchedulerOptions): Promise<void> {
  return commitWrites(database, (transaction) => {
    const due: ScheduledJob[] = [];
    for (const job of listJobs(transaction, "done")) {
      if (job.dueAt > now() || due.length === MAX_REMOVED_AT_ONCE) break;
      due.push(job);
    }
    for (const job of due) removeJob(transaction, job);
  });
}
