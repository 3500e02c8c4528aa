import type { Database } from "../database/types.ts";
import type { CodeCache } from "../modules/code-cache.ts";
import { FunctionExecutor } from "../runtime/function-executor.ts";
import type { BlobStore, Clock, DeploymentInfo, UploadTokens } from "../runtime/services.ts";
import { CursorCodec } from "../runtime/syscalls/cursor-codec.ts";
import { MutationRunner, type BeforeCommit } from "./mutation-runner.ts";
import { QueryRunner } from "./query-runner.ts";
import type { FunctionRunner } from "./types.ts";

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
}

/** Needs `defineFunctionTables` to have been called on the database. */
export function createFunctionRunner(options: FunctionRunnerOptions): FunctionRunner {
  const { database, codeCache, clock, deployment, blobs, uploadTokens, secret } = options;
  const services = { deployment, blobs, uploadTokens, cursors: new CursorCodec(secret) };
  const executor = new FunctionExecutor(codeCache, services);
  const queries = new QueryRunner({ database, executor, clock });
  const mutations = new MutationRunner({
    database,
    executor,
    clock,
    onBeforeCommit: options.onBeforeCommit ?? null,
  });
  return {
    runQuery: (request, { ts } = {}) => queries.run(request, ts),
    runMutation: (request, session) => mutations.run(request, session ?? null),
    runScheduledMutation: (request, envelope) => mutations.runScheduled(request, envelope),
    watch: (request, onInvalidated) => queries.watch(request, onInvalidated),
    async drain() {
      await executor.idle();
      queries.close();
    },
  } as FunctionRunner;
}
