import { randomBytes } from "node:crypto";

import { parseFunctionPath, type FunctionPath } from "../modules/function-path.ts";
import { functionNotFound } from "../runtime/function-info.ts";
import type { RunRequest } from "../runtime/function-run.ts";
import type { Caller, FunctionRequest, Identity } from "./types.ts";

const SEED_BYTES = 32;

/**
 * The function that a request names. Clients reach the app's own functions only.
 * @throws FunctionError for text that is no path, and for what is hidden from the caller.
 */
export function requirePath({ componentPath, path, caller }: FunctionRequest): FunctionPath {
  const parsed = parseFunctionPath(componentPath, path);
  const isHidden = caller.kind === "client" && componentPath !== "";
  if (parsed === null || isHidden) throw functionNotFound(path);
  return parsed;
}

interface RunOptions extends Pick<RunRequest, "nowMs" | "journal"> {
  /** Whether the arguments are as `parseArgs` gives them; false by default. */
  readonly areArgsCanonical?: boolean;
}

/** What the runtime needs of a request, with a new seed. */
export function toRunRequest(
  request: FunctionRequest,
  path: FunctionPath,
  udfType: RunRequest["udfType"],
  { nowMs, journal, areArgsCanonical = false }: RunOptions,
): RunRequest {
  const { caller, metadata, argsJson } = request;
  return {
    udfType,
    path,
    argsJson,
    areArgsCanonical,
    identityJson: identityOf(caller)?.attributesJson ?? null,
    authToken: identityOf(caller)?.token ?? null,
    mayCallInternal: mayCallInternal(request),
    request: metadata,
    scheduledFunctionId: caller.kind === "system" ? (caller.scheduledFunctionId ?? null) : null,
    journal,
    nowMs,
    seed: () => randomBytes(SEED_BYTES),
  };
}

export function identityOf(caller: Caller): Identity | null {
  if (caller.kind === "client") return caller.identity;
  return caller.kind === "admin" ? caller.actingAs : null;
}

export function mayCallInternal({ caller }: FunctionRequest): boolean {
  return caller.kind !== "client";
}
