import type { ModuleProbe, ProbedFunction } from "../../modules/module-probe.ts";
import { functionNamed, type RegisteredFunction } from "./function-calls.ts";
import type { ModuleRegistry } from "./module-registry.ts";

interface DefaultExport {
  readonly isRouter?: true;
  readonly isCrons?: true;
  getRoutes?(): readonly (readonly [path: string, method: string, handler: unknown])[];
  export?(): unknown;
}

/** Evaluates a module and describes its exports, as JSON text of a `ModuleProbe`. */
export function probeModule(registry: ModuleRegistry, path: string): string {
  const exports = registry.load(path);
  const functions = Object.keys(exports).flatMap((name) => {
    const registered = functionNamed(exports, name);
    if (registered === null || registered.isHttp === true) return [];
    return [describeFunction(name, registered)];
  });
  const value: unknown = Reflect.get(exports, "default");
  const probe: ModuleProbe = {
    functions,
    ...probeDefault(value),
    hasDefault: value !== undefined && value !== null,
  };
  return JSON.stringify(probe);
}

function describeFunction(name: string, registered: RegisteredFunction): ProbedFunction {
  const { isPublic, isInternal, isQuery, isMutation } = registered;
  return {
    name,
    udfType: isQuery === true ? "query" : isMutation === true ? "mutation" : "action",
    visibility: isPublic === true ? "public" : isInternal === true ? "internal" : null,
    argsJson: registered.exportArgs?.() ?? null,
    returnsJson: registered.exportReturns?.() ?? null,
  };
}

function probeDefault(
  value: unknown,
): Pick<ModuleProbe, "httpRoutes" | "exported" | "isCrons" | "data"> {
  if (typeof value !== "object" || value === null) {
    return { httpRoutes: null, exported: null, isCrons: false, data: null };
  }
  const candidate = value as DefaultExport;
  const routes = candidate.isRouter === true ? candidate.getRoutes?.() : undefined;
  const exported = typeof candidate.export === "function" ? parsed(candidate.export()) : null;
  return {
    httpRoutes: routes?.map(([path, method]) => ({ path, method })) ?? null,
    exported,
    isCrons: candidate.isCrons === true,
    data: routes === undefined && exported === null ? value : null,
  };
}

/** `export()` gives JSON text in schemas and crons, an object in component definitions. */
function parsed(exported: unknown): unknown {
  return typeof exported === "string" ? (JSON.parse(exported) as unknown) : exported;
}
