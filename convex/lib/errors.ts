import { ConvexError } from "convex/values";

import type { AppError, AppErrorCode, AppErrorOf } from "../domain/errors.ts";

/** The one way to refuse: `throw appError({ code: "OUT_OF_STOCK", … })`. */
export function appError(error: AppError): ConvexError<AppError> {
  return new ConvexError(error);
}

export function isAppError<Code extends AppErrorCode>(
  error: unknown,
  code: Code,
): error is ConvexError<AppErrorOf<Code>> {
  if (!(error instanceof ConvexError)) return false;
  const data: unknown = error.data;
  return typeof data === "object" && data !== null && "code" in data && data.code === code;
}

export function notFound(what: AppErrorOf<"NOT_FOUND">["what"]): ConvexError<AppError> {
  return appError({ code: "NOT_FOUND", what });
}

export function invalidInput(field: string, reason: string): ConvexError<AppError> {
  return appError({ code: "INVALID_INPUT", field, reason });
}
