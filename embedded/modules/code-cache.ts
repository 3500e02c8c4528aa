import { Script } from "node:vm";

import type { ComponentPath, Transaction } from "../database/types.ts";
import { listComponents } from "./component-store.ts";
import { PLAIN_APP_MOUNT, type ComponentMount } from "./component-tree.ts";
import { FunctionHandles, type FunctionDirectory } from "./function-directory.ts";
import type { FunctionPath } from "./function-path.ts";
import type { HttpRoute, HttpSite } from "./http-routing.ts";
import type { AnalyzedFunction, AnalyzedModule } from "./module-probe.ts";
import { convertModule, type ConvertedModule } from "./convert-module.ts";
import type { ConversionFile } from "./conversion-file.ts";
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

/** Text of modules that no kept version has, in UTF-16 units: of pushes that were refused, or are under way. */
const MAX_LOOSE_LENGTH = 32 * 1024 * 1024;

/** Converted modules in memory: whole versions by version, single modules by the hash of their text. */
export class CodeCache {
  readonly #file: ConversionFile | null;
  readonly #versions = new Map<string, Promise<CodeSnapshot> | CodeSnapshot>();
  readonly #modules = new Map<string, Promise<RunnableModule>>();
  /** Lengths of those that belong to no loaded version, oldest first, and their sum. */
  readonly #loose = new Map<string, number>();
  #looseLength = 0;
  /** What the file holds, `null` before it was read. */
  #filed: ReadonlySet<string> | null = null;
  #deployed: StoredCode | null = null;

  /** @param file where conversions outlive the process. */
  constructor(file: ConversionFile | null = null) {
    this.#file = file;
  }

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
    const key = keyOf({ path: module.path, sha256 });
    const known = this.#modules.get(key);
    if (known !== undefined) return known;
    const converting = convertModule(module, sha256).then(runnable);
    this.#modules.set(key, converting);
    converting.then(
      (converted) => this.#addLoose(key, converted),
      () => this.#modules.delete(key),
    );
    return converting;
  }

  async #loadVersion(transaction: Transaction, code: DeployedCode): Promise<CodeSnapshot> {
    try {
      const view = transaction.staleView();
      const records = listAllModules(view);
      this.#readFile();
      const loading = records.map(async (record) => ({
        componentPath: record.componentPath,
        module: await this.#find(view, record),
      }));
      const modules = await Promise.all(loading);
      const snapshot = createSnapshot(code, modules, activeMounts(view), records);
      this.#versions.set(code.version, snapshot);
      this.#forgetModulesExcept(new Set(records.map(keyOf)));
      this.#writeFile(modules.map(({ module }) => module));
      return snapshot;
    } catch (error) {
      this.#versions.delete(code.version);
      throw error;
    }
  }

  /** Resolves when nothing is being written any more. */
  settled(): Promise<void> {
    return this.#file?.settled() ?? Promise.resolve();
  }

  #find(view: Transaction, record: ModuleRecord): Promise<RunnableModule> {
    const known = this.#modules.get(keyOf(record));
    if (known !== undefined) return known;
    const { source, sourceMap } = readModuleText(view, record);
    return this.convert({ ...record, source, sourceMap: sourceMap ?? undefined }, record.sha256);
  }

  #addLoose(key: string, { code, sourceMap }: ConvertedModule): void {
    const length = code.length + (sourceMap?.length ?? 0);
    this.#loose.set(key, length);
    this.#looseLength += length;
    for (const [oldest, itsLength] of this.#loose) {
      if (this.#looseLength <= MAX_LOOSE_LENGTH) break;
      this.#loose.delete(oldest);
      this.#looseLength -= itsLength;
      this.#modules.delete(oldest);
    }
  }

  #forgetModulesExcept(used: ReadonlySet<string>): void {
    for (const key of this.#modules.keys()) {
      if (!used.has(key)) this.#modules.delete(key);
    }
    this.#loose.clear();
    this.#looseLength = 0;
  }

  #readFile(): void {
    if (this.#file === null || this.#filed !== null) return;
    const modules = this.#file.read();
    this.#filed = new Set(modules.map(keyOf));
    for (const module of modules) {
      const key = keyOf(module);
      if (!this.#modules.has(key)) this.#modules.set(key, Promise.resolve(runnable(module)));
    }
  }

  #writeFile(modules: readonly RunnableModule[]): void {
    const filed = this.#filed;
    if (this.#file === null || modules.every((module) => filed?.has(keyOf(module)))) return;
    const parts = new Map(modules.map((module) => [keyOf(module), convertedPart(module)]));
    this.#filed = new Set(parts.keys());
    this.#file.write([...parts.values()]);
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
    hasModule: ({ componentPath, module }) => modulesByPath.has(`${componentPath}\n${module}`),
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

/** Two modules with the same text may have other names. */
function keyOf({ sha256, path }: Pick<ConvertedModule, "sha256" | "path">): string {
  return `${sha256} ${path}`;
}

function convertedPart({ path, environment, sha256, code, sourceMap }: ConvertedModule) {
  return { path, environment, sha256, code, sourceMap };
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
