import { ConvexError } from "convex/values";

import type { AppError } from "#convex/domain/errors.ts";

/** The shop's own refusal inside what was thrown, or null: then it is a fault and not a refusal. */
export function asAppError(error: unknown): AppError | null {
  return error instanceof ConvexError && isAppError(error.data) ? error.data : null;
}

export function isAppError(data: unknown): data is AppError {
  return (
    typeof data === "object" &&
    data !== null &&
    "code" in data &&
    typeof data.code === "string" &&
    /^[A-Z][A-Z_]*$/.test(data.code)
  );
}
