/** Runs the host's functions in the engine's transactions. */
import type { ComponentPath, Transaction } from "#embedded/database/types.ts";
import type { FunctionDirectory } from "#embedded/modules/function-directory.ts";
import type { FunctionPath } from "#embedded/modules/function-path.ts";
import { FunctionError } from "#embedded/runtime/function-error.ts";
import type { Begin, FunctionExecutor } from "#embedded/runtime/function-executor.ts";
import {
  FunctionRun,
  type RunEnvironment,
  type RunResult,
} from "#embedded/runtime/function-run.ts";
import type { FunctionInfo } from "#embedded/runtime/function-info.ts";
import type { CodeRealm, RealmFrame } from "#embedded/runtime/realm.ts";
import type { Realms } from "#embedded/runtime/realm-set.ts";
import { describeThrown, type RegisteredFunction } from "#embedded/runtime/realm/function-calls.ts";
import type {
  RealmControl,
  SyscallFailure,
  SyscallReply,
  ThrownError,
} from "#embedded/runtime/realm/realm-host.ts";
import type { SyscallServices } from "#embedded/runtime/syscalls/syscall-context.ts";
import { parseSyscallArgs } from "#embedded/runtime/syscalls/syscall-table.ts";
import { TurnQueue } from "#embedded/runtime/turn-queue.ts";
import type { JsonObject } from "#embedded/values/json-value.ts";

import { runInFrame, syscallError, type HostFrame } from "./host-frame.ts";
import type { HostModules } from "./host-modules.ts";
import { hostError, type ThrownErrors } from "./thrown-errors.ts";

export interface HostExecutorOptions {
  readonly modules: HostModules;
  readonly services: SyscallServices;
  readonly thrown: ThrownErrors;
  readonly transactionLimits: JsonObject | undefined;
}

/** Nothing can end the host's own code, and it shares its clock with the test. */
const NO_WATCHDOG = {
  guard: (_timeoutMs: number, task: () => void) => task(),
  extend: () => undefined,
  processorMs: () => 0,
};

/** In place of the engine's executor: the same runs, with the host's functions as their code. */
export class HostExecutor implements Pick<FunctionExecutor, "run"> {
  readonly #modules: HostModules;
  readonly #environment: RunEnvironment;
  readonly #turns = new TurnQueue();
  readonly #thrown: ThrownErrors;

  constructor({ modules, services, thrown, transactionLimits }: HostExecutorOptions) {
    this.#modules = modules;
    this.#thrown = thrown;
    this.#environment = {
      realms: new HostRealms(modules),
      services,
      watchdog: NO_WATCHDOG,
      userTimeMs: Infinity,
      transactionLimits,
    };
  }

  /** Functions take turns, so that what one commits cannot conflict with another. */
  run<T>(begin: Begin, finish: (result: RunResult, transaction: Transaction) => T): Promise<T> {
    return this.#turns.run(async () => {
      const wanted = begin();
      const loading = this.#modules.load(wanted.request.path);
      if (loading !== null) await loading;
      const { transaction, request } = loading === null ? wanted : begin();
      const run = new FunctionRun(request, transaction, this.#environment);
      run.start();
      await run.complete();
      const result = run.conclude(null);
      if (!result.outcome.ok) this.#thrown.note(request.request.requestId, result.outcome.error);
      return finish(result, transaction);
    });
  }
}

class HostRealms implements Realms {
  readonly directory: FunctionDirectory;
  readonly #modules: HostModules;
  #lastId = 0;

  constructor(modules: HostModules) {
    this.directory = modules;
    this.#modules = modules;
  }

  realmFor(_frame: RealmFrame, componentPath: ComponentPath): CodeRealm {
    return new HostRealm(this.#modules, componentPath);
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  infoOf(path: FunctionPath): FunctionInfo | null {
    return this.#modules.infoOf(path);
  }

  drop(): void {
    // Every call has code of its own.
  }
}

/** One call's code: its promise is an operation that the call waits for. */
class HostRealm implements CodeRealm {
  readonly #modules: HostModules;
  readonly #componentPath: ComponentPath;
  #thrown: unknown = null;
  readonly #waiting = new Map<number, (reply: SyscallReply) => void>();

  constructor(modules: HostModules, componentPath: ComponentPath) {
    this.#modules = modules;
    this.#componentPath = componentPath;
  }

  enter(frame: RealmFrame, task: (control: RealmControl) => void): void {
    task({
      invoke: (module, exportName, udfType, argsJson, settled) => {
        const path = { componentPath: this.#componentPath, module, exportName };
        const registered = this.#modules.functionAt(path);
        const hostFrame = new TransactionFrame(frame, this.#modules, path, this.#waiting);
        const ended = runInFrame(hostFrame, () => invoke(registered, udfType, argsJson)).then(
          (json) => settled(true, json),
          (thrown: unknown) => {
            this.#thrown = thrown;
            settled(false, JSON.stringify(describeThrown(thrown)));
          },
        );
        frame.startOperation(ended.finally(() => hostFrame.end()));
      },
      probe: () => {
        throw new Error("Modules of the host are not probed in a realm.");
      },
      settleSyscall: (id, reply) => {
        this.#waiting.get(id)?.(reply);
        this.#waiting.delete(id);
      },
      settleOperation: () => undefined,
    });
  }

  toFunctionError(description: ThrownError): FunctionError {
    return hostError(description, this.#thrown);
  }

  errorOf(error: unknown): FunctionError {
    return hostError(describeThrown(error), error);
  }

  undoChanges(): boolean {
    return false;
  }
}

async function invoke(
  registered: RegisteredFunction | null,
  udfType: "query" | "mutation",
  argsJson: string,
): Promise<string> {
  const result =
    udfType === "query"
      ? registered?.invokeQuery?.(argsJson)
      : registered?.invokeMutation?.(argsJson);
  if (result === undefined) throw new Error(`The module has no such ${udfType}.`);
  return await result;
}

/** Syscalls of a query or mutation. */
class TransactionFrame implements HostFrame {
  readonly isTransaction = true;
  readonly #call: RealmFrame;
  readonly #modules: HostModules;
  readonly #path: FunctionPath;
  readonly #waiting: Map<number, (reply: SyscallReply) => void>;
  /** Calls made while a module is being imported keep their order behind it. */
  #importing: Promise<void> | null = null;
  #hasEnded = false;

  constructor(
    call: RealmFrame,
    modules: HostModules,
    path: FunctionPath,
    waiting: Map<number, (reply: SyscallReply) => void>,
  ) {
    this.#call = call;
    this.#modules = modules;
    this.#path = path;
    this.#waiting = waiting;
  }

  syscall(op: string, json: string): string {
    this.#requireRunning(op);
    return valueOf(this.#call.syscall(op, json));
  }

  async asyncSyscall(op: string, json: string): Promise<string> {
    this.#requireRunning(op);
    const loading = this.#loadTarget(json);
    if (loading === null && this.#importing === null) return await this.#ask(op, json);
    const before = this.#importing ?? Promise.resolve();
    const importing = before.then(() => loading ?? undefined);
    this.#importing = importing;
    const answer = importing.then(() => {
      if (this.#importing === importing) this.#importing = null;
      return this.#ask(op, json);
    });
    this.#call.startOperation(answer.catch(() => undefined));
    return await answer;
  }

  jsSyscall(op: string): Promise<never> {
    return Promise.reject(new Error(`Unknown operation ${op}`));
  }

  end(): void {
    this.#hasEnded = true;
  }

  #ask(op: string, json: string): Promise<string> {
    const reply = this.#call.asyncSyscall(op, json);
    if (!reply.startsWith("#")) return Promise.resolve(reply).then(valueOf);
    return new Promise<SyscallReply>((resolve) => {
      this.#waiting.set(Number(reply.slice(1)), resolve);
    }).then(valueOf);
  }

  /** The engine asks for functions without waiting, so their modules have to be there. */
  #loadTarget(json: string): Promise<void> | null {
    const target = this.#modules.pathOf(this.#path.componentPath, parseSyscallArgs(json));
    return target === null ? null : this.#modules.load(target);
  }

  #requireRunning(op: string): void {
    if (this.#hasEnded) throw new Error(`${op} was asked for after its function had ended.`);
  }
}

function valueOf(reply: SyscallReply): string {
  if (reply.startsWith("!")) throw syscallError(JSON.parse(reply.slice(1)) as SyscallFailure);
  return reply;
}
