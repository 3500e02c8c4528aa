import type { FunctionError } from "../runtime/function-error.ts";
import type { FunctionFailure } from "./types.ts";

/** A failed run as clients get it. */
export function functionFailure(
  error: FunctionError,
  requestId: string,
  logLines: readonly string[],
): FunctionFailure {
  return {
    ok: false,
    errorMessage: `[Request ID: ${requestId}] Server Error\n${error.message}`,
    ...(error.dataJson === null ? {} : { errorDataJson: error.dataJson }),
    logLines,
  };
}

/** The message without its request id, by which two failures are the same. */
export function failureText({ errorMessage }: FunctionFailure): string {
  return errorMessage.replace(/^\[Request ID: [^\]]*\] /, "");
}
