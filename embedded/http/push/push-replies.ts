import type { AnalyzedCode } from "../../modules/analyze.ts";
import type { CronDiff } from "../../scheduler/cron-store.ts";
import type { PushRequest } from "./push-request.ts";

/**
 * The answers of `start_push` and `finish_push`, in the shapes that the command line parses
 * (`convex` npm package, src/cli/lib/deployApi).
 */
export function startPushReply(
  code: AnalyzedCode,
  request: PushRequest,
  {
    variables,
    schemaChange,
  }: { readonly variables: Readonly<Record<string, string>>; readonly schemaChange: object },
): object {
  const functions = code.modules
    .filter(({ module }) => !/^(?:_deps\/|auth\.config\.js$)/.test(module.path))
    .map(({ module, analysisJson }) => [module.path, JSON.parse(analysisJson) as unknown]);
  return {
    environmentVariables: variables,
    externalDepsId: null,
    componentDefinitionPackages: {},
    appAuth: JSON.parse(code.providersJson) as unknown,
    analysis: {
      "": {
        definition: definitionReply(code.definition),
        schema: code.schemaJson === null ? null : (JSON.parse(code.schemaJson) as unknown),
        functions: Object.fromEntries(functions) as unknown,
        udfConfig: {
          serverVersion: request.udfServerVersion,
          importPhaseRngSeed: null,
          importPhaseUnixTimestamp: null,
        },
      },
    },
    app: {
      definitionPath: "",
      componentPath: "",
      args: {},
      childComponents: {},
      httpRoutes: { httpModuleRoutes: null, mounts: [] },
      exports: {},
    },
    schemaChange,
  };
}

export interface DeployedBefore {
  readonly providersJson: string;
  readonly modulePaths: readonly string[];
}

export function finishPushReply(
  before: DeployedBefore,
  code: AnalyzedCode,
  cronDiff: CronDiff,
  indexDiff: object,
): object {
  const paths = code.modules.map(({ module }) => module.path);
  return {
    authDiff: difference(entriesOf(before.providersJson), entriesOf(code.providersJson)),
    definitionDiffs: {},
    componentDiffs: {
      "": {
        diffType: { type: before.modulePaths.length === 0 ? "create" : "modify" },
        moduleDiff: difference(before.modulePaths, paths),
        udfConfigDiff: null,
        cronDiff,
        indexDiff,
        schemaDiff: null,
      },
    },
  };
}

function definitionReply(definition: unknown): object {
  const exported = typeof definition === "object" && definition !== null ? definition : {};
  return {
    path: "",
    definitionType: { type: "app" },
    childComponents: [],
    httpMounts: {},
    exports: { type: "branch", branch: [] },
    ...("envVars" in exported ? { envVars: exported.envVars } : {}),
  };
}

function difference(
  before: readonly string[],
  after: readonly string[],
): { readonly added: string[]; readonly removed: string[] } {
  return {
    added: after.filter((entry) => !before.includes(entry)),
    removed: before.filter((entry) => !after.includes(entry)),
  };
}

function entriesOf(arrayJson: string): string[] {
  return (JSON.parse(arrayJson) as unknown[]).map((entry) => JSON.stringify(entry));
}
