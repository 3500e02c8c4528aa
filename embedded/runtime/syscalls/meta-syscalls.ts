import { canonicalPath } from "../../modules/function-path.ts";
import { encodeInt64 } from "../../values/json-value.ts";
import { createHandle } from "../function-addresses.ts";
import { LIMITS } from "../limits.ts";
import type { SyscallContext, SyscallHandler } from "./syscall-context.ts";

export const metaSyncSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/getSnapshotTs": ({ transaction }) => JSON.stringify(encodeInt64(transaction.snapshotTs)),
  "1.0/componentArgument": () => "{}",
};

export const metaSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/getUserIdentity": ({ run, seesIdentity }) =>
    seesIdentity ? (run.readIdentity() ?? "null") : "null",
  "1.0/createFunctionHandle": ({ componentPath, run }, args) =>
    JSON.stringify(createHandle(run.directory, componentPath, args)),
  "1.0/getTransactionMetrics": (context) => JSON.stringify(transactionMetrics(context)),
  "1.0/getFunctionMetadata": ({ path, componentPath }) =>
    JSON.stringify({ name: canonicalPath(path), componentPath }),
  "1.0/getDeploymentMetadata": ({ services }) =>
    JSON.stringify({ name: services.deployment.name, region: null, class: "local" }),
  "1.0/auditLog": () => "null",
};

export const mutationMetaSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/getRequestMetadata": ({ run }) =>
    JSON.stringify({
      ip: run.request.ip,
      userAgent: run.request.userAgent,
      requestId: run.request.requestId,
      scheduledFunctionId: run.scheduledFunctionId,
      authToken: null,
    }),
};

function transactionMetrics({ transaction, run }: SyscallContext): object {
  const { usage } = transaction;
  const metric = (used: number, limit: number) => ({ used, remaining: Math.max(0, limit - used) });
  return {
    bytesRead: metric(usage.bytesRead, LIMITS.bytesRead),
    bytesWritten: metric(usage.bytesWritten, LIMITS.bytesWritten),
    databaseQueries: metric(usage.databaseQueries, LIMITS.databaseQueries),
    documentsRead: metric(usage.documentsRead, LIMITS.documentsRead),
    documentsWritten: metric(usage.documentsWritten, LIMITS.documentsWritten),
    functionsScheduled: metric(run.functionsScheduled, LIMITS.functionsScheduled),
    scheduledFunctionArgsBytes: metric(run.scheduledArgsBytes, LIMITS.scheduledFunctionArgsBytes),
  };
}
