import { describeFunction, functionNamed } from "./function-calls.ts";
import type { ModuleRegistry } from "./module-registry.ts";
import type { FunctionDescription } from "./realm-host.ts";

/** What a module exports, as a push wants to know it. Parts that are absent are `null`. */
export interface ModuleProbe {
  readonly functions: readonly (FunctionDescription & { readonly name: string })[];
  readonly httpRoutes: readonly { readonly path: string; readonly method: string }[] | null;
  /** The default export's `export()`: JSON text for schemas, parsed for definitions and crons. */
  readonly exported: unknown;
  readonly isCrons: boolean;
  readonly hasDefault: boolean;
  /** JSON of the default export when it is plain data (`auth.config`). */
  readonly data: unknown;
}

interface DefaultExport {
  readonly isRouter?: true;
  readonly isCrons?: true;
  getRoutes?(): readonly (readonly [path: string, method: string, handler: unknown])[];
  export?(): unknown;
}

export function probeModule(registry: ModuleRegistry, path: string): string {
  const exports = registry.load(path);
  const functions = Object.keys(exports).flatMap((name) => {
    const registered = functionNamed(exports, name);
    if (registered === null || registered.isHttp === true) return [];
    return [{ name, ...describeFunction(registered) }];
  });
  const value: unknown = Reflect.get(exports, "default");
  const probe: ModuleProbe = {
    functions,
    ...probeDefault(value),
    hasDefault: value !== undefined && value !== null,
  };
  return JSON.stringify(probe);
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
