import { Worker } from "node:worker_threads";

import { loadEntryScript } from "../entry-script.ts";
import type { FromWorker, ToWorker, WorkerData, WorkerTask } from "./action-protocol.ts";

/** How a run in a thread ended: the function's own end, or the end of its thread. */
export type ThreadEnd =
  | { readonly kind: "done"; readonly isOk: boolean; readonly text: string }
  | { readonly kind: "crashed"; readonly reason: string };

/** What a thread tells about one run. `ended` comes once, as the last. */
export interface RunListener {
  message(message: Exclude<FromWorker, { type: "done" | "heartbeat" }>): void;
  ended(end: ThreadEnd): void;
}

const MEMORY_LIMITS = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 };
/** A thread that gives no sign for so long is stuck in a loop. */
const SILENCE_LIMIT_MS = 60_000;
/** One that missed more than a heartbeat is busy with something that may be such a loop. */
const RESPONSIVE_MS = 2_500;
const WATCH_INTERVAL_MS = 2_000;

export interface ThreadOptions {
  /** How long code may keep the thread busy at a stretch, a minute by default. */
  readonly silenceLimitMs?: number;
}

/** A worker thread that runs actions of one version of the code. */
export class ActionThread {
  readonly #worker: Worker;
  readonly #runs = new Map<number, RunListener>();
  readonly #watch: NodeJS.Timeout;
  readonly #silenceLimitMs: number;
  #lastRunId = 0;
  #heardAt = Date.now();
  #idleSince = Date.now();
  #isOver = false;
  #isRetired = false;

  constructor(data: WorkerData, { silenceLimitMs = SILENCE_LIMIT_MS }: ThreadOptions = {}) {
    this.#silenceLimitMs = silenceLimitMs;
    this.#worker = new Worker(loadEntryScript("action-worker"), {
      eval: true,
      workerData: data,
      env: { ...data.environments[""], TZ: "UTC" },
      execArgv: [],
      resourceLimits: MEMORY_LIMITS,
    });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error) => this.#end(describeCrash(error)));
    this.#worker.on("exit", () => this.#end("The worker that ran the action has ended."));
    this.#worker.unref();
    const intervalMs = Math.min(WATCH_INTERVAL_MS, silenceLimitMs);
    this.#watch = setInterval(() => this.#checkSilence(), intervalMs).unref();
  }

  /** How many runs are in it. */
  get load(): number {
    return this.#runs.size;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether it would get to another run at once. */
  get isResponsive(): boolean {
    return this.#runs.size === 0 || Date.now() - this.#heardAt < RESPONSIVE_MS;
  }

  /** Since when it has had nothing to do, in milliseconds of Unix time. */
  get idleSince(): number | null {
    return this.#runs.size === 0 ? this.#idleSince : null;
  }

  /** Starts a run and returns its id. */
  start(task: WorkerTask, listener: RunListener): number {
    this.#lastRunId += 1;
    const runId = this.#lastRunId;
    if (this.#runs.size === 0) {
      this.#heardAt = Date.now();
      this.#worker.ref();
    }
    this.#runs.set(runId, listener);
    this.send({ type: "run", runId, task });
    return runId;
  }

  send(message: ToWorker): void {
    if (!this.#isOver) this.#worker.postMessage(message);
  }

  /** Forgets a run whose result nobody wants any more. */
  abandon(runId: number): void {
    this.send({ type: "abandon", runId });
    this.#remove(runId);
  }

  /** Ends the thread once its last run has ended. */
  retire(): void {
    this.#isRetired = true;
    if (this.#runs.size === 0) void this.terminate();
  }

  async terminate(): Promise<void> {
    this.#end("The deployment is shutting down.");
    await this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    if (message.type === "heartbeat") {
      // Only these: a loop that logs or calls out says much and gets to nothing else.
      this.#heardAt = Date.now();
      return;
    }
    const listener = this.#runs.get(message.runId);
    if (message.type !== "done") {
      listener?.message(message);
      return;
    }
    this.#remove(message.runId);
    listener?.ended({ kind: "done", isOk: message.isOk, text: message.text });
  }

  #remove(runId: number): void {
    if (!this.#runs.delete(runId) || this.#runs.size > 0) return;
    this.#idleSince = Date.now();
    this.#worker.unref();
    if (this.#isRetired) void this.terminate();
  }

  #checkSilence(): void {
    if (this.#runs.size === 0 || Date.now() - this.#heardAt < this.#silenceLimitMs) return;
    const seconds = this.#silenceLimitMs / 1000;
    this.#end(`The code kept its thread busy for more than ${seconds} seconds.`);
    void this.#worker.terminate();
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#watch);
    const listeners = [...this.#runs.values()];
    this.#runs.clear();
    for (const listener of listeners) listener.ended({ kind: "crashed", reason });
  }
}

function describeCrash(error: Error): string {
  return "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"
    ? `JavaScript execution ran out of memory (maximum memory usage: ${MEMORY_LIMITS.maxOldGenerationSizeMb} MB)`
    : `The worker that ran the action has crashed: ${error.message}`;
}
