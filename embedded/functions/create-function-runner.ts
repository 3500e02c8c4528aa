import type { Database } from "../database/types.ts";
import type { CodeCache } from "../modules/code-cache.ts";
import { parseFunctionPath, type FunctionPath } from "../modules/function-path.ts";
import { ActionPool } from "../runtime/actions/action-pool.ts";
import { FunctionError } from "../runtime/function-error.ts";
import { FunctionExecutor } from "../runtime/function-executor.ts";
import type { BlobStore, Clock, DeploymentInfo, UploadTokens } from "../runtime/services.ts";
import { CursorCodec } from "../runtime/syscalls/cursor-codec.ts";
import { ActionRunner } from "./action-runner.ts";
import { functionFailure } from "./function-failure.ts";
import { MutationRunner, type BeforeCommit } from "./mutation-runner.ts";
import { QueryRunner } from "./query-runner.ts";
import { requirePath } from "./run-request.ts";
import type { FunctionRunner, FunctionType } from "./types.ts";

export interface FunctionRunnerOptions {
  readonly database: Database;
  /** Shared with the analysis of pushes, which fills it. */
  readonly codeCache: CodeCache;
  readonly clock: Clock;
  readonly deployment: DeploymentInfo;
  readonly blobs: BlobStore;
  readonly uploadTokens: UploadTokens;
  /** Makes cursors opaque; has to stay the same over restarts. */
  readonly secret: Uint8Array;
  readonly onBeforeCommit?: BeforeCommit;
  /** How many worker threads actions may use at a time. */
  readonly maxActionThreads?: number;
}

const DEFAULT_ACTION_THREADS = 2;

/** Needs `defineFunctionTables` to have been called on the database. */
export function createFunctionRunner(options: FunctionRunnerOptions): FunctionRunner {
  const { database, codeCache, clock, deployment, blobs, uploadTokens, secret } = options;
  const cursors = new CursorCodec(secret);
  const executor = new FunctionExecutor(codeCache, { deployment, blobs, uploadTokens, cursors });
  const queries = new QueryRunner({ database, executor, clock });
  const mutations = new MutationRunner({
    database,
    executor,
    clock,
    onBeforeCommit: options.onBeforeCommit ?? null,
  });
  const actions: ActionRunner = new ActionRunner({
    codeCache,
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
      runAction: (request) => actions.run(request),
      directory: () => actions.directory(),
    },
  });

  async function typeOf(path: FunctionPath | null): Promise<FunctionType | null> {
    const info = path === null ? null : await actions.describe(path);
    return info?.udfType ?? null;
  }

  return {
    runQuery: (request, { ts } = {}) => queries.run(request, ts),
    runMutation: (request, session) => mutations.run(request, session ?? null),
    runScheduledMutation: (request, envelope) => mutations.runScheduled(request, envelope),
    runAction: (request) => actions.run(request),
    runHttpAction: (request, auth, metadata) => actions.runHttp(request, auth, metadata),
    watch: (request, onInvalidated) => queries.watch(request, onInvalidated),
    functionType: (componentPath, path) => typeOf(parseFunctionPath(componentPath, path)),
    async runAny(request) {
      try {
        switch (await typeOf(requirePath(request))) {
          case "mutation":
            return await mutations.run(request, null);
          case "action":
            return await actions.run(request);
          default:
            return await queries.run({ ...request, journal: null });
        }
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error;
        return functionFailure(error, request.metadata.requestId, []);
      }
    },
    async drain() {
      await executor.idle();
      queries.close();
      await actions.close();
    },
  };
}
