import type { CodeSnapshot } from "../../modules/code-cache.ts";
import { variablesOf } from "../../modules/environment-variables.ts";
import type { DeploymentInfo } from "../services.ts";
import { systemVariables } from "../system-variables.ts";
import type { WorkerData, WorkerTask } from "./action-protocol.ts";
import { ActionThread, type RunListener, type ThreadKind } from "./action-thread.ts";

export interface ActionPoolOptions {
  readonly deployment: DeploymentInfo;
  readonly maxThreads: number;
}

/** Threads without work end after this, but for a few. */
const IDLE_MS = 30_000;
const KEPT_IDLE_THREADS = 2;

/** A run that was started, and what can still be told to it. */
export interface StartedRun {
  readonly thread: ActionThread;
  readonly runId: number;
}

/**
 * Threads for actions: one for each run as long as there may be more, because a run that blocks its
 * thread or fills its memory takes along whatever else runs in it. All belong to one version of the
 * code and of the environment variables; when either changes, new runs get new threads and the old
 * ones end with their last run.
 */
export class ActionPool {
  readonly #deployment: DeploymentInfo;
  readonly #maxThreads: number;
  readonly #reaper: NodeJS.Timeout;
  #generation = "";
  #threads: ActionThread[] = [];
  /** Threads of older generations that still run something. */
  readonly #retired = new Set<ActionThread>();

  constructor({ deployment, maxThreads }: ActionPoolOptions) {
    this.#deployment = deployment;
    this.#maxThreads = maxThreads;
    this.#reaper = setInterval(() => this.#endIdle(), IDLE_MS).unref();
  }

  /** How many threads there are for new runs; for tests and metrics. */
  get size(): number {
    return this.#threads.length;
  }

  /** @param variables the deployment's own, of which every mount sees its share. */
  start(
    code: CodeSnapshot,
    variables: ReadonlyMap<string, string>,
    task: WorkerTask,
    listener: RunListener,
  ): StartedRun {
    const generation = JSON.stringify([code.version, [...variables]]);
    if (generation !== this.#generation) this.#renew(generation);
    this.#threads = this.#threads.filter((thread) => !thread.isOver);
    const data = () => workerData(code, variables, this.#deployment);
    const thread = this.#choose(kindOf(code, task), data);
    return { thread, runId: thread.start(task, listener) };
  }

  /** Ends all threads; what still runs in them fails. */
  async close(): Promise<void> {
    const threads = [...this.#threads, ...this.#retired];
    this.#threads = [];
    this.#retired.clear();
    this.#generation = "";
    clearInterval(this.#reaper);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  #endIdle(): void {
    const limit = Date.now() - IDLE_MS;
    const idle = this.#threads.filter(({ idleSince }) => idleSince !== null && idleSince <= limit);
    const ending = new Set(idle.slice(KEPT_IDLE_THREADS));
    this.#threads = this.#threads.filter((thread) => !ending.has(thread));
    for (const thread of ending) thread.retire();
  }

  #renew(generation: string): void {
    this.#generation = generation;
    for (const thread of this.#retired) if (thread.isOver) this.#retired.delete(thread);
    for (const thread of this.#threads) {
      thread.retire();
      this.#retired.add(thread);
    }
    this.#threads = [];
  }

  #choose(kind: ThreadKind, data: () => WorkerData): ActionThread {
    const [idlest] = this.#threads
      .filter((thread) => thread.kind === kind)
      .sort(
        (left, right) =>
          Number(right.isResponsive) - Number(left.isResponsive) || left.load - right.load,
      );
    const isFull = this.#threads.length >= this.#maxThreads;
    if (idlest !== undefined && (idlest.load === 0 || isFull)) return idlest;
    const thread = new ActionThread(data(), { kind });
    this.#threads.push(thread);
    return thread;
  }
}

function kindOf(code: CodeSnapshot, task: WorkerTask): ThreadKind {
  if (task.kind === "http") return "isolate";
  return code.module(task.componentPath, task.module)?.environment ?? "isolate";
}

function workerData(
  code: CodeSnapshot,
  variables: ReadonlyMap<string, string>,
  deployment: DeploymentInfo,
): WorkerData {
  const environments = code.mounts.map((mount) => [
    mount.componentPath,
    { ...variablesOf(variables, mount), ...systemVariables(deployment, mount) },
  ]);
  return {
    modules: code.modules.map(({ componentPath, module }) => ({
      componentPath,
      path: module.path,
      environment: module.environment,
      code: module.code,
    })),
    environments: Object.fromEntries(environments) as WorkerData["environments"],
  };
}
