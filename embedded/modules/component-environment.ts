import { ServiceError } from "../lib/service-error.ts";
import { checkValue, type Validator } from "../values/validator.ts";
import type { DeclaredVariable, EnvironmentBinding } from "./component-definition.ts";

type Declarations = ReadonlyMap<string, DeclaredVariable>;
type Bindings = ReadonlyMap<string, EnvironmentBinding>;

/**
 * Checks what `use(definition, { env })` gives a component against what the component declares.
 * @throws ServiceError `TypecheckError`.
 */
export function checkBindings(
  component: string,
  declared: Declarations,
  bindings: Bindings,
  parent: Declarations,
): void {
  for (const [name, binding] of bindings) {
    const variable = declared.get(name);
    if (variable === undefined) {
      throw typecheckError(`Component "${component}" has no env var named "${name}"`);
    }
    if (binding.type === "value") {
      const failure = checkValue(variable.validator, binding.value, () => null);
      if (failure === null) continue;
      throw typecheckError(
        `Component "${component}" has an invalid value for env var "${name}": ${failure.message}`,
      );
    }
    checkParentVariable(`Component "${component}" env var "${name}"`, variable, binding, parent);
  }
}

/**
 * Resolves references to variables of the parent, so that what is left refers to the app's variables.
 * References to optional variables that the parent was not given fall away.
 */
export function resolveBindings(
  bindings: Bindings,
  parent: { readonly isRoot: boolean; readonly environment: Bindings },
): Bindings {
  const resolved = new Map<string, EnvironmentBinding>();
  for (const [name, binding] of bindings) {
    const isFinal = binding.type === "value" || parent.isRoot;
    const value = isFinal ? binding : parent.environment.get(binding.name);
    if (value !== undefined) resolved.set(name, value);
  }
  return resolved;
}

/** @throws ServiceError `TypecheckError` when a required variable has no value. */
export function requireVariables(
  component: string,
  declared: Declarations,
  bindings: Bindings,
): void {
  for (const [name, { isOptional }] of declared) {
    if (isOptional || bindings.has(name)) continue;
    throw typecheckError(`Component "${component}" is missing required env var "${name}"`);
  }
}

/**
 * Checks the deployment's variables against what `defineApp({ env })` declares.
 * @throws ServiceError `InvalidEnvironmentVariable`; `MissingEnvironmentVariables` when
 *   `isComplete` asks for the required ones to be there.
 */
export function checkVariables(
  declared: Declarations,
  variables: ReadonlyMap<string, string>,
  { isComplete }: { readonly isComplete: boolean },
): void {
  const missing = [...declared].filter(([name, { isOptional }]) => {
    return isComplete && !isOptional && !variables.has(name);
  });
  if (missing.length > 0) {
    throw new ServiceError(
      "badRequest",
      "MissingEnvironmentVariables",
      `Required environment variables are not set: ${missing.map(([name]) => name).join(", ")}. ` +
        "Set them in the Convex dashboard or CLI before pushing.",
    );
  }
  for (const [name, { validator }] of declared) {
    const value = variables.get(name);
    const failure = value === undefined ? null : checkValue(validator, value, () => null);
    if (failure === null) continue;
    throw new ServiceError(
      "badRequest",
      "InvalidEnvironmentVariable",
      `Environment variable ${name} does not match its declared validator: ${failure.message}`,
    );
  }
}

export function typecheckError(message: string): ServiceError {
  return new ServiceError("badRequest", "TypecheckError", message);
}

function checkParentVariable(
  what: string,
  variable: DeclaredVariable,
  { name }: { readonly name: string },
  parent: Declarations,
): void {
  const source = parent.get(name);
  if (source === undefined) {
    throw typecheckError(`${what} references undeclared parent env var ${name}`);
  }
  if (source.isOptional && !variable.isOptional) {
    throw typecheckError(`${what} is required, but parent env var ${name} is optional`);
  }
  if (!isSubset(source.validator, variable.validator)) {
    throw typecheckError(`${what} validator is not satisfied by parent env var ${name} validator`);
  }
}

/** Whether every string that fits `inner` fits `outer`; both are string-like. */
function isSubset(inner: Validator, outer: Validator): boolean {
  if (inner.type === "union") return inner.value.every((part) => isSubset(part, outer));
  if (outer.type === "union") return outer.value.some((part) => isSubset(inner, part));
  if (outer.type === "string") return true;
  return inner.type === "literal" && outer.type === "literal" && inner.value === outer.value;
}
