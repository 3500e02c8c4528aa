import type { Transaction } from "../database/types.ts";
import { DEPLOYMENT_LIMITS } from "../lib/limits.ts";
import { ServiceError } from "../lib/service-error.ts";
import { checkVariables } from "./component-environment.ts";
import { findComponent } from "./component-store.ts";
import type { ComponentMount } from "./component-tree.ts";
import { ENVIRONMENT_VARIABLES } from "./module-tables.ts";
import { findRow, insertRow, listRows, replaceRow, textField } from "./system-documents.ts";

/** `value: null` removes the variable. */
export interface EnvironmentChange {
  readonly name: string;
  readonly value: string | null;
}

const RESERVED = new Set(["CONVEX_CLOUD_URL", "CONVEX_SITE_URL"]);

/** One user variable; reading it makes the transaction depend on it, set or not. */
export function readVariable(transaction: Transaction, name: string): string | undefined {
  const row = findRow(transaction, ENVIRONMENT_VARIABLES, "by_name", [name]);
  return row === null ? undefined : textField(row, "value");
}

/**
 * A variable as the code at a mount sees it: all of the deployment's in the app, those it was given in
 * a component. Makes the transaction depend on what it read.
 */
export function readVariableOf(
  transaction: Transaction,
  { componentPath, environment }: ComponentMount,
  name: string,
): string | undefined {
  if (componentPath === "") return readVariable(transaction, name);
  const binding = environment.get(name);
  if (binding === undefined) return undefined;
  return binding.type === "value" ? binding.value : readVariable(transaction, binding.name);
}

/** All that the code at a mount sees of the deployment's variables. */
export function variablesOf(
  variables: ReadonlyMap<string, string>,
  { componentPath, environment }: ComponentMount,
): Readonly<Record<string, string>> {
  if (componentPath === "") return Object.fromEntries(variables);
  const visible: Record<string, string> = {};
  for (const [name, binding] of environment) {
    const value = binding.type === "value" ? binding.value : variables.get(binding.name);
    if (value !== undefined) visible[name] = value;
  }
  return visible;
}

/** All user variables by name. */
export function readVariables(transaction: Transaction): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const row of listRows(transaction, ENVIRONMENT_VARIABLES, "by_name")) {
    variables.set(textField(row, "name"), textField(row, "value"));
  }
  return variables;
}

/**
 * Sets and removes variables.
 * @throws ServiceError `EnvironmentVariable…` or `EnvVar…` for what a variable or a deployment cannot
 *   be, `InvalidEnvironmentVariable` for a value that the deployed app does not declare.
 */
export function updateVariables(
  transaction: Transaction,
  changes: readonly EnvironmentChange[],
): void {
  for (const { name, value } of changes) {
    if (value !== null) checkVariable(name, value);
    const row = findRow(transaction, ENVIRONMENT_VARIABLES, "by_name", [name]);
    if (value === null) {
      if (row !== null) transaction.remove("", row.id);
    } else if (row === null) {
      insertRow(transaction, ENVIRONMENT_VARIABLES, { name, value });
    } else {
      replaceRow(transaction, row.id, { name, value });
    }
  }
  const variables = readVariables(transaction);
  const declared = findComponent(transaction, "")?.mount.declared ?? new Map();
  checkVariables(declared, variables, { isComplete: false });
  checkTotal(variables);
}

function checkTotal(variables: ReadonlyMap<string, string>): void {
  const { environmentVariables, environmentBytes } = DEPLOYMENT_LIMITS;
  if (variables.size > environmentVariables.max) {
    throw refused("EnvVarLimitMet", environmentVariables.text());
  }
  let size = 0;
  for (const [name, value] of variables) size += name.length + Buffer.byteLength(value);
  if (size > environmentBytes.max) {
    throw refused("EnvVarTotalSizeLimitMet", environmentBytes.text(size));
  }
}

function checkVariable(name: string, value: string): void {
  const { environmentNameLength, environmentValueBytes } = DEPLOYMENT_LIMITS;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw refused(
      "EnvironmentVariableNameInvalid",
      `The environment variable name ${name} is invalid. Environment variable names must begin ` +
        "with a letter and may only include characters a-z, A-Z, 0-9, and underscores.",
    );
  }
  if (name.length > environmentNameLength.max) {
    throw refused("EnvironmentVariableNameTooLong", environmentNameLength.text(name));
  }
  if (RESERVED.has(name)) {
    throw refused(
      "EnvVarNameForbidden",
      `Environment variable with name "${name}" is built-in and cannot be overridden`,
    );
  }
  const size = Buffer.byteLength(value);
  if (size > environmentValueBytes.max) {
    throw refused("EnvironmentVariableValueTooLarge", environmentValueBytes.text(size));
  }
}

function refused(code: string, message: string): ServiceError {
  return new ServiceError("badRequest", code, message);
}
