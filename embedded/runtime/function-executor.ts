import type { Transaction } from "../database/types.ts";
import type { CodeCache, CodeSnapshot } from "../modules/code-cache.ts";
import { displayPath } from "../modules/function-path.ts";
import { functionNotFound } from "./function-info.ts";
import { FunctionRun, type RunRequest, type RunResult } from "./function-run.ts";
import { RealmSet } from "./realm-set.ts";
import type { SyscallServices } from "./syscalls/syscall-context.ts";
import { TurnQueue } from "./turn-queue.ts";

const NOTHING_READ = {
  logLines: [],
  journal: null,
  isIdentityRead: false,
  isClockRead: false,
} as const;

/** Runs queries and mutations, one at a time. */
export class FunctionExecutor {
  readonly #code: CodeCache;
  readonly #services: SyscallServices;
  readonly #turns = new TurnQueue();
  readonly #realms = new WeakMap<CodeSnapshot, RealmSet>();

  constructor(code: CodeCache, services: SyscallServices) {
    this.#code = code;
    this.#services = services;
  }

  /**
   * Waits for its turn, begins a transaction, runs the function in it and hands both to `finish`
   * before the next turn begins: what `finish` commits cannot conflict with another function.
   */
  run<T>(
    begin: () => { readonly transaction: Transaction; readonly request: RunRequest },
    finish: (result: RunResult, transaction: Transaction) => T,
  ): Promise<T> {
    return this.#turns.run(async () => {
      const { transaction, request, realms } = await this.#prepare(begin);
      if (realms === null) {
        const error = functionNotFound(displayPath(request.path));
        const outcome = { ok: false, error } as const;
        return finish({ ...NOTHING_READ, outcome }, transaction);
      }
      const run = new FunctionRun(request, transaction, realms, this.#services);
      return finish(await run.execute(), transaction);
    });
  }

  /** Resolves when every run asked for so far is over. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }

  /** Loading code takes turns of the event loop, after which the transaction begins afresh. */
  async #prepare(
    begin: () => { readonly transaction: Transaction; readonly request: RunRequest },
  ): Promise<ReturnType<typeof begin> & { readonly realms: RealmSet | null }> {
    for (;;) {
      const begun = begin();
      const code = this.#code.load(begun.transaction);
      if (code === null) return { ...begun, realms: null };
      if (!(code instanceof Promise)) return { ...begun, realms: this.#realmsOf(code) };
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
