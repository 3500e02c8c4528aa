import type { FunctionDirectory } from "../../modules/function-directory.ts";
import { displayPath, type FunctionPath } from "../../modules/function-path.ts";
import type { ComponentPath, Transaction } from "../../database/types.ts";
import type { JsonObject } from "../../values/json-value.ts";
import { valueSize } from "../../values/size.ts";
import { requireFunction } from "../function-addresses.ts";
import { parseArgs } from "../function-info.ts";
import { FunctionError } from "../function-error.ts";
import { cancelJob, findJob, insertJob, readJobState } from "../job-records.ts";
import { LIMITS } from "../limits.ts";
import { numberArg, textArg, valueArg, type SyscallHandler } from "./syscall-context.ts";

const FIVE_YEARS_MS = 5 * 366 * 24 * 3_600_000;

/** A scheduling that was asked for, checked. */
export interface JobRequest {
  readonly target: FunctionPath;
  /** JSON text of `[object]`. */
  readonly argsJson: string;
  readonly argsBytes: number;
  readonly scheduledTimeMs: number;
}

/**
 * Reads the arguments of a `schedule` syscall.
 * @throws FunctionError when the time, the address or the arguments make no job, and when there is
 *   nothing that could run when the job is due.
 */
export function parseJobRequest(
  directory: FunctionDirectory,
  componentPath: ComponentPath,
  args: JsonObject,
  nowMs: number,
): JobRequest {
  const scheduledTimeMs = numberArg(args, "ts") * 1000;
  if (!Number.isFinite(scheduledTimeMs) || Math.abs(scheduledTimeMs - nowMs) > FIVE_YEARS_MS) {
    throw new FunctionError("Scheduled functions must be within five years of the current time.");
  }
  const { path: target } = requireFunction(directory, componentPath, args);
  if (directory.findFunction(target) === null) {
    throw new FunctionError(
      `Attempted to schedule function at nonexistent path: ${displayPath(target)}`,
    );
  }
  const [value] = parseArgs(target, JSON.stringify([valueArg(args, "args")]), { commitTs: false });
  const argsBytes = valueSize(value);
  if (argsBytes > LIMITS.scheduledArgsBytes) {
    throw new FunctionError(
      `Arguments of the scheduled function ${displayPath(target)} are too large ` +
        `(actual: ${argsBytes} bytes, limit: ${LIMITS.scheduledArgsBytes} bytes).`,
    );
  }
  return { target, argsJson: JSON.stringify([value]), argsBytes, scheduledTimeMs };
}

/** Whether the job that is running the caller was canceled meanwhile: then its jobs are, too. */
export function isJobCanceled(transaction: Transaction, jobId: string | null): boolean {
  const job = jobId === null ? null : findJob(transaction, jobId);
  return job !== null && readJobState(transaction, job)?.kind === "canceled";
}

export const schedulerSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/schedule": (context, args) => {
    const { transaction, componentPath, run, nowMs } = context;
    const job = parseJobRequest(run.directory, componentPath, args, nowMs);
    const { target, argsJson, argsBytes, scheduledTimeMs } = job;
    run.functionsScheduled += 1;
    run.scheduledArgsBytes += argsBytes;
    if (run.functionsScheduled > LIMITS.functionsScheduled) {
      throw new FunctionError(
        `Too many functions scheduled by this mutation (limit: ${LIMITS.functionsScheduled})`,
      );
    }
    if (run.scheduledArgsBytes > LIMITS.scheduledFunctionArgsBytes) {
      throw new FunctionError(
        "Too large total size of the arguments of scheduled functions from this mutation " +
          `(limit: ${LIMITS.scheduledFunctionArgsBytes} bytes)`,
      );
    }
    const jobId = insertJob(transaction, {
      ownerPath: componentPath,
      target,
      argsJson,
      scheduledTimeMs,
      isCanceled: false,
      nowMs,
    });
    return JSON.stringify(jobId);
  },
  "1.0/cancel_job": ({ transaction, run, nowMs, componentPath }, args) => {
    const id = textArg(args, "id");
    if (id === run.scheduledFunctionId) {
      throw new FunctionError("Cannot cancel the scheduled function that is running.");
    }
    cancelOwnJob(transaction, componentPath, id, nowMs);
    return "null";
  },
};

/**
 * Cancels a job of this component; jobs that are gone, and those of other components, are left alone.
 * @throws FunctionError when the id is none of a scheduled function.
 */
export function cancelOwnJob(
  transaction: Transaction,
  componentPath: ComponentPath,
  id: string,
  nowMs: number,
): void {
  if (transaction.tableOf(componentPath, id) !== "_scheduled_functions") {
    throw new FunctionError(`Invalid scheduled function id ${JSON.stringify(id)}.`);
  }
  const job = findJob(transaction, id);
  if (job?.ownerPath === componentPath) cancelJob(transaction, job, nowMs);
}
