import { ServiceError } from "../lib/service-error.ts";
import { parseValidator } from "../values/validator.ts";
import {
  invalidDefinition,
  parseComponentDefinition,
  PLAIN_APP,
  type ComponentDefinition,
} from "./component-definition.ts";
import { mountComponents, type ComponentMount } from "./component-tree.ts";
import { parseFunctionPath, storedPath } from "./function-path.ts";
import type { HttpRoute } from "./http-routing.ts";
import type { AnalyzedPush, PushedModule } from "./module-store.ts";
import {
  EMPTY_ANALYSIS,
  type AnalyzedFunction,
  type AnalyzedModule,
  type ModuleProbe,
  type ProbedFunction,
} from "./module-probe.ts";

/** The code of the app or of one component as a push brings it. */
export interface PushedCode {
  /** Function modules with their chunks; the app's `auth.config.js` is among them. */
  readonly modules: readonly PushedModule[];
  readonly schema: PushedModule | null;
  /** `convex.config.js`; only an app can be without one. */
  readonly definition: PushedModule | null;
  /** Paths of the definitions that this one imports. */
  readonly dependencies: readonly string[];
}

export interface PushedComponent extends PushedCode {
  readonly definitionPath: string;
}

/** Everything that a push brings. */
export interface PushedProject {
  readonly app: PushedCode;
  readonly components: readonly PushedComponent[];
  /** Then variables that components require may be missing: the app is a mere stand-in. */
  readonly isForCodegen: boolean;
}

/** A cron job as `cronJobs().export()` describes it. */
export interface CronSpec {
  /** Path of the function. */
  readonly name: string;
  readonly args: readonly unknown[];
  readonly schedule: unknown;
}

/** What a push is told about the code of one definition, and what is stored of it. */
export interface AnalyzedCode {
  readonly definition: ComponentDefinition;
  readonly modules: readonly AnalyzedPush[];
  /** `schema.export()` as JSON text, `null` without a schema. */
  readonly schemaJson: string | null;
  readonly cronSpecs: ReadonlyMap<string, CronSpec>;
  /** Routes of the `http` module, `null` without one. */
  readonly httpRoutes: readonly HttpRoute[] | null;
}

export interface AnalyzedProject {
  /** By definition path, the app's being `""`. */
  readonly definitions: ReadonlyMap<string, AnalyzedCode>;
  /** The app and every mounted component, parents before their children. */
  readonly mounts: readonly ComponentMount[];
  /** The `providers` of `auth.config` as JSON text, `[]` without one. */
  readonly providersJson: string;
}

/** Evaluates modules in a realm that is thrown away. Implemented by the runtime. */
export interface ModuleEvaluator {
  /**
   * Evaluates `paths` of `modules` with these environment variables.
   * @throws ServiceError `InvalidModules` naming the module that failed and why.
   */
  probe(
    modules: readonly PushedModule[],
    paths: readonly string[],
    variables: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, Probed>>;
}

export interface Probed {
  readonly probe: ModuleProbe;
  /** Variables that were read and are not set. */
  readonly missingVariables: readonly string[];
}

const AUTH_CONFIG = "auth.config.js";
const HTTP = "http.js";
const CRONS = "crons.js";
const DEFINITION_FOLDER = "_componentDeps";

/**
 * Evaluates everything that was pushed and reports what it exports and how it is put together.
 * @param variables the deployment's, for the app.
 * @param systemVariables all that modules of components see while they are analysed: what else they
 *   are given is different for each mount.
 * @throws ServiceError naming the module and what is wrong with it.
 */
export async function analyzeProject(
  { app, components, isForCodegen }: PushedProject,
  variables: ReadonlyMap<string, string>,
  systemVariables: ReadonlyMap<string, string>,
  evaluator: ModuleEvaluator,
): Promise<AnalyzedProject> {
  const pushed = new Map<string, PushedCode>([
    ["", app],
    ...components.map((code) => [code.definitionPath, code] as const),
  ]);
  const parsed = await evaluateDefinitions(pushed, variables, evaluator);
  const definitions = new Map<string, AnalyzedCode>();
  for (const [path, definition] of parsed) {
    const code = pushed.get(path);
    if (code === undefined) continue;
    if (path !== "") requireIsolate(path, code);
    const visible = path === "" ? variables : systemVariables;
    definitions.set(path, await analyzeCode(definition, code, visible, evaluator));
  }
  return {
    definitions,
    mounts: mountComponents(definitions, { isForCodegen }),
    providersJson: await readProviders(app.modules, variables, evaluator),
  };
}

async function analyzeCode(
  definition: ComponentDefinition,
  code: PushedCode,
  variables: ReadonlyMap<string, string>,
  evaluator: ModuleEvaluator,
): Promise<AnalyzedCode> {
  const functionModules = code.modules.filter(({ path }) => path !== AUTH_CONFIG);
  const entries = functionModules.filter(({ path }) => !path.startsWith("_deps/"));
  const probes = await evaluator.probe(
    functionModules,
    entries.map(({ path }) => path),
    variables,
  );
  const analyses = new Map<string, AnalyzedModule>();
  const modules = code.modules.map((module) => {
    const probed = probes.get(module.path);
    const analysis = probed === undefined ? EMPTY_ANALYSIS : analyzeModule(module, probed.probe);
    analyses.set(module.path, analysis);
    return { module, analysisJson: JSON.stringify(analysis) };
  });
  const specs = cronSpecs(probes.get(CRONS)?.probe ?? null);
  for (const [name, spec] of specs) requireRunnable(name, spec, analyses);
  const exported = await exportedBy(code.schema, variables, evaluator);
  return {
    definition,
    modules,
    schemaJson: exported === null ? null : JSON.stringify(exported),
    cronSpecs: specs,
    httpRoutes: probes.get(HTTP)?.probe.httpRoutes ?? null,
  };
}

function requireIsolate(definitionPath: string, { modules }: PushedCode): void {
  const wrong = modules.find(({ environment }) => environment === "node");
  if (wrong === undefined) return;
  throw invalidModules(
    `\`${wrong.path}\` of component \`${definitionPath}\` says "use node", which only the app's own ` +
      "modules can.",
  );
}

/**
 * Definitions by path, dependencies first: a definition imports those it uses as stubs, which carry
 * the name that the imported definition gave itself. Those that nothing uses are left out.
 */
async function evaluateDefinitions(
  pushed: ReadonlyMap<string, PushedCode>,
  variables: ReadonlyMap<string, string>,
  evaluator: ModuleEvaluator,
): Promise<ReadonlyMap<string, ComponentDefinition>> {
  const found = new Map<string, ComponentDefinition>();
  const isUnderWay = new Set<string>();

  async function visit(path: string): Promise<ComponentDefinition> {
    const known = found.get(path);
    if (known !== undefined) return known;
    const code = pushed.get(path);
    if (code === undefined) throw invalidDefinition(path, "it was not pushed");
    if (isUnderWay.has(path)) {
      throw new ServiceError(
        "badRequest",
        "CyclicImport",
        `Found cyclic definition dependency at \`${path}\``,
      );
    }
    isUnderWay.add(path);
    const stubs: PushedModule[] = [];
    for (const dependency of code.dependencies) {
      stubs.push(definitionStub(await visit(dependency)));
    }
    const definition = await evaluate(path, code.definition, stubs);
    found.set(path, definition);
    return definition;
  }

  async function evaluate(path: string, module: PushedModule | null, stubs: PushedModule[]) {
    if (module === null && path === "") return PLAIN_APP;
    const visible = path === "" ? variables : new Map<string, string>();
    return parseComponentDefinition(path, await exportedBy(module, visible, evaluator, stubs));
  }

  await visit("");
  return found;
}

/** What an import of a definition gets: the command line makes it `./_componentDeps/<base64url path>`. */
function definitionStub({ path, defaultName }: ComponentDefinition): PushedModule {
  const stub = JSON.stringify({ componentDefinitionPath: path, defaultName });
  return {
    path: `${DEFINITION_FOLDER}/${Buffer.from(path).toString("base64url")}`,
    source: `export default ${stub};`,
    environment: "isolate",
  };
}

function analyzeModule(module: PushedModule, probe: ModuleProbe): AnalyzedModule {
  if (module.environment === "node") requireActionsOnly(module, probe);
  if (module.path === HTTP && probe.httpRoutes === null) {
    throw invalidModules("The default export of `convex/http.ts` is not a Router.");
  }
  const specs = module.path === CRONS ? cronSpecs(probe) : null;
  return {
    functions: probe.functions.map((probed) => analyzeFunction(module.path, probed)),
    httpRoutes: probe.httpRoutes?.map((route) => ({ route, pos: null })) ?? null,
    cronSpecs: specs === null ? null : [...specs],
    sourceMapped: null,
  };
}

export function analyzeFunction(path: string, probed: ProbedFunction): AnalyzedFunction {
  const { name, udfType, visibility, argsJson, returnsJson } = probed;
  for (const [kind, json] of [["args", argsJson] as const, ["returns", returnsJson] as const]) {
    const parsed: unknown = json === null ? null : JSON.parse(json);
    if (parsed === null) continue;
    try {
      const { type } = parseValidator(parsed);
      if (kind === "args" && type !== "object" && type !== "any") {
        throw new Error("Args validator must be an object or any");
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw invalidModules(`Error in ${kind} validator of ${path}:${name}: ${error.message}`);
    }
  }
  return {
    name,
    pos: null,
    udfType: ({ query: "Query", mutation: "Mutation", action: "Action" } as const)[udfType],
    visibility: visibility === null ? null : { kind: visibility },
    args: argsJson,
    returns: returnsJson,
  };
}

function requireActionsOnly({ path }: PushedModule, probe: ModuleProbe): void {
  const wrong = probe.functions.find(({ udfType }) => udfType !== "action");
  if (wrong !== undefined) {
    const kind = wrong.udfType === "query" ? "Query" : "Mutation";
    throw invalidModules(
      `\`${wrong.name}\` defined in \`${path}\` is a ${kind} function. Only actions can be defined ` +
        "in Node.js. See https://docs.convex.dev/functions/actions for more details.",
    );
  }
  if (probe.httpRoutes !== null || probe.isCrons) {
    throw invalidModules(`\`${path}\` cannot be a "use node" module.`);
  }
}

function cronSpecs(probe: ModuleProbe | null): Map<string, CronSpec> {
  if (probe === null) return new Map();
  if (!probe.isCrons) {
    throw invalidModules("The default export of `convex/crons.ts` is not made by `cronJobs()`.");
  }
  return new Map(Object.entries(probe.exported as Record<string, CronSpec>));
}

/** A cron job runs a mutation or an action that was pushed with it. */
function requireRunnable(
  job: string,
  { name }: CronSpec,
  analyses: ReadonlyMap<string, AnalyzedModule>,
): void {
  const path = parseFunctionPath("", name);
  const found = path === null ? undefined : analyses.get(path.module);
  const target = found?.functions.find((candidate) => candidate.name === path?.exportName);
  const shown = path === null ? name : storedPath(path);
  if (target === undefined) {
    throw invalidModules(
      `The cron job '${job}' schedules a function that does not exist: ${shown}`,
    );
  }
  if (target.udfType === "Query") {
    throw invalidModules(
      `The cron job '${job}' schedules a query function, only actions and mutations can be ` +
        `scheduled: ${shown}`,
    );
  }
}

/** What `export()` of a module's default export gives; `null` when there is no module. */
async function exportedBy(
  module: PushedModule | null,
  variables: ReadonlyMap<string, string>,
  evaluator: ModuleEvaluator,
  imported: readonly PushedModule[] = [],
): Promise<unknown> {
  if (module === null) return null;
  const probes = await evaluator.probe([module, ...imported], [module.path], variables);
  const exported = probes.get(module.path)?.probe.exported ?? null;
  if (exported === null) {
    throw invalidModules(
      `\`${module.path}\` must have a default export made by \`convex/server\`.`,
    );
  }
  return exported;
}

async function readProviders(
  modules: readonly PushedModule[],
  variables: ReadonlyMap<string, string>,
  evaluator: ModuleEvaluator,
): Promise<string> {
  if (!modules.some(({ path }) => path === AUTH_CONFIG)) return "[]";
  const probes = await evaluator.probe(modules, [AUTH_CONFIG], variables);
  const probed = probes.get(AUTH_CONFIG);
  const [missing] = probed?.missingVariables ?? [];
  if (missing !== undefined) {
    // The command line recognises this code and tells how to set the variable.
    throw new ServiceError(
      "badRequest",
      "AuthConfigMissingEnvironmentVariable",
      `Environment variable ${missing} is used in auth config file but its value was not set`,
    );
  }
  const data = probed?.probe.data;
  if (typeof data !== "object" || data === null || !("providers" in data)) {
    throw new ServiceError(
      "badRequest",
      "InvalidAuthConfig",
      "auth config file must have a default export with a list of `providers`.",
    );
  }
  return JSON.stringify(data.providers);
}

/** An error of the pushed code, in the words that the command line shows. */
export function invalidModules(problem: string): ServiceError {
  return new ServiceError(
    "badRequest",
    "InvalidModules",
    `Loading the pushed modules encountered the following error:\n${problem}`,
  );
}
