import { FUNCTION_LIMITS } from "../lib/limits.ts";
import { FunctionError } from "./function-error.ts";

/** How long a realm may be entered in one go, the time of single calls of the database not counted. */
export const ENTRY_LIMIT_MS = FUNCTION_LIMITS.userTimeMs.max + 500;
/** A run of this length has shown that its function keeps others waiting. */
export const LONG_RUN_MS = 400;
/** The database's time is given back in pieces of at least this, within the 500 ms above. */
export const GIVE_BACK_MS = 100;

export function timeoutError(): FunctionError {
  return new FunctionError(FUNCTION_LIMITS.userTimeMs.text());
}

export function outOfMemoryError(): FunctionError {
  return new FunctionError(FUNCTION_LIMITS.heapBytes.text());
}
