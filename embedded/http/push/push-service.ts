import { randomUUID } from "node:crypto";

import { parseProviders, readProvidersJson, writeProvidersJson } from "../../auth/auth-config.ts";
import { commitWrites } from "../../database/commit-writes.ts";
import { DatabaseError } from "../../database/database-error.ts";
import type { EngineDatabase, PreparedSchema, SchemaDiff } from "../../database/types.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { AnalyzedCode, PushedCode } from "../../modules/analyze.ts";
import { readVariables } from "../../modules/environment-variables.ts";
import { listModules, readModuleText, replaceModules } from "../../modules/module-store.ts";
import { parseCronSchedule } from "../../scheduler/cron-schedule.ts";
import { replaceCronJobs } from "../../scheduler/cron-store.ts";
import { requireJsonObject, type JsonObject } from "../request-body.ts";
import { finishPushReply, startPushReply } from "./push-replies.ts";
import { cliModuleHash, parsePushRequest, type PushRequest } from "./push-request.ts";
import { indexDiffReply, schemaEvaluationReply } from "./schema-report.ts";

/**
 * Takes code from the official command line: `startPush` analyses it, `waitForSchema` builds indexes
 * and checks the rows, `finishPush` switches everything over in one transaction. Between the steps a
 * push lives in memory only; one that a restart interrupted is pushed again.
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
  /** @throws ServiceError naming the module and what is wrong with it. */
  readonly analyze: (
    code: PushedCode,
    variables: ReadonlyMap<string, string>,
  ) => Promise<AnalyzedCode>;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
}

interface PendingPush {
  readonly request: PushRequest;
  readonly code: AnalyzedCode;
  readonly diff: SchemaDiff;
  readonly variablesJson: string;
  preparation: Promise<PreparedSchema> | null;
}

const MAX_PENDING = 8;
const MAX_WAIT_MS = 10_000;

export function createPushService(options: PushServiceOptions): PushService {
  const { database } = options;
  const pending = new Map<string, PendingPush>();

  function remember(push: PendingPush): string {
    const id = randomUUID();
    pending.set(id, push);
    for (const [oldId, old] of pending) {
      if (pending.size <= MAX_PENDING) break;
      pending.delete(oldId);
      old.preparation?.then((prepared) => database.discardSchema(prepared)).catch(() => undefined);
    }
    return id;
  }

  function find(schemaChange: unknown): { readonly id: string; readonly push: PendingPush } {
    const { schemaIds } = requireJsonObject(schemaChange, "`schemaChange`") as {
      readonly schemaIds?: unknown;
    };
    const id = requireJsonObject(schemaIds, "`schemaIds`")[""];
    const push = typeof id === "string" ? pending.get(id) : undefined;
    if (typeof id === "string" && push !== undefined) return { id, push };
    throw new ServiceError(
      "conflict",
      "RaceDetected",
      "The push is not known any more, because the deployment restarted or others came between.",
    );
  }

  return {
    configHashes: () => Promise.resolve(configHashes(database)),

    async startPush(body) {
      const push = await analyzePush(body, options);
      const id = remember(push);
      return startPushReply(push.code, push.request, {
        variables: Object.fromEntries(readVariables(database.begin())),
        schemaChange: schemaChangeReply(id, push.diff),
      });
    },

    async evaluatePush(body) {
      const { diff } = await analyzePush(body, options);
      return { schemaChange: schemaChangeReply("", diff) };
    },

    async evaluateSchema(body) {
      const { code, diff } = await analyzePush(body, options);
      return schemaEvaluationReply(database, code.schemaJson, diff);
    },

    async waitForSchema(body) {
      const { push } = find(body["schemaChange"]);
      if (push.request.isDryRun) return { type: "complete" };
      push.preparation ??= prepare(push, database);
      return schemaStatus(push.preparation, waitMs(body));
    },

    async finishPush(body) {
      const { schemaChange } = requireJsonObject(body["startPush"], "`startPush`") as {
        readonly schemaChange?: unknown;
      };
      const { id, push } = find(schemaChange);
      if (push.request.isDryRun) return dryRunReply(push, options);
      push.preparation ??= prepare(push, database);
      const reply = await switchOver(push, await push.preparation, options);
      pending.delete(id);
      return reply;
    },
  };
}

async function analyzePush(body: JsonObject, options: PushServiceOptions): Promise<PendingPush> {
  const { database } = options;
  const transaction = database.begin();
  const request = parsePushRequest(body, transaction);
  const variables = readVariables(transaction);
  const code = await options.analyze(request, variables);
  parseProviders(code.providersJson);
  for (const [name, { schedule }] of code.cronSpecs) parseCronSchedule(schedule, name);
  return {
    request,
    code,
    diff: asPushError(() => database.diffSchema("", code.schemaJson)),
    variablesJson: JSON.stringify([...variables]),
    preparation: null,
  };
}

function prepare(push: PendingPush, database: EngineDatabase): Promise<PreparedSchema> {
  const preparation = database.prepareSchema("", push.code.schemaJson);
  preparation.catch(() => undefined);
  return preparation;
}

/** Long-polled by the command line until it is no longer in progress. */
async function schemaStatus(
  preparation: Promise<PreparedSchema>,
  timeoutMs: number,
): Promise<object> {
  const inProgress = { type: "inProgress", components: {} };
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<object>((resolve) => {
    timer = setTimeout(() => resolve(inProgress), timeoutMs);
  });
  const settled = preparation.then(() => ({ type: "complete" }), failedStatus);
  return Promise.race([settled, timeout]).finally(() => clearTimeout(timer));
}

function failedStatus(error: unknown): object {
  if (!(error instanceof DatabaseError)) throw error;
  if (error.code === "SchemaAborted") return { type: "raceDetected" };
  const tableName = /table "([^"]+)"/.exec(error.message)?.[1] ?? null;
  return { type: "failed", error: error.message, componentPath: "", tableName };
}

/** Code, schema, auth providers and cron jobs change in one commit, or not at all. */
async function switchOver(
  push: PendingPush,
  prepared: PreparedSchema,
  { database, now }: PushServiceOptions,
): Promise<object> {
  return asPushError(() =>
    commitWrites(database, (transaction) => {
      if (JSON.stringify([...readVariables(transaction)]) !== push.variablesJson) {
        throw new ServiceError(
          "conflict",
          "RaceDetected",
          "Environment variables have changed during push",
        );
      }
      const before = {
        providersJson: readProvidersJson(transaction),
        modulePaths: listModules(transaction, "").map(({ path }) => path),
      };
      replaceModules(transaction, new Map([["", push.code.modules]]), now());
      transaction.activateSchema(prepared);
      writeProvidersJson(transaction, push.code.providersJson);
      const cronDiff = replaceCronJobs(transaction, "", push.code.cronSpecs, now());
      return finishPushReply(before, push.code, cronDiff, indexDiffReply(push.diff));
    }),
  );
}

function dryRunReply(push: PendingPush, { database, now }: PushServiceOptions): object {
  const transaction = database.begin();
  const before = {
    providersJson: readProvidersJson(transaction),
    modulePaths: listModules(transaction, "").map(({ path }) => path),
  };
  const cronDiff = replaceCronJobs(transaction, "", push.code.cronSpecs, now());
  return finishPushReply(before, push.code, cronDiff, indexDiffReply(push.diff));
}

function configHashes(database: EngineDatabase): object {
  const transaction = database.begin();
  const moduleHashes = listModules(transaction, "").map((module) => {
    const { source, sourceMap } = readModuleText(transaction, module);
    const { path, environment } = module;
    return { path, environment, hash: cliModuleHash(source, sourceMap) };
  });
  return {
    config: {
      functions: "convex/",
      authInfo: JSON.parse(readProvidersJson(transaction)) as unknown,
    },
    moduleHashes,
    nodeDependencies: [],
    udfServerVersion: null,
  };
}

function schemaChangeReply(id: string, diff: SchemaDiff): object {
  return {
    allocatedComponentIds: {},
    schemaIds: { "": id },
    indexDiffs: { "": indexDiffReply(diff) },
  };
}

function waitMs(body: JsonObject): number {
  const timeoutMs = body["timeoutMs"];
  if (typeof timeoutMs !== "number" || !(timeoutMs >= 0)) return MAX_WAIT_MS;
  return Math.min(timeoutMs, MAX_WAIT_MS);
}

/** What the database refuses about a schema is the pusher's to repair. */
function asPushError<T>(attempt: () => T): T {
  try {
    const result = attempt();
    return result instanceof Promise ? (result.catch(rethrow) as T) : result;
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
