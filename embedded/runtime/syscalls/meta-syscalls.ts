import { displayPath } from "../../modules/function-path.ts";
import { encodeInt64 } from "../../values/json-value.ts";
import { createHandle } from "../function-addresses.ts";
import { transactionMetrics } from "../transaction-limits.ts";
import type { SyscallHandler } from "./syscall-context.ts";

/** The class that Convex reports for deployments it does not host; its limits are those enforced. */
export const DEPLOYMENT_CLASS = "s16";

export const metaSyncSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/getSnapshotTs": ({ transaction, run }) => {
    run.readClock();
    return JSON.stringify(encodeInt64(transaction.snapshotTs));
  },
  "1.0/componentArgument": () => "{}",
};

export const metaSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/getUserIdentity": ({ run, seesIdentity }) =>
    seesIdentity ? (run.readIdentity() ?? "null") : "null",
  "1.0/createFunctionHandle": ({ componentPath, run }, args) =>
    JSON.stringify(createHandle(run.directory, componentPath, args)),
  "1.0/getTransactionMetrics": (context) => JSON.stringify(transactionMetrics(context)),
  "1.0/getFunctionMetadata": ({ path, componentPath }) =>
    JSON.stringify({ name: displayPath(path), componentPath }),
  "1.0/getDeploymentMetadata": ({ services }) =>
    JSON.stringify({ name: services.deployment.name, region: null, class: DEPLOYMENT_CLASS }),
  "1.0/auditLog": () => "null",
};

export const mutationMetaSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/getRequestMetadata": ({ run, seesIdentity }) =>
    JSON.stringify({
      ip: run.request.ip,
      userAgent: run.request.userAgent,
      requestId: run.request.requestId,
      scheduledFunctionId: run.scheduledFunctionId,
      authToken: seesIdentity ? run.authToken : null,
    }),
};
