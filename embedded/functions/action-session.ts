import type { CodeSnapshot } from "../modules/code-cache.ts";
import { mapStack } from "../modules/source-positions.ts";
import type { ActionPool, StartedRun } from "../runtime/actions/action-pool.ts";
import type { FromWorker, WireResponse, WorkerTask } from "../runtime/actions/action-protocol.ts";
import type { ThreadEnd } from "../runtime/actions/action-thread.ts";
import { FunctionError } from "../runtime/function-error.ts";
import { checkErrorData } from "../runtime/function-info.ts";
import { LogLines } from "../runtime/log-lines.ts";
import type { SyscallFailure, ThrownError } from "../runtime/realm/realm-host.ts";
import { parseSyscallArgs } from "../runtime/syscalls/syscall-table.ts";
import {
  getBlob,
  runActionSyscall,
  storeBlob,
  type ActionContext,
  type ActionServices,
} from "./action-syscalls.ts";

/** The code and environment that an action runs with. */
export interface ActionCode {
  readonly snapshot: CodeSnapshot;
  readonly variables: ReadonlyMap<string, string>;
}

export interface SessionOptions {
  readonly pool: ActionPool;
  readonly services: ActionServices;
  readonly code: ActionCode;
  readonly context: ActionContext;
  /** After so many milliseconds the action counts as failed. */
  readonly timeLimit: { readonly max: number; readonly text: () => string };
  /** For HTTP actions: the beginning of a response, and then what follows of its body. */
  readonly onHead?: (response: WireResponse) => void;
  readonly onChunk?: (bytes: Uint8Array | null) => void;
}

/** One run of an action in a thread, with the engine's side of its syscalls. */
export class ActionSession {
  readonly logs = new LogLines();
  /** The result's JSON text; rejects with a FunctionError. */
  readonly result: Promise<string>;
  readonly #options: SessionOptions;
  readonly #started: StartedRun;
  #isOver = false;
  #end: (end: ThreadEnd) => void = () => undefined;

  constructor(task: WorkerTask, options: SessionOptions) {
    this.#options = options;
    const end = new Promise<ThreadEnd>((resolve) => (this.#end = resolve));
    const { max, text } = options.timeLimit;
    const timer = setTimeout(() => this.abandon(text()), max).unref();
    this.result = end.then((ended) => {
      this.#isOver = true;
      clearTimeout(timer);
      if (ended.kind === "done" && ended.isOk) return ended.text;
      throw this.#errorOf(ended);
    });
    const { snapshot, variables } = options.code;
    this.#started = options.pool.start(snapshot, variables, task, {
      message: (message) => this.#receive(message),
      ended: (ended) => this.#end(ended),
    });
  }

  /** Asks for the next piece of the response body. */
  pull(): void {
    const { thread, runId } = this.#started;
    thread.send({ type: "pull", runId });
  }

  /** Ends the run for this side, because nobody wants its result any more; it fails with the reason. */
  abandon(reason: string): void {
    if (this.#isOver) return;
    this.#started.thread.abandon(this.#started.runId);
    this.#end({ kind: "crashed", reason });
  }

  #receive(message: Exclude<FromWorker, { type: "done" | "heartbeat" }>): void {
    switch (message.type) {
      case "log":
        this.logs.add(message.level, message.text);
        break;
      case "head":
        this.#options.onHead?.(message.response);
        break;
      case "chunk":
        this.#options.onChunk?.(message.bytes);
        break;
      case "syscall":
        void this.#answer(message);
        break;
      default:
        void this.#answerBlob(message);
    }
  }

  async #answer({ callId, op, json }: Extract<FromWorker, { type: "syscall" }>): Promise<void> {
    const { services, context } = this.#options;
    const reply = await this.#attempt(async () => {
      const args = parseSyscallArgs(json);
      return await runActionSyscall(services, context, op, args);
    });
    this.#started.thread.send({ type: "reply", callId, reply });
  }

  async #answerBlob(
    message: Extract<FromWorker, { type: "storeBlob" | "getBlob" }>,
  ): Promise<void> {
    const { services, context } = this.#options;
    const { thread } = this.#started;
    const { callId } = message;
    const reply = await this.#attempt(async () => {
      if (message.type === "storeBlob") {
        return await storeBlob(services, context, message.blob, message.sha256);
      }
      const blob = await getBlob(services, context, message.storageId);
      thread.send({ type: "blob", callId, blob });
      return null;
    });
    if (reply !== null) thread.send({ type: "reply", callId, reply });
  }

  async #attempt<T extends string | null>(answer: () => Promise<T>): Promise<T | string> {
    try {
      return await answer();
    } catch (error) {
      return `!${JSON.stringify(syscallFailure(error))}`;
    }
  }

  #errorOf(end: ThreadEnd): FunctionError {
    if (end.kind === "crashed") return new FunctionError(end.reason);
    const { summary, stack, dataJson } = JSON.parse(end.text) as ThrownError;
    const { snapshot } = this.#options.code;
    const { componentPath } = this.#options.context.path;
    const frames = mapStack(
      stack,
      (path) => snapshot.module(componentPath, path)?.positions ?? null,
    );
    const text = [`Uncaught ${summary}`, ...frames].join("\n");
    return checkErrorData(new FunctionError(text, dataJson ?? null));
  }
}

/** Refusals are told; what fails in the engine itself is not. */
function syscallFailure(error: unknown): SyscallFailure {
  if (error instanceof FunctionError) {
    const { message, dataJson } = error;
    return { message, ...(dataJson === null ? {} : { data: JSON.parse(dataJson) as unknown }) };
  }
  const isRefusal =
    error instanceof Error &&
    ["DatabaseError", "ValueError", "OccConflictError"].includes(error.name);
  return { message: isRefusal ? error.message : "Internal error" };
}
