import { FUNCTION_LIMITS } from "../../lib/limits.ts";
import type { SyscallFailure } from "../realm/realm-host.ts";
import type { FromWorker, ToWorker } from "./action-protocol.ts";

type Reply = Extract<ToWorker, { type: "reply" | "blob" }>;

/** The client library's way to the engine, over messages. */
export interface WorkerSyscalls {
  /** Becomes `globalThis.Convex`. */
  readonly global: object;
  settle(reply: Reply): void;
}

const MAX_ARGUMENT_LENGTH = 32 * 1024 * 1024;

type Send = (message: FromWorker, transfer?: readonly ArrayBuffer[]) => void;

export function createWorkerSyscalls(currentRun: () => number | null, send: Send): WorkerSyscalls {
  const calls = new WaitingCalls(currentRun, send);
  return {
    global: {
      syscall: (op: string) => {
        throw new Error(`Unknown operation ${op}`);
      },
      asyncSyscall: (op: string, json: string) => asyncSyscall(calls, op, json),
      jsSyscall: (op: string, args: JsSyscallArgs) => {
        if (op === "storage/storeBlob") return storeBlob(calls, args);
        if (op === "storage/getBlob") return getBlob(calls, args);
        throw new Error(`Unknown operation ${op}`);
      },
    },
    settle: (reply) => calls.settle(reply),
  };
}

/** Calls that were sent to the engine, until their replies come; bounded for each run. */
class WaitingCalls {
  readonly #currentRun: () => number | null;
  readonly #send: Send;
  readonly #waiting = new Map<number, { runId: number; resolve: (reply: Reply) => void }>();
  readonly #countOf = new Map<number, number>();
  #lastCallId = 0;

  constructor(currentRun: () => number | null, send: Send) {
    this.#currentRun = currentRun;
    this.#send = send;
  }

  call(
    message: (ids: { readonly runId: number; readonly callId: number }) => FromWorker,
    transfer?: readonly ArrayBuffer[],
  ): Promise<Reply> {
    const runId = this.#currentRun();
    if (runId === null) return Promise.reject(new Error("Called outside of a Convex function."));
    const already = this.#countOf.get(runId) ?? 0;
    const { max, text } = FUNCTION_LIMITS.concurrentOperations;
    if (already >= max) return Promise.reject(new Error(text()));
    this.#countOf.set(runId, already + 1);
    this.#lastCallId += 1;
    const callId = this.#lastCallId;
    return new Promise((resolve) => {
      this.#waiting.set(callId, { runId, resolve });
      this.#send(message({ runId, callId }), transfer);
    });
  }

  settle(reply: Reply): void {
    const settled = this.#waiting.get(reply.callId);
    if (settled === undefined) return;
    this.#waiting.delete(reply.callId);
    const left = (this.#countOf.get(settled.runId) ?? 1) - 1;
    if (left === 0) this.#countOf.delete(settled.runId);
    else this.#countOf.set(settled.runId, left);
    settled.resolve(reply);
  }
}

interface JsSyscallArgs {
  readonly blob?: unknown;
  readonly options?: { readonly sha256?: string };
  readonly storageId?: unknown;
}

async function asyncSyscall(calls: WaitingCalls, op: string, json: string): Promise<string> {
  if (json.length > MAX_ARGUMENT_LENGTH) throw new Error("The arguments are too large.");
  return valueOf(await calls.call((ids) => ({ type: "syscall", ...ids, op, json })));
}

async function storeBlob(calls: WaitingCalls, { blob, options }: JsSyscallArgs): Promise<unknown> {
  if (!(blob instanceof Blob)) {
    throw new Error(
      "store() expects a Blob. If you are trying to store a Request, `await request.blob()` will " +
        "give you the correct input.",
    );
  }
  const bytes = await blob.arrayBuffer();
  const sha256 = options?.sha256 ?? null;
  const wire = { bytes, contentType: blob.type };
  const reply = await calls.call(
    (ids) => ({ type: "storeBlob", ...ids, blob: wire, sha256 }),
    [bytes],
  );
  return JSON.parse(valueOf(reply)) as unknown;
}

async function getBlob(calls: WaitingCalls, { storageId }: JsSyscallArgs): Promise<Blob | null> {
  const reply = await calls.call((ids) => ({
    type: "getBlob",
    ...ids,
    storageId: String(storageId),
  }));
  if (reply.type === "reply") {
    valueOf(reply);
    return null;
  }
  const { blob } = reply;
  return blob === null ? null : new Blob([blob.bytes], { type: blob.contentType });
}

function valueOf(reply: Reply): string {
  if (reply.type === "blob") throw new Error("The engine answered with a blob.");
  if (!reply.reply.startsWith("!")) return reply.reply;
  const { message, data } = JSON.parse(reply.reply.slice(1)) as SyscallFailure;
  throw Object.assign(new Error(message), data === undefined ? {} : { data });
}
