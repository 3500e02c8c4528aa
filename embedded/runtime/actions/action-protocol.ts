/** Messages between the engine and a worker that runs actions. Types only. */
import type { LogLevel, SyscallReply } from "../realm/realm-host.ts";

/** A converted module as a worker gets it (convert-module.ts). */
interface WorkerModule {
  readonly componentPath: string;
  readonly path: string;
  readonly environment: "isolate" | "node";
  readonly code: string;
}

/** Given to a worker once: the code and environment that it is for. */
export interface WorkerData {
  readonly modules: readonly WorkerModule[];
  /** `process.env` at each mount, by component path. */
  readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: ArrayBuffer | null;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly hasBody: boolean;
}

/** Bytes with a MIME type; the type is empty when unknown. */
export interface WireBlob {
  readonly bytes: ArrayBuffer;
  readonly contentType: string;
}

/** What a worker is to do; `runId` names it in all that follows. */
export type WorkerTask =
  | {
      readonly kind: "action";
      readonly componentPath: string;
      readonly module: string;
      readonly exportName: string;
      readonly argsJson: string;
      readonly requestId: string;
    }
  | {
      readonly kind: "http";
      readonly componentPath: string;
      readonly request: WireRequest;
      /** The path to look up, which for a component is without the prefix it is mounted at. */
      readonly routedPath: string;
    }
  | { readonly kind: "probe"; readonly componentPath: string; readonly module: string };

export type ToWorker =
  | { readonly type: "run"; readonly runId: number; readonly task: WorkerTask }
  | { readonly type: "reply"; readonly callId: number; readonly reply: SyscallReply }
  | { readonly type: "blob"; readonly callId: number; readonly blob: WireBlob | null }
  /** Asks for the next piece of a response body. */
  | { readonly type: "pull"; readonly runId: number }
  /** Nobody wants the result any more. */
  | { readonly type: "abandon"; readonly runId: number };

export type FromWorker =
  | {
      readonly type: "log";
      readonly runId: number;
      readonly level: LogLevel;
      readonly text: string;
    }
  | {
      readonly type: "syscall";
      readonly runId: number;
      readonly callId: number;
      readonly op: string;
      readonly json: string;
    }
  | {
      readonly type: "storeBlob";
      readonly runId: number;
      readonly callId: number;
      readonly blob: WireBlob;
      readonly sha256: string | null;
    }
  | {
      readonly type: "getBlob";
      readonly runId: number;
      readonly callId: number;
      readonly storageId: string;
    }
  | { readonly type: "head"; readonly runId: number; readonly response: WireResponse }
  /** A piece of a response body, `null` at its end. */
  | { readonly type: "chunk"; readonly runId: number; readonly bytes: Uint8Array | null }
  /** `text` is the result's JSON, or a `ThrownError` as JSON. */
  | {
      readonly type: "done";
      readonly runId: number;
      readonly isOk: boolean;
      readonly text: string;
    }
  /** Sent again and again while nothing blocks the thread; with what its heap and buffers hold. */
  | { readonly type: "heartbeat"; readonly memoryBytes: number };
