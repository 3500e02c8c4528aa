import { readProvidersJson, writeProvidersJson } from "../../auth/auth-config.ts";
import type {
  ComponentPath,
  PreparedSchema,
  SchemaDiff,
  Transaction,
} from "../../database/types.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { AnalyzedCode, AnalyzedProject } from "../../modules/analyze.ts";
import { checkVariables } from "../../modules/component-environment.ts";
import { replaceComponents } from "../../modules/component-store.ts";
import { readVariables } from "../../modules/environment-variables.ts";
import { listModules, replaceModules } from "../../modules/module-store.ts";
import { replacePushVersions, type PushVersions } from "../../modules/push-versions.ts";
import { replaceCronJobs } from "../../scheduler/cron-store.ts";
import { finishPushReply, listDiff, type ComponentDiff } from "./push-replies.ts";
import { indexDiffReply } from "./schema-report.ts";

/** A push that can be put into force. */
export interface ReadyPush {
  readonly project: AnalyzedProject;
  readonly diffs: ReadonlyMap<ComponentPath, SchemaDiff>;
  readonly versions: PushVersions;
  /** The deployment's variables that the code was analysed with, as JSON text. */
  readonly variablesJson: string;
}

/**
 * Puts code, schemas, auth providers and cron jobs of the app and of all components into force, in
 * one transaction. Returns the answer to `finish_push`.
 * @throws ServiceError `RaceDetected` when the variables are others than at the analysis, and
 *   for required variables that are missing.
 */
export function switchOver(
  transaction: Transaction,
  { project, diffs, versions, variablesJson }: ReadyPush,
  prepared: readonly PreparedSchema[],
  nowMs: number,
): object {
  const variables = readVariables(transaction);
  if (JSON.stringify([...variables]) !== variablesJson) {
    throw new ServiceError(
      "conflict",
      "RaceDetected",
      "Environment variables have changed during push",
    );
  }
  const declared = codeAt(project, "").definition.environment;
  checkVariables(declared, variables, { isComplete: true });
  const auth = { before: readProvidersJson(transaction), after: project.providersJson };
  const toolVersions = { before: replacePushVersions(transaction, versions), after: versions };
  const changes = replaceComponents(transaction, project.mounts);
  const components = new Map<ComponentPath, ComponentDiff>();
  for (const [componentPath, change] of changes) {
    const code = change === "unmount" ? null : codeAt(project, componentPath);
    const before = listModules(transaction, componentPath).map(({ path }) => path);
    const after = code?.modules.map(({ module }) => module.path) ?? [];
    const cronSpecs = code?.cronSpecs ?? new Map();
    components.set(componentPath, {
      // The app counts as there before its first push.
      change: componentPath === "" && before.length > 0 ? "modify" : change,
      modules: listDiff(before, after),
      crons: replaceCronJobs(transaction, componentPath, cronSpecs, nowMs),
      indexDiff: indexDiffReply(diffs.get(componentPath) ?? NO_DIFF),
    });
  }
  const deployed = project.mounts.map((mount) => {
    return { mount, modules: codeAt(project, mount.componentPath).modules };
  });
  replaceModules(transaction, deployed, nowMs);
  for (const schema of prepared) transaction.activateSchema(schema);
  writeProvidersJson(transaction, project.providersJson);
  return finishPushReply(project.definitions.keys(), auth, toolVersions, components);
}

/** The code that runs at a mount. */
export function codeAt(project: AnalyzedProject, componentPath: ComponentPath): AnalyzedCode {
  const mount = project.mounts.find((candidate) => candidate.componentPath === componentPath);
  const code = mount === undefined ? undefined : project.definitions.get(mount.definitionPath);
  if (code === undefined) throw new Error(`Nothing was pushed for the mount ${componentPath}.`);
  return code;
}

const NO_DIFF: SchemaDiff = {
  addedIndexes: [],
  droppedIndexes: [],
  enabledIndexes: [],
  disabledIndexes: [],
};
