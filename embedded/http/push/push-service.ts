import { parseProviders, readProvidersJson } from "../../auth/auth-config.ts";
import { commitWrites } from "../../database/commit-writes.ts";
import { DatabaseError } from "../../database/database-error.ts";
import type { ComponentPath, EngineDatabase, SchemaDiff } from "../../database/types.ts";
import { ServiceError } from "../../lib/service-error.ts";
import { requireCodeSize } from "../../modules/code-size.ts";
import type { AnalyzedProject, PushedProject } from "../../modules/analyze.ts";
import { checkVariables } from "../../modules/component-environment.ts";
import { readVariables } from "../../modules/environment-variables.ts";
import { listModules, readModuleText } from "../../modules/module-store.ts";
import { readPushVersions } from "../../modules/push-versions.ts";
import { parseCronSchedule } from "../../scheduler/cron-schedule.ts";
import type { BlobFolder } from "../../storage/blob-folder.ts";
import { requireJsonObject, type JsonObject } from "../request-body.ts";
import { PendingPushes, type Pending } from "./pending-pushes.ts";
import { startPushReply } from "./push-replies.ts";
import { cliModuleHash, parsePushRequest, type PushRequest } from "./push-request.ts";
import { prepareSchemas, type SchemaPreparations } from "./schema-preparations.ts";
import { indexDiffReply, schemaEvaluationReply } from "./schema-report.ts";
import { codeAt, switchOver, type ReadyPush } from "./switch-over.ts";

/**
 * Takes code from the official command line: `startPush` analyses it, `waitForSchema` builds indexes
 * and checks the rows, `finishPush` switches everything over in one transaction. A restart between the
 * steps does not end a push: its request is kept, and analysed again.
 */
export interface PushService {
  configHashes(): Promise<object>;
  startPush(body: JsonObject): Promise<object>;
  evaluatePush(body: JsonObject): Promise<object>;
  evaluateSchema(body: JsonObject): Promise<object>;
  waitForSchema(body: JsonObject): Promise<object>;
  finishPush(body: JsonObject): Promise<object>;
}

export interface PushServiceOptions {
  readonly database: EngineDatabase;
  /** Where pushes lie between their start and their end. */
  readonly folder: BlobFolder;
  /** @throws ServiceError naming the module and what is wrong with it. */
  readonly analyze: (
    project: PushedProject,
    variables: ReadonlyMap<string, string>,
  ) => Promise<AnalyzedProject>;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
}

interface PendingPush extends ReadyPush, Pending {
  readonly request: PushRequest;
  preparations: SchemaPreparations | null;
}

const MAX_WAIT_MS = 10_000;

export function createPushService(options: PushServiceOptions): PushService {
  const { database } = options;
  const pushes = new PendingPushes<PendingPush>({
    folder: options.folder,
    restore: (body, variablesJson) => analyzePush(body, options, variablesJson),
  });

  return {
    configHashes: () => Promise.resolve(configHashes(database)),

    async startPush(body) {
      const push = await analyzePush(body, options);
      const id = await pushes.add(push, body);
      return startPushReply(push.project, {
        variables: Object.fromEntries(readVariables(database.begin())),
        schemaChange: schemaChangeReply(id, push.diffs),
        udfServerVersion: push.versions.functions,
      });
    },

    async evaluatePush(body) {
      const { diffs } = await analyzePush(body, options);
      return { schemaChange: schemaChangeReply("", diffs) };
    },

    async evaluateSchema(body) {
      const { project, diffs } = await analyzePush(body, options);
      return schemaEvaluationReply(database, project, diffs);
    },

    async waitForSchema(body) {
      const { push } = await pushes.find(body["schemaChange"]);
      if (push.request.isDryRun) return { type: "complete" };
      push.preparations ??= prepareSchemas(database, schemasOf(push.project));
      return push.preparations.status(waitMs(body));
    },

    async finishPush(body) {
      const { schemaChange } = requireJsonObject(body["startPush"], "`startPush`") as {
        readonly schemaChange?: unknown;
      };
      const { id, push } = await pushes.find(schemaChange);
      if (push.request.isDryRun) return switchOver(database.begin(), push, [], options.now());
      push.preparations ??= prepareSchemas(database, schemasOf(push.project));
      const { preparations } = push;
      const reply = await asPushError(async () => {
        const prepared = await preparations.all();
        return commitWrites(database, (transaction) =>
          switchOver(transaction, push, prepared, options.now()),
        );
      });
      await pushes.remove(id);
      return reply;
    },
  };
}

/** `variablesJson` are the variables of the push's start, when that was earlier. */
async function analyzePush(
  body: JsonObject,
  options: PushServiceOptions,
  variablesJson?: string,
): Promise<PendingPush> {
  const { database } = options;
  const transaction = database.begin();
  const request = parsePushRequest(body, transaction);
  requireCodeSize(request);
  const variables = readVariables(transaction);
  const project = await options.analyze(request, variables);
  checkVariables(codeAt(project, "").definition.environment, variables, { isComplete: false });
  parseProviders(project.providersJson);
  for (const { cronSpecs } of project.definitions.values()) {
    for (const [name, { schedule }] of cronSpecs) parseCronSchedule(schedule, name);
  }
  const push: PendingPush = {
    request,
    project,
    diffs: await asPushError(() => diffSchemas(database, project)),
    versions: request.versions,
    variablesJson: variablesJson ?? JSON.stringify([...variables]),
    preparations: null,
    discard: () => push.preparations?.discard(),
  };
  return push;
}

function schemasOf(project: AnalyzedProject): Map<ComponentPath, string | null> {
  return new Map(
    project.mounts.map(({ componentPath }) => [
      componentPath,
      codeAt(project, componentPath).schemaJson,
    ]),
  );
}

function diffSchemas(
  database: EngineDatabase,
  project: AnalyzedProject,
): ReadonlyMap<ComponentPath, SchemaDiff> {
  const diffs = new Map<ComponentPath, SchemaDiff>();
  for (const [path, schemaJson] of schemasOf(project)) {
    diffs.set(path, database.diffSchema(path, schemaJson));
  }
  return diffs;
}

function configHashes(database: EngineDatabase): object {
  const transaction = database.begin();
  const moduleHashes = listModules(transaction, "").map((module) => {
    const { source, sourceMap } = readModuleText(transaction, module);
    const { path, environment } = module;
    return { path, environment, hash: cliModuleHash(source, sourceMap) };
  });
  const versions = readPushVersions(transaction);
  return {
    config: {
      functions: "convex/",
      authInfo: JSON.parse(readProvidersJson(transaction)) as unknown,
    },
    moduleHashes,
    nodeDependencies: [],
    udfServerVersion: versions?.functions ?? null,
    // The command line takes `null` for a version.
    nodeVersion: versions?.node ?? undefined,
  };
}

function schemaChangeReply(id: string, diffs: ReadonlyMap<ComponentPath, SchemaDiff>): object {
  const indexDiffs = [...diffs].map(([path, diff]) => [path, indexDiffReply(diff)]);
  return {
    allocatedComponentIds: {},
    schemaIds: { "": id },
    indexDiffs: Object.fromEntries(indexDiffs) as unknown,
  };
}

function waitMs(body: JsonObject): number {
  const timeoutMs = body["timeoutMs"];
  if (typeof timeoutMs !== "number" || !(timeoutMs >= 0)) return MAX_WAIT_MS;
  return Math.min(timeoutMs, MAX_WAIT_MS);
}

/** What the database refuses about a schema is the pusher's to repair. */
async function asPushError<T>(attempt: () => T | Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    return rethrow(error);
  }
}

function rethrow(error: unknown): never {
  if (!(error instanceof DatabaseError)) throw error;
  if (error.code === "SchemaAborted") {
    throw new ServiceError("conflict", "RaceDetected", "Schema was overwritten by another push.");
  }
  throw new ServiceError("badRequest", error.code, error.message, { cause: error });
}
