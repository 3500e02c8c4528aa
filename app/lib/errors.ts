import { ConvexError } from "convex/values";

import type { AppError } from "#convex/domain/errors.ts";

/**
 * The shop's own refusal: what was thrown, or what an action or a query gave as data. Null when it is
 * none; then it is a fault and not a refusal.
 */
export function asAppError(error: unknown): AppError | null {
  const data: unknown = error instanceof ConvexError ? error.data : error;
  return isAppError(data) ? data : null;
}

/** True when only signing in (again) can help. */
export function needsSignIn({ code }: AppError): boolean {
  return code === "NOT_SIGNED_IN" || code === "SESSION_ENDED" || code === "ACCOUNT_DEACTIVATED";
}

function isAppError(data: unknown): data is AppError {
  return (
    typeof data === "object" &&
    data !== null &&
    "code" in data &&
    typeof data.code === "string" &&
    /^[A-Z][A-Z_]*$/.test(data.code)
  );
}
