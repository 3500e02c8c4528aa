import type { ComponentPath } from "../../database/types.ts";
import type { AnalyzedCode, AnalyzedProject } from "../../modules/analyze.ts";
import type { ComponentChange } from "../../modules/component-store.ts";
import type { PushVersions } from "../../modules/push-versions.ts";
import type { CronDiff } from "../../scheduler/cron-store.ts";
import { checkedComponentReply, exportsReply } from "./component-report.ts";

/**
 * The answers of `start_push` and `finish_push`, in the shapes that the command line parses
 * (`convex` npm package, src/cli/lib/deployApi).
 */
export function startPushReply(
  project: AnalyzedProject,
  {
    variables,
    schemaChange,
    udfServerVersion,
  }: {
    readonly variables: Readonly<Record<string, string>>;
    readonly schemaChange: object;
    readonly udfServerVersion: string;
  },
): object {
  const analysis = [...project.definitions].map(([path, code]) => [
    path,
    definitionReply(path, code, udfServerVersion),
  ]);
  return {
    environmentVariables: variables,
    externalDepsId: null,
    componentDefinitionPackages: {},
    appAuth: JSON.parse(project.providersJson) as unknown,
    analysis: Object.fromEntries(analysis) as unknown,
    app: checkedComponentReply(project, ""),
    schemaChange,
  };
}

/** What a push changes at one mount. */
export interface ComponentDiff {
  readonly change: ComponentChange;
  readonly modules: ListDiff;
  readonly crons: CronDiff;
  readonly indexDiff: object;
}

export interface ListDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export function finishPushReply(
  definitionPaths: Iterable<string>,
  auth: { readonly before: string; readonly after: string },
  versions: { readonly before: PushVersions | null; readonly after: PushVersions },
  components: ReadonlyMap<ComponentPath, ComponentDiff>,
): object {
  const componentDiffs = [...components].map(([path, { change, modules, crons, indexDiff }]) => [
    path,
    {
      diffType: { type: change },
      moduleDiff: modules,
      udfConfigDiff: change === "modify" ? versionDiff(versions) : null,
      cronDiff: crons,
      indexDiff,
      schemaDiff: null,
    },
  ]);
  return {
    authDiff: listDiff(entriesOf(auth.before), entriesOf(auth.after)),
    definitionDiffs: Object.fromEntries(
      Array.from(definitionPaths, (path) => [path, {}]),
    ) as unknown,
    componentDiffs: Object.fromEntries(componentDiffs) as unknown,
  };
}

export function listDiff(before: readonly string[], after: readonly string[]): ListDiff {
  return {
    added: after.filter((entry) => !before.includes(entry)),
    removed: before.filter((entry) => !after.includes(entry)),
  };
}

function definitionReply(path: string, code: AnalyzedCode, serverVersion: string): object {
  const functions = code.modules
    .filter(({ module }) => !/^(?:_deps\/|auth\.config\.js$)/.test(module.path))
    .map(({ module, analysisJson }) => [module.path, JSON.parse(analysisJson) as unknown]);
  return {
    definition: { ...code.definition.exported, path, exports: exportsReply(code) },
    schema: code.schemaJson === null ? null : (JSON.parse(code.schemaJson) as unknown),
    functions: Object.fromEntries(functions) as unknown,
    udfConfig: { serverVersion, importPhaseRngSeed: null, importPhaseUnixTimestamp: null },
  };
}

/** Components are pushed by the app's command line, so they have its version (`definitionConfig.ts`). */
function versionDiff({ before, after }: Parameters<typeof finishPushReply>[2]): object | null {
  if (before === null || before.functions === after.functions) return null;
  return { previous_version: before.functions, next_version: after.functions };
}

function entriesOf(arrayJson: string): string[] {
  return (JSON.parse(arrayJson) as unknown[]).map((entry) => JSON.stringify(entry));
}
