import { setTimeout as delay } from "node:timers/promises";

import { commitWrites } from "../database/commit-writes.ts";
import type { Database, Subscription, Transaction } from "../database/types.ts";
import type { FunctionRunner } from "../functions/types.ts";
import { toServiceError } from "../lib/service-error.ts";
import {
  listJobs,
  listJobsExcept,
  removeJob,
  setJobState,
  type ScheduledJob,
} from "../runtime/job-records.ts";
import { commitWhenPossible } from "./commit-when-possible.ts";
import { nextRun } from "./cron-schedule.ts";
import { listCronJobsByStatus, specOf, updateCronJob, type CronJob } from "./cron-store.ts";
import { JobTurns, type JobTurn } from "./job-turns.ts";
import { runCronJob } from "./run-cron-job.ts";
import { INTERRUPTED_ACTION, runScheduledJob } from "./run-scheduled-job.ts";

export interface SchedulerOptions {
  readonly database: Database;
  readonly runner: FunctionRunner;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** How long starting waits for room on the disk. */
const SETTLE_PATIENCE_MS = 500;
/** Before a job runs again that could not even be begun or recorded, as on a full disk. */
const RETRY_DELAY_MS = 1_000;
const MAX_REMOVED_AT_ONCE = 200;
/** Timers cannot wait longer than 24 days; waking early does no harm. */
const MAX_SLEEP_MS = 3_600_000;

interface KindOfJob<Job> {
  readonly idOf: (job: Job) => string;
  /** Of those with the same name one waits when it has to, and the others are not begun. */
  readonly functionOf: (job: Job) => string;
  readonly run: (job: Job, options: SchedulerOptions, turn: JobTurn) => Promise<void>;
}

/** Runs scheduled functions and cron jobs when they are due, a bounded number of a kind at a time. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #turns = new JobTurns();
  readonly #running = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  #isStopped = true;
  #isPumpQueued = false;
  #subscription: Subscription | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Settles what a crash interrupted, then begins. */
  async start(): Promise<void> {
    this.#isStopped = false;
    const settled = settleInterrupted(this.#options).then(() => this.#queuePump());
    settled.catch(this.#options.onError);
    // On a full disk nothing is begun until there is room; everything else is served meanwhile.
    await Promise.race([settled, delay(SETTLE_PATIENCE_MS, undefined, { ref: false })]);
  }

  /** Begins nothing more and waits for what is running, for at most `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    this.#isStopped = true;
    this.#stopping.abort();
    clearTimeout(this.#timer);
    this.#subscription?.cancel();
    const timeout = new Promise((resolve) => setTimeout(resolve, timeoutMs).unref());
    await Promise.race([Promise.all(this.#running.values()), timeout]);
  }

  #queuePump(): void {
    if (this.#isPumpQueued || this.#isStopped) return;
    this.#isPumpQueued = true;
    // A macrotask, so that a chain of jobs that schedule each other leaves room for everything else.
    setImmediate(() => {
      this.#isPumpQueued = false;
      if (this.#isStopped) return;
      try {
        this.#pump();
      } catch (error) {
        this.#options.onError(error);
      }
    });
  }

  /** Starts what is due, and arranges to be woken by the next due time or by a change of the jobs. */
  #pump(): void {
    const { database, now } = this.#options;
    const queuePump = () => this.#queuePump();
    clearTimeout(this.#timer);
    this.#subscription?.cancel();
    const transaction = database.begin();
    // There are as many cron jobs as were deployed, but there may be no end to the others.
    const dueTimes = [
      this.#startDueCronJobs(transaction),
      this.#startDueJobs(transaction),
      this.#removeFinished(transaction),
    ];
    this.#subscription = database.subscribe(transaction.readSet(), queuePump);
    const sleepMs = Math.min(...dueTimes) - now();
    this.#timer = setTimeout(queuePump, Math.max(0, Math.min(sleepMs, MAX_SLEEP_MS)));
    this.#timer.unref();
  }

  #startDueCronJobs(transaction: Transaction): number {
    return this.#startDue(listCronJobsByStatus(transaction, "pending"), {
      idOf: (job) => job.id,
      // Each runs once at a time, so that it need not wait for others of the same function.
      functionOf: (job) => job.id,
      run: runCronJob,
    });
  }

  #startDueJobs(transaction: Transaction): number {
    const turns = this.#turns;
    const jobs = turns.areAnyHeld
      ? listJobsExcept(transaction, "pending", (job) => turns.isHeld(functionOf(job)))
      : listJobs(transaction, "pending");
    return this.#startDue(jobs, { idOf: (job) => job.recordId, functionOf, run: runScheduledJob });
  }

  /** Starts due jobs while there is room; returns when the first one that waits is due. */
  #startDue<Job extends ScheduledJob | CronJob>(
    jobs: Iterable<Job>,
    { idOf, functionOf, run }: KindOfJob<Job>,
  ): number {
    const turns = this.#turns;
    for (const job of jobs) {
      const id = idOf(job);
      if (turns.isRunning(id) || turns.isHeld(functionOf(job))) continue;
      if (job.dueAt > this.#options.now()) return job.dueAt;
      if (!turns.isAnyFree) break;
      const turn = turns.begin(id, functionOf(job));
      this.#track(id, run(job, this.#options, this.#announced(turn)));
    }
    return Infinity;
  }

  /** Who leaves the turns of mutations, or finds no other, lets something else begin. */
  #announced(turn: JobTurn): JobTurn {
    const andPump = (answer: boolean) => {
      this.#queuePump();
      return answer;
    };
    return {
      becomeAction: () => andPump(turn.becomeAction()),
      becomeSuspect: () => andPump(turn.becomeSuspect()),
    };
  }

  #removeFinished(transaction: Transaction): number {
    for (const job of listJobs(transaction, "done")) {
      if (job.dueAt > this.#options.now()) return job.dueAt;
      this.#track("removal", removeDue(this.#options));
      return Infinity;
    }
    return Infinity;
  }

  #track(id: string, run: Promise<void>): void {
    if (this.#running.has(id)) return;
    const ended = run
      .catch(async (error: unknown) => {
        // Refused because the deployment ends: the job is as it was, and runs after the next start.
        if (!this.#isStopped || toServiceError(error).code !== "ShuttingDown") {
          this.#options.onError(error);
        }
        await pause(RETRY_DELAY_MS, this.#stopping.signal);
      })
      .finally(() => {
        this.#running.delete(id);
        this.#turns.end(id);
        this.#queuePump();
      });
    this.#running.set(id, ended);
  }
}

function functionOf({ componentPath, path }: ScheduledJob): string {
  return `${componentPath}:${path}`;
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
