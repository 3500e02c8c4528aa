import { FUNCTION_LIMITS } from "../lib/limits.ts";
import { FunctionError } from "./function-error.ts";

/** How long a realm may be entered in one go: user time and, at most, this much database time. */
export const ENTRY_LIMIT_MS = FUNCTION_LIMITS.userTimeMs.max + 500;

export function timeoutError(): FunctionError {
  return new FunctionError(FUNCTION_LIMITS.userTimeMs.text());
}

export function outOfMemoryError(): FunctionError {
  return new FunctionError(FUNCTION_LIMITS.heapBytes.text());
}
