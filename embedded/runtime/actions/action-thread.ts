import { Worker } from "node:worker_threads";

import { FUNCTION_LIMITS } from "../../lib/limits.ts";
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

const MIB = 2 ** 20;
/**
 * Far above any limit, because V8 ends the whole process when one allocation goes past it by much.
 * The limits themselves are watched from outside.
 */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 4_096, maxYoungGenerationSizeMb: 64 };

const { heapBytes, nodeHeapBytes } = FUNCTION_LIMITS;
/** Convex lets a function have as much again in buffers; the runtime and the code take some, too. */
const MEMORY_LIMITS = {
  isolate: { bytes: 2 * heapBytes.max + 32 * MIB, text: heapBytes.text() },
  node: { bytes: nodeHeapBytes.max, text: nodeHeapBytes.text() },
} as const;

/** What kind of code a thread runs, by which its memory is bounded. */
export type ThreadKind = keyof typeof MEMORY_LIMITS;
/** A thread that gives no sign for so long is stuck in a loop. */
const SILENCE_LIMIT_MS = 60_000;
/** One that missed some heartbeats is busy with something that may be such a loop. */
const RESPONSIVE_MS = 1_500;
const WATCH_INTERVAL_MS = 200;

export interface ThreadOptions {
  readonly kind: ThreadKind;
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
  /** What the whole process held when the thread was last heard of. */
  #processBytes = process.memoryUsage.rss();
  #idleSince = Date.now();
  #isOver = false;
  #isRetired = false;

  readonly kind: ThreadKind;

  constructor(data: WorkerData, { kind, silenceLimitMs = SILENCE_LIMIT_MS }: ThreadOptions) {
    this.kind = kind;
    this.#silenceLimitMs = silenceLimitMs;
    this.#worker = new Worker(loadEntryScript("action-worker"), {
      eval: true,
      workerData: data,
      env: { ...data.environments[""], TZ: "UTC" },
      execArgv: [],
      resourceLimits: RESOURCE_LIMITS,
    });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error) => this.#end(describeCrash(error, kind)));
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
      this.#processBytes = process.memoryUsage.rss();
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
      this.#processBytes = process.memoryUsage.rss();
      const { bytes, text } = MEMORY_LIMITS[this.kind];
      if (message.memoryBytes > bytes) this.#kill(text);
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

  /** A thread that is silent cannot tell what it holds; what the process gained meanwhile tells. */
  #checkSilence(): void {
    const silentMs = Date.now() - this.#heardAt;
    if (this.#runs.size === 0 || silentMs < WATCH_INTERVAL_MS) return;
    if (silentMs >= this.#silenceLimitMs) {
      const seconds = this.#silenceLimitMs / 1000;
      this.#kill(`The code kept its thread busy for more than ${seconds} seconds.`);
    } else if (process.memoryUsage.rss() - this.#processBytes > MEMORY_LIMITS.node.bytes) {
      // Other threads may have gained some of it, hence not less for any kind.
      this.#kill(MEMORY_LIMITS[this.kind].text);
    }
  }

  #kill(reason: string): void {
    this.#end(reason);
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

function describeCrash(error: Error, kind: ThreadKind): string {
  return "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"
    ? MEMORY_LIMITS[kind].text
    : `The worker that ran the action has crashed: ${error.message}`;
}
