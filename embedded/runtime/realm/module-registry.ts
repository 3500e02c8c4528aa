import type { RealmHost } from "./realm-host.ts";

export interface ModuleRegistry {
  /** The module's exports; evaluates it and what it imports at the first call. */
  load(path: string): object;
}

export interface ModuleHost extends Pick<
  RealmHost,
  "compileModule" | "enterImport" | "leaveImport"
> {
  /** What modules see as `process`. */
  readonly process: object;
  /** For what is imported by name rather than by path. */
  requireExternal(specifier: string): unknown;
}

/** Pushed modules, evaluated once each. A failed evaluation is tried again. */
export function createModuleRegistry(host: ModuleHost): ModuleRegistry {
  const loaded = new Map<string, { exports: object }>();

  function load(path: string): object {
    const existing = loaded.get(path);
    if (existing !== undefined) return existing.exports;
    const evaluate = host.compileModule(path);
    if (typeof evaluate === "string") throw new Error(evaluate);
    const module = { exports: {} };
    loaded.set(path, module);
    const require = (specifier: string) =>
      specifier.startsWith(".")
        ? load(resolveSpecifier(path, specifier))
        : host.requireExternal(specifier);
    host.enterImport(path);
    try {
      evaluate(module.exports, require, module, host.process);
    } catch (error) {
      loaded.delete(path);
      throw error;
    } finally {
      host.leaveImport();
    }
    return module.exports;
  }
  return { load };
}

/** `process.env` that asks for each variable when it is read, so that the read is a dependency. */
export function createEnvironment(
  environmentVariable: (name: string) => string | undefined,
): object {
  return new Proxy(Object.create(null) as object, {
    get: (_, name) => (typeof name === "string" ? environmentVariable(name) : undefined),
    has: (_, name) => typeof name === "string" && environmentVariable(name) !== undefined,
    getOwnPropertyDescriptor: (_, name) => {
      const value = typeof name === "string" ? environmentVariable(name) : undefined;
      if (value === undefined) return undefined;
      return { value, configurable: true, enumerable: true, writable: false };
    },
    set: () => {
      throw new Error("process.env is read-only.");
    },
  });
}

/** Bundled modules import each other by relative path only. */
function resolveSpecifier(importer: string, specifier: string): string {
  const parts = importer.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
