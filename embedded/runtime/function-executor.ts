import type { Transaction } from "../database/types.ts";
import type { CodeCache, CodeSnapshot } from "../modules/code-cache.ts";
import { FUNCTION_LIMITS } from "../lib/limits.ts";
import { ServiceError } from "../lib/service-error.ts";
import { displayPath } from "../modules/function-path.ts";
import { functionNotFound } from "./function-info.ts";
import { FunctionRun, type RunRequest, type RunResult } from "./function-run.ts";
import { LONG_RUN_MS, outOfMemoryError, timeoutError } from "./limits.ts";
import { RealmSet } from "./realm-set.ts";
import { strayRejections } from "./stray-rejections.ts";
import type { SyscallServices } from "./syscalls/syscall-context.ts";
import { TurnQueue, type Lane } from "./turn-queue.ts";
import { Watchdog } from "./watchdog.ts";

/** A transaction and the function to run in it. */
export interface BegunRun {
  readonly transaction: Transaction;
  readonly request: RunRequest;
}

/** Begins a function's transaction when its turn has come; again when the turn has to be repeated. */
export type Begin = () => BegunRun;

/** Of runs that did not end by themselves. */
const ENDED_MESSAGES: readonly string[] = [timeoutError().message, outOfMemoryError().message];

const NOTHING_READ = {
  logLines: [],
  journal: null,
  isIdentityRead: false,
  isClockRead: false,
  spentMs: 0,
} as const;

/** Runs queries and mutations one after the other, in the order in which they were asked for. */
export class FunctionExecutor {
  readonly #code: CodeCache;
  readonly #services: SyscallServices;
  readonly #turns = new TurnQueue();
  readonly #watchdog = new Watchdog();
  readonly #realms = new WeakMap<CodeSnapshot, RealmSet>();

  constructor(code: CodeCache, services: SyscallServices) {
    this.#code = code;
    this.#services = services;
  }

  /**
   * Waits for its turn, begins a transaction, runs the function in it and hands both to `finish`
   * before another function's turn: what `finish` commits at once cannot conflict with another
   * function.
   */
  run<T>(
    begin: Begin,
    finish: (result: RunResult, transaction: Transaction) => T,
    lane: Lane = "ordinary",
  ): Promise<T> {
    return this.#turns.run(async () => {
      for (let isRepeated = false; ;) {
        const { run, transaction, request } = await this.#prepare(begin);
        if (run === null) return finish(notDeployed(request), transaction);
        run.start();
        await run.complete();
        const stray = await strayRejections().settle();
        if (run.isInterrupted) {
          if (this.#watchdog.isPastEnd) throw shuttingDown();
          continue;
        }
        if (run.spentMs >= LONG_RUN_MS) this.#turns.rest(run.spentMs);
        const isOver = run.spentMs >= FUNCTION_LIMITS.userTimeMs.max;
        if (!run.undoChanges(stray) || isRepeated || isOver) {
          const result = run.conclude(stray);
          if (wasEnded(result)) this.#turns.rest(3 * run.spentMs);
          return finish(result, transaction);
        }
        isRepeated = true;
      }
    }, lane);
  }

  /** Suspects' turns are refused from now on; what computes in so many milliseconds is cut off. */
  endWithin(ms: number): void {
    this.#watchdog.endWithin(ms);
    this.#turns.refuse("suspect", shuttingDown());
  }

  /** Refuses all turns that have not begun. */
  close(): void {
    this.#turns.refuse("ordinary", shuttingDown());
    this.#turns.refuse("suspect", shuttingDown());
  }

  /** Resolves when every run that was not refused is over. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }

  /** Loading code takes turns of the event loop, after which the transaction begins afresh. */
  async #prepare(begin: Begin): Promise<BegunRun & { readonly run: FunctionRun | null }> {
    for (;;) {
      const { transaction, request } = begin();
      const code = this.#code.load(transaction);
      if (code === null) return { transaction, request, run: null };
      if (code instanceof Promise) {
        await code;
        continue;
      }
      const realms = this.#realmsOf(code);
      const environment = { realms, services: this.#services, watchdog: this.#watchdog };
      return { transaction, request, run: new FunctionRun(request, transaction, environment) };
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

/** Whether it computed for too long or took too much memory; being slow on the database is neither. */
function wasEnded({ outcome }: RunResult): boolean {
  return !outcome.ok && ENDED_MESSAGES.includes(outcome.error.message);
}

function shuttingDown(): ServiceError {
  return new ServiceError("overloaded", "ShuttingDown", "The deployment is restarting. Try again.");
}

function notDeployed({ path }: RunRequest): RunResult {
  const error = functionNotFound(displayPath(path));
  return { ...NOTHING_READ, outcome: { ok: false, error } };
}
