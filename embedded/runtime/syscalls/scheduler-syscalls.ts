import { FUNCTION_LIMITS } from "../../lib/limits.ts";
import type { FunctionDirectory } from "../../modules/function-directory.ts";
import type { FunctionPath } from "../../modules/function-path.ts";
import type { ComponentPath, Transaction } from "../../database/types.ts";
import type { JsonObject } from "../../values/json-value.ts";
import { valueSize } from "../../values/size.ts";
import { requireFunction } from "../function-addresses.ts";
import { parseArgs } from "../function-info.ts";
import { FunctionError } from "../function-error.ts";
import { cancelJob, findJob, insertJob, readJobState } from "../job-records.ts";
import { countScheduling } from "../transaction-limits.ts";
import { numberArg, textArg, valueArg, type SyscallHandler } from "./syscall-context.ts";

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
  requireNearTime(scheduledTimeMs, nowMs);
  const { path: target } = requireFunction(directory, componentPath, args);
  if (directory.findFunction(target) === null) throw nothingToSchedule(directory, target);
  const [value] = parseArgs(target, JSON.stringify([valueArg(args, "args")]), { commitTs: false });
  const argsBytes = valueSize([value]);
  const { scheduledArgsBytes } = FUNCTION_LIMITS;
  if (argsBytes > scheduledArgsBytes.max) {
    throw new FunctionError(scheduledArgsBytes.text(argsBytes));
  }
  return { target, argsJson: JSON.stringify([value]), argsBytes, scheduledTimeMs };
}

function nothingToSchedule(directory: FunctionDirectory, target: FunctionPath): FunctionError {
  const { componentPath, module, exportName } = target;
  if (!directory.hasModule(target)) {
    const place = componentPath === "" ? module : `${componentPath} ${module}`;
    return new FunctionError(`Attempted to schedule function at nonexistent path: ${place}`);
  }
  const place = componentPath === "" ? module : `${module} in '${componentPath}'`;
  return new FunctionError(
    `Attempted to schedule function, but no exported function ${exportName} found in the file: ` +
      `${place}. Did you forget to export it?`,
  );
}

function requireNearTime(scheduledTimeMs: number, nowMs: number): void {
  const { max, text } = FUNCTION_LIMITS.scheduledDelayMs;
  const delayMs = scheduledTimeMs - nowMs;
  if (Math.abs(delayMs) <= max) return;
  throw new FunctionError(text(scheduledTimeMs, delayMs > 0 ? "future" : "past"));
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
    countScheduling(context, argsBytes);
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
      throw new FunctionError("A mutation cannot cancel itself");
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
    throw new FunctionError(
      "Invalid scheduled function ID. The ID must be an ID on the '_scheduled_functions' table.",
    );
  }
  const job = findJob(transaction, id);
  if (job?.ownerPath === componentPath) cancelJob(transaction, job, nowMs);
}
