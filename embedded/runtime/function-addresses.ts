import type { ComponentPath } from "../database/types.ts";
import {
  resolveAddress,
  type FunctionDirectory,
  type ResolvedFunction,
} from "../modules/function-directory.ts";
import type { FunctionAddress, FunctionPath } from "../modules/function-path.ts";
import { FunctionError } from "./function-error.ts";

/**
 * The function that code of a component means.
 * @throws FunctionError when the address leads nowhere.
 */
export function requireFunction(
  directory: FunctionDirectory,
  caller: ComponentPath,
  address: FunctionAddress,
): Extract<ResolvedFunction, { path: FunctionPath }> {
  const resolved = resolveAddress(directory, caller, address);
  if ("problem" in resolved) throw new FunctionError(resolved.problem);
  return resolved;
}

/**
 * The handle of the function that code of a component means.
 * @throws FunctionError when there is no such function.
 */
export function createHandle(
  directory: FunctionDirectory,
  caller: ComponentPath,
  address: FunctionAddress,
): string {
  const { path } = requireFunction(directory, caller, address);
  const handle = directory.handleOf(path);
  if (handle === null) throw new FunctionError("Function handle not found");
  return handle;
}
