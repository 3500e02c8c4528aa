import type { ComponentPath, Transaction } from "../../database/types.ts";
import type { FunctionDirectory } from "../../modules/function-directory.ts";
import type { FunctionPath } from "../../modules/function-path.ts";
import type { JsonObject, JsonValue } from "../../values/json-value.ts";
import { FunctionError } from "../function-error.ts";
import type { BlobStore, DeploymentInfo, TokenSigner, UploadTokens } from "../services.ts";
import type { Ceilings, RunUsage } from "../transaction-limits.ts";
import type { QueryStream } from "./query-stream.ts";
import type { CursorCodec } from "./cursor-codec.ts";

/** What a transactional function may reach through syscalls: one per call, nested calls included. */
export interface SyscallContext {
  readonly udfType: "query" | "mutation";
  readonly path: FunctionPath;
  readonly componentPath: ComponentPath;
  /** The run's transaction, or a view of it. */
  readonly transaction: Transaction;
  readonly nowMs: number;
  readonly services: SyscallServices;
  readonly run: RunState;
  /** Open query streams of this call. */
  readonly streams: Map<number, QueryStream>;
  /** Whether this call has paginated; each may once. */
  hasPaginated: boolean;
  /** Whether it may ask who is calling: what runs in the app and was not called by a component. */
  readonly seesIdentity: boolean;
  readonly ceilings: Ceilings;
  /** Nesting: 0 for the function that was asked for from outside. */
  readonly depth: number;
}

export interface SyscallServices {
  readonly deployment: DeploymentInfo;
  readonly blobs: BlobStore;
  readonly uploadTokens: UploadTokens;
  readonly tokenSigner: TokenSigner;
  readonly cursors: CursorCodec;
}

/** State that all calls of one run share. */
export interface RunState {
  /** Attributes of the caller as JSON text; reading it makes the result belong to that caller. */
  readIdentity(): string | null;
  /** Where the functions of the code that runs are. */
  readonly directory: FunctionDirectory;
  readonly request: {
    readonly requestId: string;
    readonly ip: string | null;
    readonly userAgent: string | null;
  };
  readonly authToken: string | null;
  readonly scheduledFunctionId: string | null;
  /** Journal of an earlier run of the same query. */
  readonly journal: string | null;
  nextJournal: string | null;
  readonly usage: RunUsage;
  /** Asking for it makes the result grow old by itself. */
  readClock(): number;
  nextStreamId: number;
}

/** Answers with JSON text, or throws `FunctionError` and errors of the database. */
export type SyscallHandler = (context: SyscallContext, args: JsonObject) => string;

export function textArg(args: JsonObject, name: string): string {
  const value = args[name];
  if (typeof value === "string") return value;
  throw new FunctionError(`Invalid argument \`${name}\`: expected a string.`);
}

export function optionalTextArg(args: JsonObject, name: string): string | null {
  const value = args[name] ?? null;
  return value === null ? null : textArg(args, name);
}

export function numberArg(args: JsonObject, name: string): number {
  const value = args[name];
  if (typeof value === "number") return value;
  throw new FunctionError(`Invalid argument \`${name}\`: expected a number.`);
}

export function valueArg(args: JsonObject, name: string): JsonValue {
  const value = args[name];
  if (value === undefined) throw new FunctionError(`Missing argument \`${name}\`.`);
  return value;
}
