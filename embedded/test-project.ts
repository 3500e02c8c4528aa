/** Push requests for projects written inline, components included, as the command line makes them. */
import { posix } from "node:path";

import { build, type Plugin } from "esbuild";

import { bundleSources, type TestSources } from "./functions/test-deployment.ts";
import type { PushedModule } from "./modules/module-store.ts";

const REPOSITORY = new URL("..", import.meta.url).pathname;
const DEFINITION = "convex.config";

/** What `_generated` does at run time (convex/src/cli/codegen_templates). */
export const GENERATED: TestSources = {
  "_generated/api": `
    import { anyApi, componentsGeneric } from "convex/server";
    export const api = anyApi;
    export const internal = anyApi;
    export const components = componentsGeneric();
  `,
  "_generated/server": `
    export {
      actionGeneric as action,
      httpActionGeneric as httpAction,
      internalActionGeneric as internalAction,
      internalMutationGeneric as internalMutation,
      internalQueryGeneric as internalQuery,
      mutationGeneric as mutation,
      queryGeneric as query,
    } from "convex/server";
    export const env = globalThis.process.env;
  `,
};

/**
 * The body of `start_push`. A folder with a `convex.config` is a component; schemas, definitions and
 * auth config are bundles of their own.
 */
export async function pushRequest(sources: TestSources): Promise<object> {
  const folders = Object.keys(sources)
    .filter((path) => posix.basename(path) === DEFINITION && path !== DEFINITION)
    .map((path) => posix.dirname(path));
  const app = await bundleOnce("", sources, folders);
  const components = folders.map((folder) => bundleOnce(folder, sources, folders));
  const { modules, ...definition } = app;
  const componentDefinitions = (await Promise.all(components)).map(
    ({ modules: functions, ...component }) => ({ ...component, functions }),
  );
  return {
    dryRun: false,
    functions: "convex/",
    appDefinition: { ...definition, changedModules: modules, unchangedModuleHashes: [] },
    componentDefinitions,
    nodeDependencies: [],
  };
}

/** Folders that were bundled before, by their name and sources. */
const bundled = new Map<string, ReturnType<typeof bundleFolder>>();

function bundleOnce(folder: string, sources: TestSources, folders: readonly string[]) {
  const own = sourcesOf(folder, sources, folders);
  const key = JSON.stringify([folder, [...own]]);
  const known = bundled.get(key) ?? bundleFolder(folder, own);
  bundled.set(key, known);
  return known;
}

function sourcesOf(
  folder: string,
  sources: TestSources,
  folders: readonly string[],
): Map<string, string> {
  const own = new Map<string, string>(Object.entries(GENERATED));
  for (const [path, source] of Object.entries(sources)) {
    const home = folders
      .filter((candidate) => path.startsWith(`${candidate}/`))
      .toSorted((left, right) => right.length - left.length)[0];
    if ((home ?? "") === folder) own.set(posix.relative(folder, path), source);
  }
  return own;
}

async function bundleFolder(folder: string, sources: ReadonlyMap<string, string>) {
  const own = new Map(sources);
  const take = (path: string): TestSources => {
    const source = own.get(path);
    own.delete(path);
    return source === undefined ? {} : { [path]: source };
  };
  const [schema = null] = await bundleSources(take("schema"));
  const authConfig = await bundleSources(take("auth.config"));
  const definition = await bundleDefinition(folder, take(DEFINITION)[DEFINITION]);
  const modules = [...(await bundleSources(Object.fromEntries(own))), ...authConfig];
  return { definitionPath: folder, schema, ...definition, modules, udfServerVersion: "1.48.0" };
}

/** Definitions that one imports stay imports, of what the server supplies. */
async function bundleDefinition(
  folder: string,
  source: string | undefined,
): Promise<{ definition: PushedModule | null; dependencies: string[] }> {
  if (source === undefined) return { definition: null, dependencies: [] };
  const dependencies: string[] = [];
  const imports: Plugin = {
    name: "component-imports",
    setup(plugin) {
      plugin.onResolve({ filter: /^\.{1,2}\/.*convex\.config/ }, ({ path }) => {
        const dependency = posix.dirname(posix.join(folder, path));
        dependencies.push(dependency);
        const encoded = Buffer.from(dependency).toString("base64url");
        return { path: `./_componentDeps/${encoded}`, external: true };
      });
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: source, loader: "ts", resolveDir: REPOSITORY },
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["convex", "module"],
    minify: true,
    keepNames: true,
    plugins: [imports],
    logLevel: "silent",
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`Bundling the definition of ${folder} gave no output.`);
  const path = `${DEFINITION}.js`;
  return { definition: { path, source: output.text, environment: "isolate" }, dependencies };
}
