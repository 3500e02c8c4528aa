/** A deployment whose functions are the host's modules: everything else is the engine's. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createDeploymentSigner } from "#embedded/auth/deployment-signer.ts";
import { createUploadTokens } from "#embedded/auth/upload-tokens.ts";
import { openDatabase } from "#embedded/database/open-database.ts";
import type { ComponentPath, Database, EngineDatabase } from "#embedded/database/types.ts";
import type { ActionServices } from "#embedded/functions/action-syscalls.ts";
import { functionFailure } from "#embedded/functions/function-failure.ts";
import { MutationRunner } from "#embedded/functions/mutation-runner.ts";
import { requirePath, toRunRequest } from "#embedded/functions/run-request.ts";
import { defineFunctionTables } from "#embedded/functions/system-tables.ts";
import type {
  ActionOutcome,
  Caller,
  FunctionRequest,
  FunctionType,
  MutationOutcome,
  QueryOutcome,
  RequestMetadata,
} from "#embedded/functions/types.ts";
import { parseFunctionPath } from "#embedded/modules/function-path.ts";
import { FunctionError } from "#embedded/runtime/function-error.ts";
import { CursorCodec } from "#embedded/runtime/syscalls/cursor-codec.ts";
import { openBlobFolder } from "#embedded/storage/blob-folder.ts";
import type { JsonObject } from "#embedded/values/json-value.ts";

import { HostActions } from "./host-actions.ts";
import { HostExecutor } from "./host-executor.ts";
import type { HostModules } from "./host-modules.ts";
import { JobTimers } from "./job-timers.ts";
import type { ThrownErrors } from "./thrown-errors.ts";

const INFO = {
  name: "test",
  cloudUrl: "https://some-deployment.convex.cloud",
  siteUrl: "https://some.convex.site",
};

const SECRET = randomBytes(32).toString("hex");

/** Read when it is asked for, so that fake timers count. */
const CLOCK = { now: () => Date.now() };

export interface HostDeploymentOptions {
  readonly modules: HostModules;
  /** Takes note of what functions throw. */
  readonly thrown: ThrownErrors;
  readonly transactionLimits?: JsonObject | undefined;
}

/** A timer that fake ones have not replaced. */
const realSetTimeout = globalThis.setTimeout;
const CLOSE_LIMIT_MS = 500;

export class HostDeployment {
  readonly jobs: JobTimers;
  readonly #folder: string;
  readonly #engine: EngineDatabase;
  readonly #database: Database;
  readonly #modules: HostModules;
  readonly #executor: HostExecutor;
  readonly #mutations: MutationRunner;
  readonly #actions: HostActions;

  private constructor(
    folder: string,
    engine: EngineDatabase,
    { modules, thrown, transactionLimits }: HostDeploymentOptions,
  ) {
    this.#folder = folder;
    this.#engine = engine;
    this.#modules = modules;
    const database = withoutFlushes(engine);
    this.#database = database;
    const shared = {
      deployment: INFO,
      blobs: openBlobFolder(join(folder, "files")),
      uploadTokens: createUploadTokens(SECRET, CLOCK.now),
      tokenSigner: createDeploymentSigner(SECRET),
    };
    const cursors = new CursorCodec(randomBytes(32));
    this.#executor = new HostExecutor({
      modules,
      services: { ...shared, cursors },
      thrown,
      transactionLimits,
    });
    this.#mutations = new MutationRunner({
      database,
      executor: this.#executor,
      clock: CLOCK,
      onBeforeCommit: null,
    });
    const services: ActionServices = {
      ...shared,
      database,
      clock: CLOCK,
      runQuery: (request) => this.runQuery(request),
      runMutation: (request) => this.runMutation(request),
      runAction: (request) => this.runAction(request),
      directory: () => Promise.resolve(modules),
    };
    this.#actions = new HostActions(modules, services, thrown);
    this.jobs = new JobTimers({
      database,
      now: CLOCK.now,
      runner: {
        functionType: (componentPath, path) => this.#functionType(componentPath, path),
        runScheduledMutation: (request, envelope) =>
          this.#mutations.runScheduled(request, envelope),
        runAction: (request) => this.runAction(request),
      },
    });
  }

  /** In a new temporary folder. */
  static async open(options: HostDeploymentOptions): Promise<HostDeployment> {
    const folder = mkdtempSync(join(tmpdir(), "convex-test-"));
    mkdirSync(join(folder, "database"));
    const engine = await openDatabase({
      folder: join(folder, "database"),
      clock: CLOCK.now,
      // Fake time may jump while a snapshot is being read.
      retention: { ageMs: 1e12 },
    });
    defineFunctionTables(engine);
    return new HostDeployment(folder, engine, options);
  }

  /** Makes a schema the component's, as a deploy does. */
  async applySchema(componentPath: ComponentPath, schemaJson: string): Promise<void> {
    const prepared = await this.#engine.prepareSchema(componentPath, schemaJson);
    const transaction = this.#engine.begin();
    transaction.activateSchema(prepared);
    this.#engine.commit(transaction);
  }

  async runQuery(request: FunctionRequest): Promise<QueryOutcome> {
    const { requestId } = request.metadata;
    try {
      const path = requirePath(request);
      const begin = () => {
        const nowMs = CLOCK.now();
        const transaction = this.#database.begin({ nowMs });
        const options = { nowMs, journal: null };
        return { transaction, request: toRunRequest(request, path, "query", options) };
      };
      return await this.#executor.run(begin, ({ outcome, logLines, journal }) =>
        outcome.ok
          ? { ...outcome, logLines, journal }
          : { ...functionFailure(outcome.error, requestId, logLines), journal },
      );
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      return { ...functionFailure(error, requestId, []), journal: null };
    }
  }

  runMutation(request: FunctionRequest): Promise<MutationOutcome> {
    return this.#mutations.run(request, null);
  }

  runAction(request: FunctionRequest): Promise<ActionOutcome> {
    return this.#actions.run(request);
  }

  fetch(request: Request, caller: Caller, metadata: RequestMetadata): Promise<Response> {
    return this.#actions.fetch(request, { caller, metadata });
  }

  /** What fake timers kept from being flushed is not waited for long: nobody will read it. */
  async close(): Promise<void> {
    this.jobs.stop();
    await Promise.race([this.#engine.close(), realDelay(CLOSE_LIMIT_MS)]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #functionType(componentPath: ComponentPath, path: string): Promise<FunctionType | null> {
    const parsed = parseFunctionPath(componentPath, path);
    if (parsed === null) return null;
    await this.#modules.load(parsed);
    return this.#modules.infoOf(parsed)?.udfType ?? null;
  }
}

function realDelay(ms: number): Promise<void> {
  return new Promise((resolve) => realSetTimeout(resolve, ms));
}

/** The database writes to the disk by timers, which stand still under fake ones. */
function withoutFlushes(engine: EngineDatabase): Database {
  return {
    get latestTs() {
      return engine.latestTs;
    },
    get oldestTs() {
      return engine.oldestTs;
    },
    begin: (options) => engine.begin(options),
    commit: (transaction) => engine.commit(transaction),
    flushed: () => Promise.resolve(),
    isUnchanged: (readSet, since) => engine.isUnchanged(readSet, since),
    subscribe: (readSet, onInvalidated) => engine.subscribe(readSet, onInvalidated),
    onCommit: (listener) => engine.onCommit(listener),
    onStopped: (listener) => engine.onStopped(listener),
    stopIfDamaged: (error) => engine.stopIfDamaged(error),
    close: () => engine.close(),
  };
}
