import type { TransactionUsage } from "../database/types.ts";
import { TRANSACTION_LIMITS } from "../lib/limits.ts";
import { isPlainObject, type JsonValue } from "../values/json-value.ts";
import { FunctionError } from "./function-error.ts";

/** The most that a call and what it calls may use, by counter. */
export type Ceilings = Readonly<Record<Counter, number>>;

/** What a run has used beyond what its transaction counts. */
export interface RunUsage {
  functionsScheduled: number;
  scheduledFunctionArgsBytes: number;
  filesRead: number;
  fileReadBytes: number;
  filesWritten: number;
  fileWriteBytes: number;
}

/** A call's part in a transaction: what has been used so far and how far it may go. */
interface LimitedCall {
  readonly transaction: { readonly usage: TransactionUsage };
  readonly run: { readonly usage: RunUsage };
  readonly ceilings: Ceilings;
}

type Counter = keyof typeof TRANSACTION_LIMITS;

const COUNTERS = Object.keys(TRANSACTION_LIMITS) as readonly Counter[];

export const FULL_CEILINGS = fromCounters((counter) => TRANSACTION_LIMITS[counter].max);

export function newRunUsage(): RunUsage {
  return {
    functionsScheduled: 0,
    scheduledFunctionArgsBytes: 0,
    filesRead: 0,
    fileReadBytes: 0,
    filesWritten: 0,
    fileWriteBytes: 0,
  };
}

/** @throws FunctionError when more has been read than the call may. To be called after each read. */
export function requireReadsWithin({ transaction, ceilings }: LimitedCall): void {
  const { usage } = transaction;
  if (usage.documentsRead > ceilings.documentsRead) throw exceeded("documentsRead", ceilings);
  if (usage.bytesRead > ceilings.bytesRead) throw exceeded("bytesRead", ceilings);
  if (usage.databaseQueries > ceilings.databaseQueries) throw exceeded("databaseQueries", ceilings);
}

/** Whether `requireReadsWithin` would throw. */
export function areReadsExceeded({ transaction, ceilings }: LimitedCall): boolean {
  const { usage } = transaction;
  return (
    usage.documentsRead > ceilings.documentsRead ||
    usage.bytesRead > ceilings.bytesRead ||
    usage.databaseQueries > ceilings.databaseQueries
  );
}

/** @throws FunctionError when more has been written than the call may; the caller takes the write back. */
export function requireWritesWithin({ transaction, ceilings }: LimitedCall): void {
  const { usage } = transaction;
  if (usage.documentsWritten > ceilings.documentsWritten) {
    throw exceeded("documentsWritten", ceilings);
  }
  if (usage.bytesWritten > ceilings.bytesWritten) throw exceeded("bytesWritten", ceilings);
}

/** Counts a scheduling, unless it is too much. @throws FunctionError */
export function countScheduling(
  { run: { usage }, ceilings }: LimitedCall,
  argsBytes: number,
): void {
  if (usage.functionsScheduled >= ceilings.functionsScheduled) {
    throw exceeded("functionsScheduled", ceilings);
  }
  if (usage.scheduledFunctionArgsBytes + argsBytes > ceilings.scheduledFunctionArgsBytes) {
    throw exceeded("scheduledFunctionArgsBytes", ceilings);
  }
  usage.functionsScheduled += 1;
  usage.scheduledFunctionArgsBytes += argsBytes;
}

/** Counts a file read in a mutation, unless it is too much. @throws FunctionError */
export function countFileRead({ run: { usage }, ceilings }: LimitedCall, bytes: number): void {
  if (usage.filesRead >= ceilings.filesRead) throw exceeded("filesRead", ceilings);
  if (usage.fileReadBytes + bytes > ceilings.fileReadBytes) {
    throw exceeded("fileReadBytes", ceilings);
  }
  usage.filesRead += 1;
  usage.fileReadBytes += bytes;
}

/** Counts a file stored by a mutation, unless it is too much. @throws FunctionError */
export function countFileWrite({ run: { usage }, ceilings }: LimitedCall, bytes: number): void {
  if (usage.filesWritten >= ceilings.filesWritten) throw exceeded("filesWritten", ceilings);
  if (usage.fileWriteBytes + bytes > ceilings.fileWriteBytes) {
    throw exceeded("fileWriteBytes", ceilings);
  }
  usage.filesWritten += 1;
  usage.fileWriteBytes += bytes;
}

/**
 * Ceilings of a nested call that may use so much on top of what has been used, and never more than
 * its caller. What `wanted` does not name is not narrowed.
 * @throws FunctionError for anything but non-negative whole numbers.
 */
export function narrowCeilings(caller: LimitedCall, wanted: JsonValue | undefined): Ceilings {
  if (wanted === undefined || wanted === null) return caller.ceilings;
  if (!isPlainObject(wanted)) throw invalidLimits("expected an object");
  const used = usedBy(caller);
  return fromCounters((counter) => {
    const budget = wanted[counter];
    if (budget === undefined) return caller.ceilings[counter];
    if (typeof budget !== "number" || !Number.isInteger(budget) || budget < 0) {
      throw invalidLimits(`\`${counter}\` must be a non-negative integer`);
    }
    return Math.min(used[counter] + budget, caller.ceilings[counter]);
  });
}

/** What `ctx.meta.getTransactionMetrics()` returns. */
export function transactionMetrics(call: LimitedCall): object {
  const used = usedBy(call);
  return Object.fromEntries(
    COUNTERS.map((counter) => [
      counter,
      { used: used[counter], remaining: call.ceilings[counter] - used[counter] },
    ]),
  );
}

function usedBy({ transaction, run }: LimitedCall): Readonly<Record<Counter, number>> {
  return { ...transaction.usage, ...run.usage };
}

function fromCounters(valueOf: (counter: Counter) => number): Ceilings {
  return Object.fromEntries(COUNTERS.map((counter) => [counter, valueOf(counter)])) as Ceilings;
}

function exceeded(counter: Counter, ceilings: Ceilings): FunctionError {
  return new FunctionError(TRANSACTION_LIMITS[counter].text(ceilings[counter]));
}

function invalidLimits(problem: string): FunctionError {
  return new FunctionError(`Invalid argument \`transactionLimits\` for \`runUdf\`: ${problem}.`);
}
