/** Deployments for tests: modules written inline, bundled as the official CLI bundles them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build, type Plugin } from "esbuild";

import { openDatabase } from "../database/open-database.ts";
import type { EngineDatabase } from "../database/types.ts";
import { CodeCache } from "../modules/code-cache.ts";
import { PLAIN_APP_MOUNT } from "../modules/component-tree.ts";
import { readVariables, updateVariables } from "../modules/environment-variables.ts";
import { replaceModules, type PushedModule } from "../modules/module-store.ts";
import { createCodeAnalyzer } from "../runtime/module-evaluator.ts";
import { openBlobFolder } from "../storage/blob-folder.ts";
import { createFunctionRunner, type FunctionRunnerOptions } from "./create-function-runner.ts";
import { defineFunctionTables } from "./system-tables.ts";
import type {
  Caller,
  FunctionRequest,
  FunctionRunner,
  MutationOutcome,
  QueryOutcome,
} from "./types.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname;

/** Source texts by path in the functions folder, without an extension. */
export type TestSources = Readonly<Record<string, string>>;

export interface TestDeployment {
  readonly database: EngineDatabase;
  readonly runner: FunctionRunner;
  readonly codeCache: CodeCache;
  readonly clock: { nowMs: number };
  push(sources: TestSources): Promise<void>;
  setVariables(variables: Readonly<Record<string, string | null>>): void;
  setSchema(schema: unknown): Promise<void>;
  query(path: string, args?: object, caller?: Caller): Promise<QueryOutcome>;
  mutation(path: string, args?: object, caller?: Caller): Promise<MutationOutcome>;
  /** The value, or an Error with the failure's message. */
  value(path: string, args?: object): Promise<unknown>;
  change(path: string, args?: object): Promise<unknown>;
  close(): Promise<void>;
}

const INFO = {
  name: "test",
  cloudUrl: "http://127.0.0.1:3210",
  siteUrl: "http://127.0.0.1:3210/http",
};

const CLIENT: Caller = { kind: "client", identity: null };

/** A deployment in a new temporary folder, with `sources` pushed. Close it when done. */
export async function startTestDeployment(
  sources: TestSources = {},
  options: Partial<FunctionRunnerOptions> = {},
): Promise<TestDeployment> {
  const folder = mkdtempSync(join(tmpdir(), "embedded-test-"));
  const database = await openDatabase({ folder: join(folder, "data") });
  defineFunctionTables(database);
  const clock = { nowMs: Date.now() };
  const codeCache = new CodeCache();
  const shared = { codeCache, clock: { now: () => clock.nowMs }, deployment: INFO };
  const runner = createFunctionRunner({
    ...shared,
    database,
    blobs: openBlobFolder(join(folder, "blobs")),
    uploadTokens: { issue: () => "token" },
    tokenSigner: { sign: (claims) => JSON.stringify(claims) },
    secret: Buffer.alloc(32, 7),
    ...options,
  });
  const deployment = createDeployment(
    database,
    runner,
    codeCache,
    clock,
    createCodeAnalyzer(shared),
    () => {
      rmSync(folder, { recursive: true, force: true });
    },
  );
  await deployment.push(sources);
  return deployment;
}

export function requestOf(
  path: string,
  args: object = {},
  caller: Caller = CLIENT,
): FunctionRequest {
  return {
    componentPath: "",
    path,
    argsJson: JSON.stringify([args]),
    caller,
    metadata: { requestId: "0123456789abcdef", ip: "127.0.0.1", userAgent: "test" },
  };
}

/** Parses a success, throws an Error with a failure's message. */
export function unwrap(outcome: { readonly ok: boolean }): unknown {
  const { valueJson, errorMessage } = outcome as { valueJson?: string; errorMessage?: string };
  if (valueJson === undefined) throw new Error(errorMessage);
  return JSON.parse(valueJson) as unknown;
}

function createDeployment(
  database: EngineDatabase,
  runner: FunctionRunner,
  codeCache: CodeCache,
  clock: { nowMs: number },
  analyze: ReturnType<typeof createCodeAnalyzer>,
  cleanUp: () => void,
): TestDeployment {
  const query: TestDeployment["query"] = (path, args, caller) =>
    runner.runQuery({ ...requestOf(path, args, caller), journal: null });
  const mutation: TestDeployment["mutation"] = (path, args, caller) =>
    runner.runMutation(requestOf(path, args, caller));
  return {
    database,
    runner,
    codeCache,
    clock,
    query,
    mutation,
    async push(sources) {
      const modules = await bundleSources(sources);
      const app = { modules, schema: null, definition: null, dependencies: [] };
      const project = { app, components: [], isForCodegen: false };
      const { definitions } = await analyze(project, readVariables(database.begin()));
      const transaction = database.begin();
      const deployed = definitions.get("")?.modules ?? [];
      replaceModules(transaction, [{ mount: PLAIN_APP_MOUNT, modules: deployed }], clock.nowMs);
      database.commit(transaction);
    },
    setVariables(variables) {
      const transaction = database.begin();
      const changes = Object.entries(variables).map(([name, value]) => ({ name, value }));
      updateVariables(transaction, changes);
      database.commit(transaction);
    },
    async setSchema(schema) {
      const prepared = await database.prepareSchema("", JSON.stringify(schema));
      const transaction = database.begin();
      transaction.activateSchema(prepared);
      database.commit(transaction);
    },
    value: async (path, args) => unwrap(await query(path, args)),
    change: async (path, args) => unwrap(await mutation(path, args)),
    async close() {
      await runner.drain();
      await database.close();
      cleanUp();
    },
  };
}

/** Bundles like the CLI (`convex/src/bundler`): ESM with shared chunks under `_deps/`. */
export async function bundleSources(sources: TestSources): Promise<PushedModule[]> {
  const modules: PushedModule[] = [];
  for (const environment of ["isolate", "node"] as const) {
    const paths = Object.keys(sources).filter(
      (path) => (/^\s*"use node"/.test(sources[path] ?? "") ? "node" : "isolate") === environment,
    );
    if (paths.length > 0) modules.push(...(await bundle(sources, paths, environment)));
  }
  return modules;
}

async function bundle(
  sources: TestSources,
  paths: readonly string[],
  environment: PushedModule["environment"],
): Promise<PushedModule[]> {
  const { outputFiles } = await build({
    entryPoints: paths.map((path) => ({ in: `source:${path}`, out: path })),
    bundle: true,
    write: false,
    outdir: "out",
    chunkNames: environment === "node" ? "_deps/node/[hash]" : "_deps/[hash]",
    format: "esm",
    target: "esnext",
    platform: environment === "node" ? "node" : "browser",
    conditions: ["convex", "module"],
    splitting: true,
    treeShaking: true,
    minifySyntax: true,
    minifyIdentifiers: true,
    keepNames: true,
    sourcemap: true,
    define: { "process.env.NODE_ENV": '"production"' },
    absWorkingDir: REPOSITORY,
    plugins: [inlineSources(sources)],
    logLevel: "silent",
  });
  const text = (path: string) => outputFiles.find((file) => file.path === path)?.text;
  return outputFiles
    .filter(({ path }) => path.endsWith(".js"))
    .map((file) => ({
      path: file.path.slice(join(REPOSITORY, "out").length + 1),
      source: file.text,
      sourceMap: text(`${file.path}.map`),
      environment,
    }));
}

function inlineSources(sources: TestSources): Plugin {
  return {
    name: "inline-sources",
    setup(plugin) {
      plugin.onResolve({ filter: /^source:/ }, ({ path }) => ({
        path: `${path.slice("source:".length)}.ts`,
        namespace: "convex",
      }));
      plugin.onResolve({ filter: /^\./, namespace: "convex" }, ({ path }) => ({
        path: `${path.replace(/^\.\//, "").replace(/\.[jt]s$/, "")}.ts`,
        namespace: "convex",
      }));
      plugin.onLoad({ filter: /.*/, namespace: "convex" }, ({ path }) => ({
        contents: sources[path.replace(/\.ts$/, "")] ?? "",
        loader: "ts",
        resolveDir: REPOSITORY,
      }));
    },
  };
}
