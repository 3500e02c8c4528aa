import type { ComponentPath, Database, Timestamp } from "../database/types.ts";
import type { CodeCache } from "../modules/code-cache.ts";
import { parseFunctionPath, type FunctionPath } from "../modules/function-path.ts";
import { ActionPool } from "../runtime/actions/action-pool.ts";
import { FunctionError } from "../runtime/function-error.ts";
import { FunctionExecutor } from "../runtime/function-executor.ts";
import type {
  BlobStore,
  Clock,
  DeploymentInfo,
  TokenSigner,
  UploadTokens,
} from "../runtime/services.ts";
import { CursorCodec } from "../runtime/syscalls/cursor-codec.ts";
import type { TrafficControl } from "../lib/traffic-control.ts";
import { ActionRunner } from "./action-runner.ts";
import { createAdmission, requireUnexpired, UNLIMITED, type Admission } from "./admission.ts";
import { functionFailure } from "./function-failure.ts";
import { MutationRunner, type BeforeCommit } from "./mutation-runner.ts";
import { QueryRunner } from "./query-runner.ts";
import { requirePath } from "./run-request.ts";
import type {
  ActionOutcome,
  Caller,
  FunctionRequest,
  FunctionRunner,
  FunctionType,
  HttpActionEnd,
  JobEnvelope,
  JobOutcome,
  LiveQuery,
  MutationOutcome,
  QueryOutcome,
  RequestMetadata,
  SessionRequest,
  WatchRequest,
} from "./types.ts";

export interface FunctionRunnerOptions {
  readonly database: Database;
  /** Shared with the analysis of pushes, which fills it. */
  readonly codeCache: CodeCache;
  readonly clock: Clock;
  readonly deployment: DeploymentInfo;
  readonly blobs: BlobStore;
  readonly uploadTokens: UploadTokens;
  readonly tokenSigner: TokenSigner;
  /** Makes cursors opaque; has to stay the same over restarts. */
  readonly secret: Uint8Array;
  /** Whose turn it is when many call at a time; without it everybody's is at once. */
  readonly traffic?: TrafficControl;
  /** False keeps stacks out of the responses to HTTP actions that fail; true by default. */
  readonly exposesDetails?: boolean;
  readonly onBeforeCommit?: BeforeCommit;
  /** How many worker threads actions may use at a time. */
  readonly maxActionThreads?: number;
}

/** As many as actions may run at a time, so that each has a thread of its own. */
const DEFAULT_ACTION_THREADS = 64;

/** A runner that can be told when its deployment ends. */
export interface EndingRunner extends FunctionRunner {
  /**
   * From now on functions that keep others waiting don't begin, and after so many milliseconds
   * whatever still computes is cut off; both are refused with `ShuttingDown`.
   */
  endWithin(ms: number): void;
}

const NOBODY: Caller = { kind: "client", identity: null };

/** Needs `defineFunctionTables` to have been called on the database. */
export function createFunctionRunner(options: FunctionRunnerOptions): EndingRunner {
  const { database, codeCache, clock, deployment, blobs, uploadTokens, tokenSigner } = options;
  const executor = new FunctionExecutor(codeCache, {
    deployment,
    blobs,
    uploadTokens,
    tokenSigner,
    cursors: new CursorCodec(options.secret),
  });
  const admission = options.traffic === undefined ? UNLIMITED : createAdmission(options.traffic);
  const queries = new QueryRunner({ database, executor, clock, admission });
  const mutations = new MutationRunner({
    database,
    executor,
    clock,
    admission,
    onBeforeCommit: options.onBeforeCommit ?? null,
  });
  const actions = createActionRunner(options, queries, mutations);
  return new DeployedFunctions({ executor, admission, clock, queries, mutations, actions });
}

function createActionRunner(
  options: FunctionRunnerOptions,
  queries: QueryRunner,
  mutations: MutationRunner,
): ActionRunner {
  const { database, codeCache, clock, deployment, blobs, uploadTokens } = options;
  const actions: ActionRunner = new ActionRunner({
    codeCache,
    exposesDetails: options.exposesDetails ?? true,
    pool: new ActionPool({
      deployment,
      maxThreads: options.maxActionThreads ?? DEFAULT_ACTION_THREADS,
    }),
    services: {
      database,
      clock,
      deployment,
      blobs,
      uploadTokens,
      runQuery: (request) => queries.run({ ...request, journal: null }),
      runMutation: (request) => mutations.run(request, null),
      // Without a turn of its own: it would wait for the one that its caller has.
      runAction: (request) => actions.run(request),
      directory: () => actions.directory(),
    },
  });
  return actions;
}

interface Runners {
  readonly executor: FunctionExecutor;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly queries: QueryRunner;
  readonly mutations: MutationRunner;
  readonly actions: ActionRunner;
}

/** Gives each call to the runner of its type; actions get their turn here, the others in theirs. */
class DeployedFunctions implements EndingRunner {
  readonly #runners: Runners;

  constructor(runners: Runners) {
    this.#runners = runners;
  }

  runQuery(request: WatchRequest, options?: { readonly ts?: Timestamp }): Promise<QueryOutcome> {
    return this.#runners.queries.run(request, options?.ts);
  }

  runMutation(request: FunctionRequest, session?: SessionRequest): Promise<MutationOutcome> {
    return this.#runners.mutations.run(request, session ?? null);
  }

  runScheduledMutation(request: FunctionRequest, envelope: JobEnvelope): Promise<JobOutcome> {
    return this.#runners.mutations.runScheduled(request, envelope);
  }

  runAction(request: FunctionRequest): Promise<ActionOutcome> {
    const { admission, actions, clock } = this.#runners;
    return admission.runAction(request, () => {
      requireUnexpired(request.caller, clock.now());
      return actions.run(request);
    });
  }

  functionType(componentPath: ComponentPath, path: string): Promise<FunctionType | null> {
    return this.#typeOf(parseFunctionPath(componentPath, path));
  }

  async runAny(request: FunctionRequest): Promise<QueryOutcome | MutationOutcome | ActionOutcome> {
    const { queries, mutations } = this.#runners;
    try {
      switch (await this.#typeOf(requirePath(request))) {
        case "mutation":
          return await mutations.run(request, null);
        case "action":
          return await this.runAction(request);
        default:
          return await queries.run({ ...request, journal: null });
      }
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      return functionFailure(error, request.metadata.requestId, []);
    }
  }

  runHttpAction(
    request: Request,
    auth: { readonly caller: Caller } | { readonly error: string },
    metadata: RequestMetadata,
    onEnded?: (end: HttpActionEnd) => void,
  ): Promise<Response> {
    const { admission, actions } = this.#runners;
    const caller = "caller" in auth ? auth.caller : NOBODY;
    return new Promise((resolve, reject) => {
      const run = () =>
        new Promise<void>((ended, failed) => {
          const finish = (end: HttpActionEnd | null) => {
            ended();
            if (end !== null) onEnded?.(end);
          };
          actions.runHttp(request, auth, metadata, finish).then(resolve, failed);
        });
      admission.runAction({ caller, metadata }, run).catch(reject);
    });
  }

  watch(request: WatchRequest, onInvalidated: () => void): LiveQuery {
    return this.#runners.queries.watch(request, onInvalidated);
  }

  endWithin(ms: number): void {
    this.#runners.executor.endWithin(ms);
  }

  async drain(): Promise<void> {
    const { executor, actions, queries } = this.#runners;
    executor.close();
    await Promise.all([executor.idle(), actions.close()]);
    queries.close();
  }

  async #typeOf(path: FunctionPath | null): Promise<FunctionType | null> {
    const info = path === null ? null : await this.#runners.actions.describe(path);
    return info?.udfType ?? null;
  }
}
