import type { RealmHost } from "./realm-host.ts";

export interface ModuleRegistry {
  /** The module's exports; evaluates it and what it imports at the first call. */
  load(path: string): object;
}

/** Raised for a module that was not pushed; its text is what callers are shown. */
export class ModuleNotFoundError extends Error {
  override readonly name = "ModuleNotFoundError";
}

/** Pushed modules of this realm, evaluated once each. A failed evaluation is tried again. */
export function createModuleRegistry(
  host: Pick<RealmHost, "compileModule" | "enterImport" | "leaveImport" | "environmentVariable">,
): ModuleRegistry {
  const loaded = new Map<string, { exports: object }>();
  const processGlobal = { env: environment(host) };
  Object.defineProperty(globalThis, "process", {
    value: processGlobal,
    configurable: true,
    writable: true,
  });

  function load(path: string): object {
    const existing = loaded.get(path);
    if (existing !== undefined) return existing.exports;
    const evaluate = host.compileModule(path);
    if (typeof evaluate === "string") throw new ModuleNotFoundError(evaluate);
    const module = { exports: {} };
    loaded.set(path, module);
    host.enterImport(path);
    try {
      evaluate(
        module.exports,
        (specifier) => load(resolveSpecifier(path, specifier)),
        module,
        processGlobal,
      );
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
function environment(host: Pick<RealmHost, "environmentVariable">): object {
  return new Proxy(Object.create(null) as object, {
    get: (_, name) => (typeof name === "string" ? host.environmentVariable(name) : undefined),
    has: (_, name) => typeof name === "string" && host.environmentVariable(name) !== undefined,
    getOwnPropertyDescriptor: (_, name) => {
      const value = typeof name === "string" ? host.environmentVariable(name) : undefined;
      if (value === undefined) return undefined;
      return { value, configurable: true, enumerable: true, writable: false };
    },
    set: () => {
      throw new Error("process.env is read-only.");
    },
  });
}

/** Bundled modules import each other by relative path only. */
export function resolveSpecifier(importer: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  const parts = importer.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
