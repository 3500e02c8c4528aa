import { createRequire, isBuiltin } from "node:module";
import { runInThisContext } from "node:vm";

import {
  createEnvironment,
  createModuleRegistry,
  type ModuleRegistry,
} from "../realm/module-registry.ts";
import type { ModuleFunction } from "../realm/realm-host.ts";
import type { WorkerData } from "./action-protocol.ts";

export interface WorkerModules {
  /** Modules of a component; Node and isolate modules may import the chunks of their own kind. */
  registry(componentPath: string): ModuleRegistry;
  /** What a component's modules have as `process`: nothing but its own environment. */
  processOf(componentPath: string): object;
}

export function createWorkerModules({ modules, environments }: WorkerData): WorkerModules {
  const byPath = new Map(
    modules.map((module) => [`${module.componentPath}\n${module.path}`, module]),
  );
  const registries = new Map<string, ModuleRegistry>();
  const processes = new Map<string, object>();

  function processOf(componentPath: string): object {
    const known = processes.get(componentPath);
    if (known !== undefined) return known;
    const environment = environments[componentPath] ?? {};
    const made = { env: createEnvironment((name) => environment[name]) };
    processes.set(componentPath, made);
    return made;
  }
  function create(componentPath: string): ModuleRegistry {
    const find = (path: string) => byPath.get(`${componentPath}\n${path}`);
    return createModuleRegistry({
      compileModule: (path) => {
        const module = find(path);
        return module === undefined
          ? `Couldn't find JavaScript module '${path}'. Did you forget to run \`npx convex dev\`?`
          : compile(module, processOf(componentPath));
      },
      enterImport: () => undefined,
      leaveImport: () => undefined,
      process,
      requireExternal,
    });
  }
  return {
    processOf,
    registry(componentPath) {
      const known = registries.get(componentPath);
      if (known !== undefined) return known;
      const registry = create(componentPath);
      registries.set(componentPath, registry);
      return registry;
    },
  };
}

/** Modules without `"use node"` see the environment as their only part of `process`. */
function compile(module: WorkerData["modules"][number], isolateProcess: object): ModuleFunction {
  const evaluate = runInThisContext(module.code, {
    filename: `convex-module:/${module.path}`,
  }) as ModuleFunction;
  if (module.environment === "node") return evaluate;
  return (exports, require, self) =>
    evaluate(
      exports,
      (specifier) => {
        if (!specifier.startsWith(".")) {
          throw new Error(
            `Could not resolve "${specifier}": Node.js built-ins exist in modules with ` +
              '"use node" only.',
          );
        }
        return require(specifier);
      },
      self,
      isolateProcess,
    );
}

const nodeRequire = createRequire(`${process.cwd()}/`);

function requireExternal(specifier: string): unknown {
  if (!isBuiltin(specifier)) {
    throw new Error(`Cannot find package "${specifier}": external packages are not supported.`);
  }
  return nodeRequire(specifier) as unknown;
}
