import { isPlainObject, type JsonObject, type JsonValue } from "../../values/json-value.ts";
import { FunctionError } from "../function-error.ts";
import { mutationAuthSyscalls } from "./auth-syscalls.ts";
import {
  databaseReadSyscalls,
  databaseSyncSyscalls,
  databaseWriteSyscalls,
} from "./database-syscalls.ts";
import { metaSyncSyscalls, metaSyscalls, mutationMetaSyscalls } from "./meta-syscalls.ts";
import { schedulerSyscalls } from "./scheduler-syscalls.ts";
import { storageReadSyscalls, storageWriteSyscalls } from "./storage-syscalls.ts";
import type { SyscallContext, SyscallHandler } from "./syscall-context.ts";

const SYNC = new Map<string, SyscallHandler>(
  Object.entries({ ...databaseSyncSyscalls, ...metaSyncSyscalls }),
);
const QUERY = new Map<string, SyscallHandler>(
  Object.entries({ ...databaseReadSyscalls, ...metaSyscalls, ...storageReadSyscalls }),
);
const MUTATION = new Map<string, SyscallHandler>(
  Object.entries({
    ...databaseWriteSyscalls,
    ...schedulerSyscalls,
    ...storageWriteSyscalls,
    ...mutationMetaSyscalls,
    ...mutationAuthSyscalls,
  }),
);

/** JSON text of the answer to a call that must answer at once. Throws like handlers do. */
export function runSyncSyscall(context: SyscallContext, op: string, json: string): string {
  const handler = SYNC.get(op);
  if (handler === undefined) throw new FunctionError(`Unknown operation ${op}`);
  return handler(context, parseSyscallArgs(json));
}

/** JSON text of the answer to any other call except nested functions. Throws like handlers do. */
export function runSyscall(context: SyscallContext, op: string, json: string): string {
  const handler = QUERY.get(op) ?? (context.udfType === "mutation" ? MUTATION.get(op) : undefined);
  if (handler === undefined) throw new FunctionError(`Unknown async operation ${op}`);
  return handler(context, parseSyscallArgs(json));
}

export function parseSyscallArgs(json: string): JsonObject {
  if (json === latest.json) return latest.args;
  const args = JSON.parse(json) as JsonValue;
  if (!isPlainObject(args)) throw new FunctionError("Syscall arguments must be an object.");
  if (json.length <= SHORT_ARGS) latest = { json, args };
  return args;
}

/** Who reads a query asks the same for each document. */
let latest: { readonly json: string; readonly args: JsonObject } = { json: "{}", args: {} };
const SHORT_ARGS = 64;
