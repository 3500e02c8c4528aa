import { ServiceError } from "../lib/service-error.ts";
import { parseValidator } from "../values/validator.ts";
import type { AnalyzedPush, PushedModule } from "./module-store.ts";
import {
  EMPTY_ANALYSIS,
  type AnalyzedFunction,
  type AnalyzedModule,
  type ModuleProbe,
  type ProbedFunction,
} from "./module-probe.ts";

/** Code as a push brings it. */
export interface PushedCode {
  /** Function modules with their chunks, `auth.config.js` among them. */
  readonly modules: readonly PushedModule[];
  readonly schema: PushedModule | null;
  /** `convex.config.js`. */
  readonly definition: PushedModule | null;
}

/** A cron job as `cronJobs().export()` describes it. */
export interface CronSpec {
  /** Path of the function. */
  readonly name: string;
  readonly args: readonly unknown[];
  readonly schedule: unknown;
}

/** What a push is told about its code, and what is stored of it. */
export interface AnalyzedCode {
  readonly modules: readonly AnalyzedPush[];
  /** `schema.export()` as JSON text, `null` without a schema. */
  readonly schemaJson: string | null;
  /** The `providers` of `auth.config` as JSON text, `[]` without one. */
  readonly providersJson: string;
  readonly cronSpecs: ReadonlyMap<string, CronSpec>;
  /** `definition.export()` of `convex.config`, `null` without one. */
  readonly definition: unknown;
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

/**
 * Evaluates everything that was pushed and reports what it exports.
 * @throws ServiceError naming the module and what is wrong with it.
 */
export async function analyzeCode(
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
  const modules = code.modules.map((module) => {
    const probed = probes.get(module.path);
    const analysis = probed === undefined ? EMPTY_ANALYSIS : analyzeModule(module, probed.probe);
    return { module, analysisJson: JSON.stringify(analysis) };
  });
  return {
    modules,
    schemaJson: await exportedJson(code.schema, variables, evaluator),
    providersJson: await readProviders(code.modules, variables, evaluator),
    cronSpecs: cronSpecs(probes.get(CRONS)?.probe ?? null),
    definition: JSON.parse(
      (await exportedJson(code.definition, variables, evaluator)) ?? "null",
    ) as unknown,
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

async function exportedJson(
  module: PushedModule | null,
  variables: ReadonlyMap<string, string>,
  evaluator: ModuleEvaluator,
): Promise<string | null> {
  if (module === null) return null;
  const probes = await evaluator.probe([module], [module.path], variables);
  const exported = probes.get(module.path)?.probe.exported ?? null;
  if (exported === null) {
    throw invalidModules(
      `\`${module.path}\` must have a default export made by \`convex/server\`.`,
    );
  }
  return JSON.stringify(exported);
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
