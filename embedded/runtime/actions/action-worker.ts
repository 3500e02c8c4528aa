/** Runs in a worker thread: evaluates the deployed modules there and runs actions and HTTP actions. */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { getHeapStatistics } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";

import { installConsole } from "../realm/console.ts";
import { describeThrown, functionNamed } from "../realm/function-calls.ts";
import { defineGlobal } from "../realm/global-property.ts";
import { probeModule } from "../realm/probe.ts";
import type { FromWorker, ToWorker, WorkerData, WorkerTask } from "./action-protocol.ts";
import { respond, type HttpRouter } from "./http-responder.ts";
import { createWorkerModules, type WorkerModules } from "./worker-modules.ts";
import { createWorkerSyscalls, type WorkerSyscalls } from "./worker-syscalls.ts";

const HEARTBEAT_MS = 250;
/** The engine keeps fewer lines; a loop that logs must not fill its memory with messages. */
const MAX_LOG_MESSAGES = 256;
const MAX_LOG_LENGTH = 64 * 1024;
/** The engine refuses less; more than this is not even sent there. */
const MAX_RESULT_LENGTH = 32 * 1024 * 1024;

interface Run {
  readonly runId: number;
  readonly componentPath: string;
  /** Reading the response body, for an HTTP action. */
  pull: (() => void) | null;
  isOver: boolean;
  logMessages: number;
}

type Port = NonNullable<typeof parentPort>;

/** The thread's side of the runs that it was given. */
class ActionWorker {
  readonly #port: Port;
  readonly #modules: WorkerModules;
  readonly #syscalls: WorkerSyscalls;
  readonly #current = new AsyncLocalStorage<Run>();
  readonly #runs = new Map<number, Run>();

  constructor(port: Port, data: WorkerData) {
    this.#port = port;
    this.#modules = createWorkerModules(data);
    this.#syscalls = createWorkerSyscalls(
      () => this.#current.getStore()?.runId ?? null,
      (message, transfer) => this.#send(message, transfer),
    );
  }

  start(): void {
    this.#installGlobals();
    this.#port.on("message", (message: ToWorker) => this.#receive(message));
    // A rejection that nobody handles fails the action it came from, as an exception in a timer does.
    const failCurrent = (error: unknown) => {
      const run = this.#current.getStore();
      if (run !== undefined) this.#finish(run, false, JSON.stringify(describeThrown(error)));
    };
    process.on("unhandledRejection", failCurrent);
    process.on("uncaughtException", failCurrent);
    setInterval(() => {
      const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
      this.#send({ type: "heartbeat", memoryBytes: heap + external });
    }, HEARTBEAT_MS).unref();
  }

  #installGlobals(): void {
    defineGlobal("Convex", this.#syscalls.global);
    defineGlobal("AsyncLocalStorage", AsyncLocalStorage);
    defineGlobal("AsyncResource", AsyncResource);
    installConsole({
      now: () => Date.now(),
      log: (level, text) => {
        const run = this.#current.getStore();
        if (run === undefined || run.logMessages >= MAX_LOG_MESSAGES) return;
        run.logMessages += 1;
        this.#send({ type: "log", runId: run.runId, level, text: text.slice(0, MAX_LOG_LENGTH) });
      },
    });
    installProcess(() => {
      const componentPath = this.#current.getStore()?.componentPath ?? "";
      return componentPath === "" ? null : this.#modules.processOf(componentPath);
    });
  }

  #receive(message: ToWorker): void {
    switch (message.type) {
      case "run": {
        const { runId, task } = message;
        const { componentPath } = task;
        const run: Run = { runId, componentPath, pull: null, isOver: false, logMessages: 0 };
        this.#runs.set(runId, run);
        void this.#current.run(run, () => this.#perform(run, task));
        break;
      }
      case "pull":
        this.#runs.get(message.runId)?.pull?.();
        break;
      case "abandon":
        this.#abandon(message.runId);
        break;
      default:
        this.#syscalls.settle(message);
    }
  }

  async #perform(run: Run, task: WorkerTask): Promise<void> {
    try {
      const text = await this.#textOf(run, task);
      if (text.length > MAX_RESULT_LENGTH) throw new Error("The return value is too large.");
      this.#finish(run, true, text);
    } catch (error) {
      this.#finish(run, false, JSON.stringify(describeThrown(error)));
    }
  }

  /** What running the task gives, as JSON text. */
  async #textOf(run: Run, task: WorkerTask): Promise<string> {
    const registry = this.#modules.registry(task.componentPath);
    if (task.kind === "probe") return probeModule(registry, task.module);
    if (task.kind === "http") {
      const router = Reflect.get(registry.load("http.js"), "default") as HttpRouter;
      await respond(router, task.request, task.routedPath, {
        head: (response) => this.#send({ type: "head", runId: run.runId, response }),
        chunk: (bytes) => this.#send({ type: "chunk", runId: run.runId, bytes }),
        pulled: () => new Promise((resolve) => (run.pull = resolve)),
        isAbandoned: () => run.isOver,
      });
      return "null";
    }
    const action = functionNamed(registry.load(task.module), task.exportName);
    if (action?.invokeAction === undefined) {
      throw new Error(`Couldn't find action "${task.exportName}" in "${task.module}".`);
    }
    return await action.invokeAction(task.requestId, task.argsJson);
  }

  #finish(run: Run, isOk: boolean, text: string): void {
    if (run.isOver) return;
    run.isOver = true;
    this.#runs.delete(run.runId);
    this.#send({ type: "done", runId: run.runId, isOk, text });
  }

  #abandon(runId: number): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    run.isOver = true;
    run.pull?.();
    this.#runs.delete(runId);
  }

  #send(message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/**
 * `globalThis.process`, by which generated code of components finds its environment: in a component it
 * is the component's own. What belongs to no run, and the app, keep Node's.
 */
function installProcess(componentProcess: () => object | null): void {
  const nodeProcess = process;
  Object.defineProperty(globalThis, "process", {
    configurable: true,
    enumerable: false,
    get: () => componentProcess() ?? nodeProcess,
    set: () => undefined,
  });
}

if (parentPort !== null) new ActionWorker(parentPort, workerData as WorkerData).start();
