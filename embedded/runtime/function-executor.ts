import type { Transaction } from "../database/types.ts";
import type { CodeCache, CodeSnapshot } from "../modules/code-cache.ts";
import { displayPath } from "../modules/function-path.ts";
import { functionNotFound } from "./function-info.ts";
import { FunctionRun, type RunRequest, type RunResult } from "./function-run.ts";
import { ENTRY_LIMIT_MS } from "./limits.ts";
import { RealmSet } from "./realm-set.ts";
import { strayRejections } from "./stray-rejections.ts";
import type { SyscallServices } from "./syscalls/syscall-context.ts";
import { TurnQueue } from "./turn-queue.ts";
import { Watchdog, WatchdogError } from "./watchdog.ts";

/** A transaction and the function to run in it, made when its turn has come. */
export type Begin = () => { readonly transaction: Transaction; readonly request: RunRequest };

interface QueuedQuery {
  readonly begin: Begin;
  readonly finish: (result: RunResult, transaction: Transaction) => void;
  readonly fail: (error: unknown) => void;
}

interface PreparedRun {
  readonly transaction: Transaction;
  /** `null` when nothing was ever deployed. */
  readonly run: FunctionRun | null;
  readonly request: RunRequest;
}

/** Queries that share a watchdog and a turn of the event loop. */
const BATCH_SIZE = 16;
/** No further query of a batch is started after this time. */
const BATCH_LIMIT_MS = 20;

const NOTHING_READ = {
  logLines: [],
  journal: null,
  isIdentityRead: false,
  isClockRead: false,
  spentMs: 0,
} as const;

/** Runs queries and mutations: mutations one at a time, queries in small batches between them. */
export class FunctionExecutor {
  readonly #code: CodeCache;
  readonly #services: SyscallServices;
  readonly #turns = new TurnQueue();
  readonly #watchdog = new Watchdog();
  readonly #realms = new WeakMap<CodeSnapshot, RealmSet>();
  #queries: QueuedQuery[] = [];

  constructor(code: CodeCache, services: SyscallServices) {
    this.#code = code;
    this.#services = services;
  }

  /**
   * Waits for its turn, begins a transaction, runs the function in it and hands both to `finish`
   * before the next turn begins: what `finish` commits cannot conflict with another function.
   */
  run<T>(begin: Begin, finish: (result: RunResult, transaction: Transaction) => T): Promise<T> {
    return this.#turns.run(async () => {
      const prepared = await this.#prepare(begin);
      await this.#execute([prepared]);
      const stray = await strayRejections().settle();
      return finish(conclude(prepared, stray), prepared.transaction);
    });
  }

  /** The same for a function that writes nothing and may run beside others that write nothing. */
  runQuery<T>(
    begin: Begin,
    finish: (result: RunResult, transaction: Transaction) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#queries.push({
        begin,
        finish: (result, transaction) => resolve(finish(result, transaction)),
        fail: reject,
      });
      if (this.#queries.length === 1) void this.#turns.run(() => this.#runBatch());
    });
  }

  /** Resolves when every run asked for so far is over. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }

  async #runBatch(): Promise<void> {
    const batch = this.#queries.slice(0, BATCH_SIZE);
    let answered = batch.length;
    try {
      answered = await this.#runTogether(batch);
    } catch (error) {
      for (const query of batch) query.fail(error);
    }
    this.#queries = this.#queries.slice(answered);
    if (this.#queries.length > 0) void this.#turns.run(() => this.#runBatch());
  }

  /** Runs queries under one watchdog as far as time allows; returns how many have been answered. */
  async #runTogether(batch: readonly QueuedQuery[]): Promise<number> {
    const prepared: PreparedRun[] = [];
    for (const query of batch) {
      try {
        prepared.push(await this.#prepare(query.begin));
      } catch (error) {
        if (prepared.length > 0) break;
        query.fail(error);
        return 1;
      }
    }
    const started = await this.#execute(prepared);
    const stray = await strayRejections().settle();
    if (stray !== null && started > 1) {
      // It belongs to one of them; alone, each shows whether it is its own.
      for (const query of batch.slice(0, started)) await this.#runTogether([query]);
      return started;
    }
    for (const [index, query] of batch.slice(0, started).entries()) {
      const ran = prepared[index];
      if (ran === undefined) continue;
      try {
        query.finish(conclude(ran, stray), ran.transaction);
      } catch (error) {
        query.fail(error);
      }
    }
    return started;
  }

  /** Starts runs one after the other until time is up, and waits for those that wait. */
  async #execute(prepared: readonly PreparedRun[]): Promise<number> {
    let started = 0;
    const startedAt = performance.now();
    try {
      this.#watchdog.guard(ENTRY_LIMIT_MS, () => {
        for (const { run } of prepared) {
          if (started > 0 && performance.now() - startedAt > BATCH_LIMIT_MS) return;
          started += 1;
          run?.start();
        }
      });
    } catch (error) {
      if (!(error instanceof WatchdogError)) throw error;
      prepared[started - 1]?.run?.timeOut();
    }
    for (const { run } of prepared.slice(0, started)) await run?.complete();
    return started;
  }

  /** Loading code takes turns of the event loop, after which the transaction begins afresh. */
  async #prepare(begin: Begin): Promise<PreparedRun> {
    for (;;) {
      const { transaction, request } = begin();
      const code = this.#code.load(transaction);
      if (code === null) return { transaction, request, run: null };
      if (!(code instanceof Promise)) {
        const realms = this.#realmsOf(code);
        const environment = { realms, services: this.#services, watchdog: this.#watchdog };
        return { transaction, request, run: new FunctionRun(request, transaction, environment) };
      }
      await code;
    }
  }

  #realmsOf(code: CodeSnapshot): RealmSet {
    const known = this.#realms.get(code);
    if (known !== undefined) return known;
    const realms = new RealmSet(code);
    this.#realms.set(code, realms);
    return realms;
  }
}

function conclude(
  { run, request }: PreparedRun,
  stray: { readonly reason: unknown } | null,
): RunResult {
  if (run !== null) return run.conclude(stray);
  const error = functionNotFound(displayPath(request.path));
  return { ...NOTHING_READ, outcome: { ok: false, error } };
}
