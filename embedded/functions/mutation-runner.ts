import { OccConflictError } from "../database/database-error.ts";
import type { Database, Transaction } from "../database/types.ts";
import { RUNNING_LIMITS } from "../lib/limits.ts";
import { canonicalPath, type FunctionPath } from "../modules/function-path.ts";
import { FunctionError } from "../runtime/function-error.ts";
import type { FunctionExecutor } from "../runtime/function-executor.ts";
import type { RunResult } from "../runtime/function-run.ts";
import type { Clock } from "../runtime/services.ts";
import { DiskFullError } from "../storage/storage-error.ts";
import { resolveCommitTs } from "../values/commit-ts.ts";
import { requireUnexpired, UNLIMITED, type Admission } from "./admission.ts";
import { functionFailure } from "./function-failure.ts";
import { requirePath, toRunRequest } from "./run-request.ts";
import { findAnswer, recordAnswer } from "./session-requests.ts";
import type {
  FunctionRequest,
  JobEnvelope,
  JobOutcome,
  MutationOutcome,
  MutationSuccess,
  SessionRequest,
} from "./types.ts";

const MAX_RETRIES = RUNNING_LIMITS.retriesAfterConflict.max;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = RUNNING_LIMITS.retryPauseMs.max;

/** Called between a mutation's run and its commit, so that tests can commit something in between. */
export type BeforeCommit = (mutation: {
  readonly path: string;
  readonly attempt: number;
}) => Promise<void> | void;

export interface MutationRunnerOptions {
  readonly database: Database;
  readonly executor: Pick<FunctionExecutor, "run">;
  readonly clock: Clock;
  /** Without it everybody's turn is at once. */
  readonly admission?: Admission;
  readonly onBeforeCommit: BeforeCommit | null;
}

type Finished =
  | { readonly kind: "repeated" | "committed"; readonly outcome: MutationSuccess }
  | { readonly kind: "failed"; readonly outcome: MutationOutcome };

/** How a mutation runs, however often it has to. */
interface Plan {
  readonly request: FunctionRequest;
  readonly sessionId: string | null;
  /** Called when the function's transaction has begun. */
  readonly prepare: (transaction: Transaction) => void;
  /** Called when it has to wait because it keeps others waiting; what it throws ends it instead. */
  readonly onPutOff?: () => void;
  readonly finish: (result: RunResult, transaction: Transaction) => Finished;
}

class JobDropped extends Error {}

/** Runs mutations, again after conflicts, and answers once they are durable. */
export class MutationRunner {
  readonly #database: Database;
  readonly #executor: Pick<FunctionExecutor, "run">;
  readonly #clock: Clock;
  readonly #admission: Admission;
  readonly #onBeforeCommit: BeforeCommit | null;

  constructor({ database, executor, clock, admission, onBeforeCommit }: MutationRunnerOptions) {
    this.#admission = admission ?? UNLIMITED;
    this.#database = database;
    this.#executor = executor;
    this.#clock = clock;
    this.#onBeforeCommit = onBeforeCommit;
  }

  /** @throws OccConflictError when every retry met a conflict. */
  async run(request: FunctionRequest, session: SessionRequest | null): Promise<MutationOutcome> {
    const repeated = session === null ? null : findAnswer(this.#database.begin(), session);
    if (repeated !== null) {
      await this.#database.flushed(repeated.ts);
      return { ok: true, ...repeated };
    }
    const { requestId } = request.metadata;
    const finish = (result: RunResult, transaction: Transaction): Finished => {
      const { outcome, logLines } = result;
      if (!outcome.ok) {
        return { kind: "failed", outcome: functionFailure(outcome.error, requestId, logLines) };
      }
      if (session !== null) {
        const answered = findAnswer(transaction, session);
        if (answered !== null) return { kind: "repeated", outcome: { ok: true, ...answered } };
        recordAnswer(transaction, session, { ...outcome, logLines }, this.#clock.now());
      }
      const { ts } = this.#database.commit(transaction);
      const valueJson = resolveCommitTs(outcome.valueJson, ts);
      return { kind: "committed", outcome: { ok: true, valueJson, logLines, ts } };
    };
    try {
      const sessionId = session?.sessionId ?? null;
      const plan = { request, sessionId, prepare: () => undefined, finish };
      const finished = await this.#runWithRetries(plan, MAX_RETRIES);
      // A failure may tell of what others committed a moment ago.
      const newest = finished.outcome.ok ? finished.outcome.ts : this.#database.latestTs;
      await this.#database.flushed(newest);
      return finished.outcome;
    } catch (error) {
      if (error instanceof FunctionError) return functionFailure(error, requestId, []);
      if (error instanceof DiskFullError) {
        return functionFailure(new FunctionError(error.message), requestId, []);
      }
      throw error;
    }
  }

  /** The function's writes and the envelope's commit together, the latter also after a failure. */
  async runScheduled(request: FunctionRequest, envelope: JobEnvelope): Promise<JobOutcome> {
    const { requestId } = request.metadata;
    const begin = (transaction: Transaction) => {
      if (!envelope.begin(transaction)) throw new JobDropped();
    };
    const onPutOff = () => {
      if (!envelope.putOff()) throw new JobDropped();
    };
    const finish = ({ outcome, logLines }: RunResult, transaction: Transaction): Finished => {
      envelope.complete(transaction, { error: outcome.ok ? null : outcome.error.message });
      const { ts } = this.#database.commit(transaction);
      if (!outcome.ok) {
        return { kind: "failed", outcome: functionFailure(outcome.error, requestId, logLines) };
      }
      const valueJson = resolveCommitTs(outcome.valueJson, ts);
      return { kind: "committed", outcome: { ok: true, valueJson, logLines, ts } };
    };
    try {
      const plan = { request, sessionId: null, prepare: begin, onPutOff, finish };
      const { outcome } = await this.#runWithRetries(plan, Infinity);
      await this.#database.flushed(outcome.ok ? outcome.ts : this.#database.latestTs);
      return { kind: "ran", outcome };
    } catch (error) {
      if (error instanceof JobDropped) return { kind: "dropped" };
      throw error;
    }
  }

  async #runWithRetries(plan: Plan, retries: number): Promise<Finished> {
    const path = requirePath(plan.request);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#attempt(plan, path, attempt);
      } catch (error) {
        if (!(error instanceof OccConflictError) || attempt >= retries) throw error;
        await backOff(attempt);
      }
    }
  }

  async #attempt(plan: Plan, path: FunctionPath, attempt: number): Promise<Finished> {
    const { finish } = plan;
    const beforeCommit = this.#onBeforeCommit;
    if (beforeCommit === null) return await this.#runInTurn(plan, path, finish);
    const ran = await this.#runInTurn(plan, path, (result, transaction) => ({
      result,
      transaction,
    }));
    await beforeCommit({ path: canonicalPath(path), attempt });
    return finish(ran.result, ran.transaction);
  }

  #runInTurn<T>(
    { request, sessionId, prepare, onPutOff }: Plan,
    path: FunctionPath,
    end: (result: RunResult, transaction: Transaction) => T,
  ): Promise<T> {
    const begin = () => {
      const nowMs = this.#clock.now();
      requireUnexpired(request.caller, nowMs);
      const transaction = this.#database.begin({ nowMs });
      prepare(transaction);
      const options = { nowMs, journal: null };
      return { transaction, request: toRunRequest(request, path, "mutation", options) };
    };
    const kind = "mutation";
    const call = { kind, request, path, sessionId, mayBeRefused: true, onPutOff } as const;
    return this.#admission.runInEngine(call, (admitted) =>
      this.#executor.run(
        () => {
          admitted.begin();
          return begin();
        },
        (result, transaction) => {
          admitted.ran(result.spentMs);
          return end(result, transaction);
        },
        admitted.lane,
      ),
    );
  }
}

/** Before the retry after so many; a random part of it, up to a half, is left out. */
export function longestPauseMs(retries: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** retries);
}

async function backOff(retries: number): Promise<void> {
  const pauseMs = longestPauseMs(retries) * (0.5 + Math.random() / 2);
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}
