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
import { createWorkerModules } from "./worker-modules.ts";
import { createWorkerSyscalls } from "./worker-syscalls.ts";

const HEARTBEAT_MS = 250;
/** The engine keeps fewer lines; a loop that logs must not fill its memory with messages. */
const MAX_LOG_MESSAGES = 256;
const MAX_LOG_LENGTH = 64 * 1024;
/** The engine refuses less; more than this is not even sent there. */
const MAX_RESULT_LENGTH = 32 * 1024 * 1024;

if (parentPort !== null) startWorker(parentPort, workerData as WorkerData);

interface Run {
  readonly runId: number;
  readonly componentPath: string;
  /** Reading the response body, for an HTTP action. */
  pull: (() => void) | null;
  isOver: boolean;
  logMessages: number;
}

function startWorker(port: NonNullable<typeof parentPort>, data: WorkerData): void {
  const current = new AsyncLocalStorage<Run>();
  const runs = new Map<number, Run>();
  const send = (message: FromWorker, transfer: readonly ArrayBuffer[] = []) =>
    port.postMessage(message, transfer);
  const modules = createWorkerModules(data);
  const syscalls = createWorkerSyscalls(() => current.getStore()?.runId ?? null, send);

  defineGlobal("Convex", syscalls.global);
  defineGlobal("AsyncLocalStorage", AsyncLocalStorage);
  defineGlobal("AsyncResource", AsyncResource);
  installConsole({
    now: () => Date.now(),
    log: (level, text) => {
      const run = current.getStore();
      if (run === undefined || run.logMessages >= MAX_LOG_MESSAGES) return;
      run.logMessages += 1;
      send({ type: "log", runId: run.runId, level, text: text.slice(0, MAX_LOG_LENGTH) });
    },
  });

  installProcess(() => {
    const componentPath = current.getStore()?.componentPath ?? "";
    return componentPath === "" ? null : modules.processOf(componentPath);
  });

  function finish(run: Run, isOk: boolean, text: string): void {
    if (run.isOver) return;
    run.isOver = true;
    runs.delete(run.runId);
    send({ type: "done", runId: run.runId, isOk, text });
  }

  async function perform(run: Run, task: WorkerTask): Promise<void> {
    try {
      const text = await performTask(run, task);
      if (text.length > MAX_RESULT_LENGTH) throw new Error("The return value is too large.");
      finish(run, true, text);
    } catch (error) {
      finish(run, false, JSON.stringify(describeThrown(error)));
    }
  }

  async function performTask(run: Run, task: WorkerTask): Promise<string> {
    if (task.kind === "probe") {
      return probeModule(modules.registry(task.componentPath), task.module);
    }
    if (task.kind === "http") {
      const exports = modules.registry(task.componentPath).load("http.js");
      const router = Reflect.get(exports, "default") as HttpRouter;
      await respond(router, task.request, task.routedPath, {
        head: (response) => send({ type: "head", runId: run.runId, response }),
        chunk: (bytes) => send({ type: "chunk", runId: run.runId, bytes }),
        pulled: () => new Promise((resolve) => (run.pull = resolve)),
        isAbandoned: () => run.isOver,
      });
      return "null";
    }
    const exports = modules.registry(task.componentPath).load(task.module);
    const action = functionNamed(exports, task.exportName);
    if (action?.invokeAction === undefined) {
      throw new Error(`Couldn't find action "${task.exportName}" in "${task.module}".`);
    }
    return await action.invokeAction(task.requestId, task.argsJson);
  }

  port.on("message", (message: ToWorker) => {
    if (message.type === "run") {
      const { componentPath } = message.task;
      const { runId } = message;
      const run: Run = { runId, componentPath, pull: null, isOver: false, logMessages: 0 };
      runs.set(run.runId, run);
      void current.run(run, () => perform(run, message.task));
    } else if (message.type === "pull") {
      runs.get(message.runId)?.pull?.();
    } else if (message.type === "abandon") {
      const run = runs.get(message.runId);
      if (run === undefined) return;
      run.isOver = true;
      run.pull?.();
      runs.delete(run.runId);
    } else {
      syscalls.settle(message);
    }
  });

  // A rejection that nobody handles fails the action it came from, as an exception in a timer does.
  const failCurrent = (error: unknown) => {
    const run = current.getStore();
    if (run !== undefined) finish(run, false, JSON.stringify(describeThrown(error)));
  };
  process.on("unhandledRejection", failCurrent);
  process.on("uncaughtException", failCurrent);
  setInterval(() => {
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    send({ type: "heartbeat", memoryBytes: heap + external });
  }, HEARTBEAT_MS).unref();
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
