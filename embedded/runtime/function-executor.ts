import type { Transaction } from "../database/types.ts";
import type { CodeCache, CodeSnapshot } from "../modules/code-cache.ts";
import { displayPath } from "../modules/function-path.ts";
import { functionNotFound } from "./function-info.ts";
import { FunctionRun, type RunRequest, type RunResult } from "./function-run.ts";
import { RealmSet } from "./realm-set.ts";
import { strayRejections } from "./stray-rejections.ts";
import type { SyscallServices } from "./syscalls/syscall-context.ts";
import { TurnQueue } from "./turn-queue.ts";
import { Watchdog } from "./watchdog.ts";

/** A transaction and the function to run in it. */
export interface BegunRun {
  readonly transaction: Transaction;
  readonly request: RunRequest;
}

/** Begins a function's transaction when its turn has come; again when the turn has to be repeated. */
export type Begin = () => BegunRun;

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
  run<T>(begin: Begin, finish: (result: RunResult, transaction: Transaction) => T): Promise<T> {
    return this.#turns.run(async () => {
      for (let isRepeated = false; ;) {
        const { run, transaction, request } = await this.#prepare(begin);
        if (run === null) return finish(notDeployed(request), transaction);
        run.start();
        await run.complete();
        const stray = await strayRejections().settle();
        if (run.isInterrupted) continue;
        if (!run.undoChanges(stray) || isRepeated) return finish(run.conclude(stray), transaction);
        isRepeated = true;
      }
    });
  }

  /** Resolves when every run asked for so far is over. */
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

function notDeployed({ path }: RunRequest): RunResult {
  const error = functionNotFound(displayPath(path));
  return { ...NOTHING_READ, outcome: { ok: false, error } };
}
