/** Function modules of the test's own process, in place of pushed ones. */
import type { ComponentPath } from "#embedded/database/types.ts";
import { analyzeFunction } from "#embedded/modules/analyze.ts";
import { PLAIN_APP_MOUNT, type ComponentMount } from "#embedded/modules/component-tree.ts";
import type { FunctionDirectory } from "#embedded/modules/function-directory.ts";
import {
  canonicalPath,
  childPath,
  parseChildReference,
  parseFunctionPath,
  storedPath,
  type FunctionAddress,
  type FunctionPath,
} from "#embedded/modules/function-path.ts";
import type { AnalyzedFunction, ModuleProbe } from "#embedded/modules/module-probe.ts";
import { functionInfo, type FunctionInfo } from "#embedded/runtime/function-info.ts";
import { functionNamed, type RegisteredFunction } from "#embedded/runtime/realm/function-calls.ts";
import { probeModule } from "#embedded/runtime/realm/probe.ts";

/** What `import.meta.glob` gives for a functions folder with its `_generated`. */
export type ModuleGlob = Readonly<Record<string, () => Promise<unknown>>>;

const INLINE_MODULE = "inline";

/** The modules of each mounted component, imported when they are first needed. */
export class HostModules implements FunctionDirectory {
  readonly #mounts = new Map<ComponentPath, ComponentMount>();
  readonly #importers = new Map<string, () => Promise<unknown>>();
  readonly #loaded = new Map<string, object>();
  readonly #analyzed = new Map<string, AnalyzedFunction>();
  readonly #inline: Record<string, RegisteredFunction> = {};
  #inlineCount = 0;

  constructor() {
    this.#loaded.set(moduleKey("", `${INLINE_MODULE}.js`), this.#inline);
  }

  /** @throws Error when the modules do not show where their folder begins. */
  register(componentPath: ComponentPath, glob: ModuleGlob): void {
    this.#mounts.set(componentPath, { ...PLAIN_APP_MOUNT, componentPath });
    const root = functionsFolder(Object.keys(glob));
    for (const [file, importModule] of Object.entries(glob)) {
      if (!file.startsWith(root)) continue;
      const module = file.slice(root.length).replace(/\.[^.]+$/, ".js");
      this.#importers.set(moduleKey(componentPath, module), importModule);
    }
  }

  /** Gives a function that belongs to no module a path of its own. */
  addInline(registered: RegisteredFunction): string {
    this.#inlineCount += 1;
    const name = `function${this.#inlineCount}`;
    this.#inline[name] = registered;
    return `${INLINE_MODULE}:${name}`;
  }

  /** Imports a function's module; `null` when there is nothing to wait for. */
  load({ componentPath, module }: FunctionPath): Promise<void> | null {
    const key = moduleKey(componentPath, module);
    const importModule = this.#importers.get(key);
    if (importModule === undefined || this.#loaded.has(key)) return null;
    return importModule().then((exports) => {
      if (typeof exports === "object" && exports !== null) this.#loaded.set(key, exports);
    });
  }

  /** `null` when it is absent, no Convex function, or not loaded. */
  functionAt({ componentPath, module, exportName }: FunctionPath): RegisteredFunction | null {
    const exports = this.#loaded.get(moduleKey(componentPath, module));
    return exports === undefined ? null : functionNamed(exports, exportName);
  }

  /** The default export of a loaded module. */
  defaultOf(componentPath: ComponentPath, module: string): unknown {
    const exports = this.#loaded.get(moduleKey(componentPath, module));
    return exports === undefined ? undefined : Reflect.get(exports, "default");
  }

  infoOf(path: FunctionPath): FunctionInfo | null {
    const found = this.findFunction(path);
    return found === null ? null : functionInfo(found);
  }

  mount(componentPath: ComponentPath): ComponentMount | null {
    return this.#mounts.get(componentPath) ?? null;
  }

  hasModule({ componentPath, module }: FunctionPath): boolean {
    const key = moduleKey(componentPath, module);
    return this.#importers.has(key) || this.#loaded.has(key);
  }

  /** @throws ServiceError for validators that a push would refuse. */
  findFunction(path: FunctionPath): AnalyzedFunction | null {
    const key = `${path.componentPath}\n${canonicalPath(path)}`;
    const known = this.#analyzed.get(key);
    if (known !== undefined) return known;
    const registered = this.functionAt(path);
    const found = registered === null ? null : analyze(path, registered);
    if (found !== null) this.#analyzed.set(key, found);
    return found;
  }

  handleOf(path: FunctionPath): string | null {
    if (this.findFunction(path) === null) return null;
    return `function://${Buffer.from(path.componentPath).toString("hex")}#${canonicalPath(path)}`;
  }

  functionOfHandle(handle: string): FunctionPath | null {
    const match = /^function:\/\/(?<component>[0-9a-f]*)#(?<path>.+)$/.exec(handle);
    const { component, path } = match?.groups ?? {};
    if (component === undefined || path === undefined) return null;
    return parseFunctionPath(Buffer.from(component, "hex").toString(), path);
  }

  /** What an address means for a caller, whether or not there is such a function. */
  pathOf(
    caller: ComponentPath,
    { name, reference, functionHandle }: FunctionAddress,
  ): FunctionPath | null {
    if (typeof functionHandle === "string") return this.functionOfHandle(functionHandle);
    if (typeof name === "string") return parseFunctionPath(caller, name);
    const child = typeof reference === "string" ? parseChildReference(reference) : null;
    return child === null ? null : parseFunctionPath(childPath(caller, child.child), child.path);
  }
}

function analyze(path: FunctionPath, registered: RegisteredFunction): AnalyzedFunction | null {
  const registry = { load: () => ({ [path.exportName]: registered }) };
  const { functions } = JSON.parse(probeModule(registry, storedPath(path))) as ModuleProbe;
  const [probed] = functions;
  return probed === undefined ? null : analyzeFunction(path.module, probed);
}

/** Its `_generated` lies in it. */
function functionsFolder(files: readonly string[]): string {
  const generated = files.find((file) => file.includes("_generated"));
  const [folder] = generated?.split("_generated", 1) ?? [];
  if (folder !== undefined) return folder;
  throw new Error(
    'Could not find the "_generated" directory, make sure to run `npx convex dev` or ' +
      "`npx convex codegen`, and that your `import.meta.glob` includes the files in it.",
  );
}

function moduleKey(componentPath: ComponentPath, module: string): string {
  return `${componentPath}\n${module}`;
}
