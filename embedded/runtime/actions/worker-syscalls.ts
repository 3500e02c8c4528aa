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

interface Waiting {
  readonly runId: number;
  resolve(reply: Reply): void;
}

const MAX_ARGUMENT_LENGTH = 32 * 1024 * 1024;

export function createWorkerSyscalls(
  currentRun: () => number | null,
  send: (message: FromWorker, transfer?: readonly ArrayBuffer[]) => void,
): WorkerSyscalls {
  const waiting = new Map<number, Waiting>();
  const waitingOf = new Map<number, number>();
  let lastCallId = 0;

  function call(
    message: (ids: { readonly runId: number; readonly callId: number }) => FromWorker,
    transfer?: readonly ArrayBuffer[],
  ): Promise<Reply> {
    const runId = currentRun();
    if (runId === null) return Promise.reject(new Error("Called outside of a Convex function."));
    const already = waitingOf.get(runId) ?? 0;
    const { max, text } = FUNCTION_LIMITS.concurrentOperations;
    if (already >= max) return Promise.reject(new Error(text()));
    waitingOf.set(runId, already + 1);
    lastCallId += 1;
    const callId = lastCallId;
    return new Promise((resolve) => {
      waiting.set(callId, { runId, resolve });
      send(message({ runId, callId }), transfer);
    });
  }

  async function asyncSyscall(op: string, json: string): Promise<string> {
    if (json.length > MAX_ARGUMENT_LENGTH) throw new Error("The arguments are too large.");
    return valueOf(await call((ids) => ({ type: "syscall", ...ids, op, json })));
  }

  return {
    global: {
      syscall: (op: string) => {
        throw new Error(`Unknown operation ${op}`);
      },
      asyncSyscall,
      jsSyscall: (op: string, args: JsSyscallArgs) => {
        if (op === "storage/storeBlob") return storeBlob(call, args);
        if (op === "storage/getBlob") return getBlob(call, args);
        throw new Error(`Unknown operation ${op}`);
      },
    },
    settle(reply) {
      const settled = waiting.get(reply.callId);
      if (settled === undefined) return;
      waiting.delete(reply.callId);
      const left = (waitingOf.get(settled.runId) ?? 1) - 1;
      if (left === 0) waitingOf.delete(settled.runId);
      else waitingOf.set(settled.runId, left);
      settled.resolve(reply);
    },
  };
}

interface JsSyscallArgs {
  readonly blob?: unknown;
  readonly options?: { readonly sha256?: string };
  readonly storageId?: unknown;
}

type Call = (
  message: (ids: { readonly runId: number; readonly callId: number }) => FromWorker,
  transfer?: readonly ArrayBuffer[],
) => Promise<Reply>;

async function storeBlob(call: Call, { blob, options }: JsSyscallArgs): Promise<unknown> {
  if (!(blob instanceof Blob)) {
    throw new Error(
      "store() expects a Blob. If you are trying to store a Request, `await request.blob()` will " +
        "give you the correct input.",
    );
  }
  const bytes = await blob.arrayBuffer();
  const sha256 = options?.sha256 ?? null;
  const wire = { bytes, contentType: blob.type };
  const reply = await call((ids) => ({ type: "storeBlob", ...ids, blob: wire, sha256 }), [bytes]);
  return JSON.parse(valueOf(reply)) as unknown;
}

async function getBlob(call: Call, { storageId }: JsSyscallArgs): Promise<Blob | null> {
  const reply = await call((ids) => ({ type: "getBlob", ...ids, storageId: String(storageId) }));
  if (reply.type === "reply") {
    valueOf(reply);
    return null;
  }
  const { blob } = reply;
  return blob === null ? null : new Blob([blob.bytes], { type: blob.contentType });
}

function valueOf(reply: Reply): string {
  if (reply.type === "blob") throw new Error("The engine answered with a blob.");
  if (!reply.reply.startsWith("!")) return reply.reply.slice(1);
  const { message, data } = JSON.parse(reply.reply.slice(1)) as SyscallFailure;
  throw Object.assign(new Error(message), data === undefined ? {} : { data });
}
