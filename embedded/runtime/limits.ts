import type { TransactionUsage } from "../database/types.ts";
import { FunctionError } from "./function-error.ts";

/** Convex's documented limits of one function run. Sizes in bytes, times in milliseconds. */
export const LIMITS = {
  bytesRead: 16 * 2 ** 20,
  documentsRead: 32_000,
  databaseQueries: 4_096,
  bytesWritten: 16 * 2 ** 20,
  documentsWritten: 16_000,
  functionsScheduled: 1_000,
  scheduledFunctionArgsBytes: 16 * 2 ** 20,
  scheduledArgsBytes: 4 * 2 ** 20,
  argsBytes: 16 * 2 ** 20,
  nodeArgsBytes: 5 * 2 ** 20,
  resultBytes: 16 * 2 ** 20,
  userTimeMs: 1_000,
  nesting: 8,
  pageSize: 32_000,
} as const;

/** How long a realm may be entered in one go: user time and, at most, this much database time. */
export const ENTRY_LIMIT_MS = LIMITS.userTimeMs + 500;

const OVER_LIMIT_HELP =
  "Consider using smaller limits in your queries, paginating your queries, or using indexed " +
  "queries with a selective index range expressions.";

/** @throws FunctionError when a transaction has read or written more than a function may. */
export function checkUsage(usage: TransactionUsage): void {
  const exceeded = exceededLimit(usage);
  if (exceeded !== null) throw new FunctionError(exceeded);
}

/** Whether the next read would go past what a function may read. */
export function isReadLimitReached(usage: TransactionUsage): boolean {
  return usage.documentsRead >= LIMITS.documentsRead || usage.bytesRead >= LIMITS.bytesRead;
}

function exceededLimit(usage: TransactionUsage): string | null {
  const reads = "in a single function execution";
  if (usage.documentsRead > LIMITS.documentsRead) {
    return `Too many documents read ${reads} (limit: ${LIMITS.documentsRead}). ${OVER_LIMIT_HELP}`;
  }
  if (usage.bytesRead > LIMITS.bytesRead) {
    return `Too many bytes read ${reads} (limit: ${LIMITS.bytesRead} bytes). ${OVER_LIMIT_HELP}`;
  }
  if (usage.databaseQueries > LIMITS.databaseQueries) {
    return `Too many reads ${reads} (limit: ${LIMITS.databaseQueries}). ${OVER_LIMIT_HELP}`;
  }
  if (usage.documentsWritten > LIMITS.documentsWritten) {
    return `Too many writes ${reads} (limit: ${LIMITS.documentsWritten})`;
  }
  if (usage.bytesWritten > LIMITS.bytesWritten) {
    return `Too many bytes written ${reads} (limit: ${LIMITS.bytesWritten} bytes)`;
  }
  return null;
}

export function timeoutError(): FunctionError {
  return new FunctionError(
    `Function execution timed out (maximum duration: ${LIMITS.userTimeMs / 1000}s)`,
  );
}
