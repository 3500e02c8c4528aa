import type { ModuleRegistry } from "./module-registry.ts";
import type { RealmControl, ThrownError } from "./realm-host.ts";

/** A function made by the wrappers of `convex/server`. */
export interface RegisteredFunction {
  readonly isQuery?: true;
  readonly isMutation?: true;
  readonly isAction?: true;
  readonly isHttp?: true;
  readonly isPublic?: true;
  readonly isInternal?: true;
  invokeQuery?(argsJson: string): Promise<string>;
  invokeMutation?(argsJson: string): Promise<string>;
  invokeAction?(requestId: string, argsJson: string): Promise<string>;
  invokeHttpAction?(request: Request): Promise<Response>;
  exportArgs?(): string;
  exportReturns?(): string;
}

export function createFunctionCalls(registry: ModuleRegistry): Pick<RealmControl, "invoke"> {
  return {
    invoke(...call) {
      void invoke(registry, ...call);
    },
  };
}

/** Awaits rather than calls `then`, which pushed code can replace. */
async function invoke(
  registry: ModuleRegistry,
  ...[path, exportName, udfType, argsJson, settled]: Parameters<RealmControl["invoke"]>
): Promise<void> {
  let json: string;
  try {
    json = await run(registry, path, exportName, udfType, argsJson);
  } catch (error) {
    settled(false, JSON.stringify(describeThrown(error)));
    return;
  }
  settled(true, json);
}

async function run(
  registry: ModuleRegistry,
  path: string,
  exportName: string,
  udfType: "query" | "mutation",
  argsJson: string,
): Promise<string> {
  const registered = functionNamed(registry.load(path), exportName);
  const result =
    udfType === "query"
      ? registered?.invokeQuery?.(argsJson)
      : registered?.invokeMutation?.(argsJson);
  if (result === undefined) {
    throw new Error(`Couldn't find ${udfType} "${exportName}" in "${path}".`);
  }
  return await result;
}

export function functionNamed(exports: object, exportName: string): RegisteredFunction | null {
  if (!Object.hasOwn(exports, exportName)) return null;
  const value: unknown = Reflect.get(exports, exportName);
  if (typeof value !== "function") return null;
  const candidate = value as RegisteredFunction;
  const isRegistered =
    candidate.isQuery === true ||
    candidate.isMutation === true ||
    candidate.isAction === true ||
    candidate.isHttp === true;
  return isRegistered ? candidate : null;
}

/** Anything can be thrown; this never throws itself. */
export function describeThrown(thrown: unknown): ThrownError {
  try {
    if (!isErrorLike(thrown)) return { summary: String(thrown), stack: "" };
    const data: unknown = Symbol.for("ConvexError") in thrown ? Reflect.get(thrown, "data") : null;
    return {
      summary: `${thrown.name}: ${thrown.message}`,
      stack: thrown.stack,
      ...(typeof data === "string" ? { dataJson: data } : {}),
    };
  } catch {
    return { summary: "Error: an error that cannot be shown", stack: "" };
  }
}

/** `instanceof` does not know errors of the engine's own realm. */
function isErrorLike(thrown: unknown): thrown is Required<Error> {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    typeof Reflect.get(thrown, "message") === "string" &&
    typeof Reflect.get(thrown, "stack") === "string"
  );
}
