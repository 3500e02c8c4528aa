/**
 * Starts scheduled functions by timers of the test's clock, one each, so that fake timers decide when.
 * (The engine's scheduler sleeps until the next one is due, which never ends under `runAllTimers`.)
 */
import { listJobs, type ScheduledJob } from "#embedded/runtime/job-records.ts";
import { runScheduledJob, type JobOptions } from "#embedded/scheduler/run-scheduled-job.ts";

import { runOutsideFrames } from "./host-frame.ts";

/** Timers that fake ones have not replaced. */
const realSetTimeout = globalThis.setTimeout;

const ANY_TURN = { becomeAction: () => true, becomeSuspect: () => true };
/** What a timer can wait for at most. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** Turns of the event loop in which a real timer that is due has fired. */
const MAX_IDLE_TURNS = 20;

export class JobTimers {
  readonly #options: JobOptions;
  readonly #armed = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #waitingTimers = 0;
  #isStopped = false;

  constructor(options: JobOptions) {
    this.#options = options;
    options.database.onCommit(() => this.#armNewJobs());
  }

  /** Starts nothing more; what becomes of those that are running does not matter. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Waits for those that have started. */
  async finishRunning(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Waits for all, those that they schedule too; `advanceTimers` makes them due. */
  async finishAll(advanceTimers: () => void, maxIterations: number): Promise<void> {
    let idleTurns = 0;
    for (let iteration = 0; iteration < maxIterations; iteration += 1) {
      advanceTimers();
      if (this.#running.size > 0) {
        idleTurns = 0;
        await this.#finishWhileAdvancing(advanceTimers);
      } else if (this.#waitingTimers === 0 || idleTurns >= MAX_IDLE_TURNS) {
        return;
      } else {
        idleTurns += 1;
        await realTurn();
      }
    }
    throw new Error(
      "finishAllScheduledFunctions: too many iterations. Check for infinitely recursive " +
        "scheduled functions, or increase maxIterations.",
    );
  }

  async #finishWhileAdvancing(advanceTimers: () => void): Promise<void> {
    while (this.#running.size > 0) {
      advanceTimers();
      await Promise.race([Promise.all(this.#running), realTurn()]);
    }
  }

  #armNewJobs(): void {
    if (this.#isStopped) return;
    for (const job of listJobs(this.#options.database.begin(), "pending")) {
      if (this.#armed.has(job.recordId)) continue;
      this.#armed.add(job.recordId);
      runOutsideFrames(() => this.#arm(job));
    }
  }

  #arm(job: ScheduledJob): void {
    const delayMs = Math.max(0, job.dueAt - this.#options.now());
    this.#waitingTimers += 1;
    setTimeout(
      () => {
        this.#waitingTimers -= 1;
        if (this.#isStopped) return;
        if (delayMs > MAX_DELAY_MS) this.#arm(job);
        else this.#start(job);
      },
      Math.min(delayMs, MAX_DELAY_MS),
    );
  }

  #start(job: ScheduledJob): void {
    const run = runScheduledJob(job, this.#options, ANY_TURN)
      .catch((error: unknown) => {
        if (!this.#isStopped) throw error;
      })
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }
}

function realTurn(): Promise<void> {
  return new Promise((resolve) => realSetTimeout(resolve, 0));
}
