import { Script } from "node:vm";

import type { ComponentPath, Transaction } from "../database/types.ts";
import { listComponents } from "./component-store.ts";
import { PLAIN_APP_MOUNT, type ComponentMount } from "./component-tree.ts";
import { FunctionHandles, type FunctionDirectory } from "./function-directory.ts";
import type { FunctionPath } from "./function-path.ts";
import type { HttpRoute, HttpSite } from "./http-routing.ts";
import type { AnalyzedFunction, AnalyzedModule } from "./module-probe.ts";
import { convertModule, type ConvertedModule } from "./convert-module.ts";
import {
  listAllModules,
  readDeployedCode,
  type StoredCode,
  readModuleText,
  type DeployedCode,
  type ModuleRecord,
  type PushedModule,
} from "./module-store.ts";
import { SourcePositions } from "./source-positions.ts";

/** A module ready to run: compiled at its first use, then shared by all realms. */
export interface RunnableModule extends ConvertedModule {
  readonly script: () => Script;
  readonly positions: SourcePositions;
}

/** One version of the deployed code. */
export interface CodeSnapshot extends DeployedCode, FunctionDirectory, HttpSite {
  readonly modules: readonly LoadedModule[];
  /** The app and the components in use, parents before their children. */
  readonly mounts: readonly ComponentMount[];
  /** `null` for a module that was not pushed. */
  module(componentPath: ComponentPath, path: string): RunnableModule | null;
}

export interface LoadedModule {
  readonly componentPath: ComponentPath;
  readonly module: RunnableModule;
}

/** How many versions stay at hand: the current one and those of functions still running. */
const KEPT_VERSIONS = 3;

/** Converted modules in memory: whole versions by version, single modules by the hash of their text. */
export class CodeCache {
  readonly #versions = new Map<string, Promise<CodeSnapshot> | CodeSnapshot>();
  readonly #modules = new Map<string, Promise<RunnableModule>>();
  #deployed: StoredCode | null = null;

  /**
   * The code that the transaction sees; its read depends on it. At once when it is in memory.
   * `null` before the first push.
   */
  load(transaction: Transaction): CodeSnapshot | Promise<CodeSnapshot> | null {
    const code = readDeployedCode(transaction, this.#deployed);
    if (code === null) return null;
    this.#deployed = code;
    const known = this.#versions.get(code.version);
    if (known !== undefined) return known;
    const loading = this.#loadVersion(transaction, code);
    this.#versions.set(code.version, loading);
    for (const version of this.#versions.keys()) {
      if (this.#versions.size <= KEPT_VERSIONS) break;
      this.#versions.delete(version);
    }
    return loading;
  }

  /** Converts a module, or finds it converted. A push's analysis warms the cache through this. */
  convert(module: PushedModule, sha256: string): Promise<RunnableModule> {
    const key = `${sha256} ${module.path}`;
    const known = this.#modules.get(key);
    if (known !== undefined) return known;
    const converting = convertModule(module, sha256).then(runnable);
    this.#modules.set(key, converting);
    converting.catch(() => this.#modules.delete(key));
    return converting;
  }

  async #loadVersion(transaction: Transaction, code: DeployedCode): Promise<CodeSnapshot> {
    try {
      const view = transaction.staleView();
      const texts = listAllModules(view).map((record) => ({
        record,
        ...readModuleText(view, record),
      }));
      const modules: LoadedModule[] = [];
      for (const { record, source, sourceMap } of texts) {
        const pushed = { ...record, source, sourceMap: sourceMap ?? undefined };
        const module = await this.convert(pushed, record.sha256);
        modules.push({ componentPath: record.componentPath, module });
      }
      const records = texts.map(({ record }) => record);
      const snapshot = createSnapshot(code, modules, activeMounts(view), records);
      this.#versions.set(code.version, snapshot);
      this.#forgetModulesExcept(new Set(snapshot.modules.map(({ module }) => module.sha256)));
      return snapshot;
    } catch (error) {
      this.#versions.delete(code.version);
      throw error;
    }
  }

  #forgetModulesExcept(hashes: ReadonlySet<string>): void {
    for (const key of this.#modules.keys()) {
      if (!hashes.has(key.slice(0, key.indexOf(" ")))) this.#modules.delete(key);
    }
  }
}

/** Puts together what a version consists of; `records` tell what the analysis found in its modules. */
export function createSnapshot(
  code: DeployedCode,
  modules: readonly LoadedModule[],
  mounts: readonly ComponentMount[],
  records: readonly Pick<ModuleRecord, "componentPath" | "path" | "analysisJson">[],
): CodeSnapshot {
  const modulesByPath = new Map(
    modules.map((loaded) => [`${loaded.componentPath}\n${loaded.module.path}`, loaded.module]),
  );
  const mountsByPath = new Map(mounts.map((mount) => [mount.componentPath, mount]));
  const functions = new Map<string, AnalyzedFunction>();
  const paths: FunctionPath[] = [];
  const routes = new Map<ComponentPath, readonly HttpRoute[]>();
  for (const { componentPath, path: module, analysisJson } of records) {
    const analysis = JSON.parse(analysisJson) as AnalyzedModule;
    for (const found of analysis.functions) {
      const path = { componentPath, module, exportName: found.name };
      paths.push(path);
      functions.set(functionKey(path), found);
    }
    if (module !== "http.js" || analysis.httpRoutes === null) continue;
    routes.set(
      componentPath,
      analysis.httpRoutes.map(({ route }) => route),
    );
  }
  const handles = new FunctionHandles(code.handleKey, paths);
  return {
    ...code,
    modules,
    mounts,
    module: (componentPath, path) => modulesByPath.get(`${componentPath}\n${path}`) ?? null,
    mount: (componentPath) => mountsByPath.get(componentPath) ?? null,
    findFunction: (path) => functions.get(functionKey(path)) ?? null,
    handleOf: (path) => (functions.has(functionKey(path)) ? handles.of(path) : null),
    functionOfHandle: (handle) => handles.find(handle),
    httpRoutes: (componentPath) => routes.get(componentPath) ?? null,
  };
}

/** Deployments of before there were components have no record of the app itself. */
function activeMounts(transaction: Transaction): ComponentMount[] {
  const active = listComponents(transaction).filter(({ state }) => state === "active");
  return active.length === 0 ? [PLAIN_APP_MOUNT] : active.map(({ mount }) => mount);
}

function functionKey({ componentPath, module, exportName }: FunctionPath): string {
  return `${componentPath}\n${module}:${exportName}`;
}

function runnable(converted: ConvertedModule): RunnableModule {
  let script: Script | null = null;
  return {
    ...converted,
    script: () => (script ??= new Script(converted.code, { filename: scriptName(converted.path) })),
    positions: new SourcePositions(converted.sourceMap),
  };
}

const SCRIPT_PREFIX = "convex-module:/";

/** The name that a module has in stack traces before they are mapped. */
function scriptName(path: string): string {
  return `${SCRIPT_PREFIX}${path}`;
}
