import type { Transaction } from "../database/types.ts";
import { FUNCTION_LIMITS } from "../lib/limits.ts";
import { readVariableOf } from "../modules/environment-variables.ts";
import type { FunctionDirectory } from "../modules/function-directory.ts";
import type { FunctionPath } from "../modules/function-path.ts";
import type { JsonObject } from "../values/json-value.ts";
import { requireFunction } from "./function-addresses.ts";
import { FunctionCall, type CallHost, type CallOutcome } from "./function-call.ts";
import { FunctionError } from "./function-error.ts";
import {
  checkArgs,
  checkErrorData,
  checkResult,
  requireCallable,
  tableLookup,
} from "./function-info.ts";
import { ENTRY_LIMIT_MS, GIVE_BACK_MS, outOfMemoryError, timeoutError } from "./limits.ts";
import { LogLines } from "./log-lines.ts";
import type { CodeRealm } from "./realm.ts";
import type { Realms } from "./realm-set.ts";
import type {
  LogLevel,
  RealmControl,
  SyscallFailure,
  SyscallReply,
  ThrownError,
} from "./realm/realm-host.ts";
import { SeededRandom } from "./seeded-random.ts";
import { systemVariable } from "./system-variables.ts";
import { textArg, type SyscallServices } from "./syscalls/syscall-context.ts";
import { parseSyscallArgs, runSyncSyscall, runSyscall } from "./syscalls/syscall-table.ts";
import { narrowCeilings, newRunUsage } from "./transaction-limits.ts";
import { WatchdogError, type Watchdog } from "./watchdog.ts";

/** A query or mutation to run in a transaction. */
export interface RunRequest {
  readonly udfType: "query" | "mutation";
  readonly path: FunctionPath;
  /** JSON text of the argument array: as the caller sent it, or canonical. */
  readonly argsJson: string;
  readonly areArgsCanonical: boolean;
  /** `ctx.auth.getUserIdentity()` as JSON text. */
  readonly identityJson: string | null;
  /** The token that the caller signed in with. */
  readonly authToken: string | null;
  readonly mayCallInternal: boolean;
  readonly request: {
    readonly requestId: string;
    readonly ip: string | null;
    readonly userAgent: string | null;
  };
  readonly scheduledFunctionId: string | null;
  readonly journal: string | null;
  /** `Date.now()` for the whole run. */
  readonly nowMs: number;
  /** Asked for when the function first wants randomness. */
  readonly seed: () => Uint8Array;
}

export interface RunResult {
  readonly outcome: CallOutcome;
  readonly logLines: readonly string[];
  /** What to give the next run of the same query; `null` when nothing was paginated. */
  readonly journal: string | null;
  readonly isIdentityRead: boolean;
  /** Whether the function asked for the time; its result then grows old by itself. */
  readonly isClockRead: boolean;
  /** How long it kept the engine busy, in milliseconds. */
  readonly spentMs: number;
}

export interface RunEnvironment {
  readonly realms: Realms;
  readonly services: SyscallServices;
  readonly watchdog: Pick<Watchdog, "extend" | "guard" | "processorMs">;
  /** How long the code may compute, the database's time not counted; `FUNCTION_LIMITS.userTimeMs` by default. */
  readonly userTimeMs?: number;
  /** Narrower limits of all runs, as nested calls may ask for them. */
  readonly transactionLimits?: JsonObject | undefined;
}

/** What a function is called with. */
type Asked = Pick<RunRequest, "argsJson" | "areArgsCanonical" | "mayCallInternal">;

interface SettledOperation {
  readonly call: FunctionCall;
  readonly id: number;
  readonly isOk: boolean;
  readonly value: unknown;
}

/**
 * One run of a query or mutation with everything nested in it: `start` runs it as far as it goes in
 * one turn, `complete` waits for WebCrypto where it was asked for, `conclude` gives the result.
 */
export class FunctionRun implements CallHost {
  readonly services: SyscallServices;
  readonly nowMs: number;
  readonly request: RunRequest["request"];
  readonly authToken: string | null;
  readonly scheduledFunctionId: string | null;
  readonly journal: string | null;
  nextJournal: string | null = null;
  readonly usage = newRunUsage();
  nextStreamId = 0;
  readonly #wanted: RunRequest;
  readonly #transaction: Transaction;
  readonly #realms: Realms;
  readonly #watchdog: Pick<Watchdog, "extend" | "guard" | "processorMs">;
  readonly #userTimeMs: number;
  readonly #transactionLimits: JsonObject | undefined;
  readonly #logs = new LogLines();
  readonly #settledOperations: SettledOperation[] = [];
  readonly #realmsUsed = new Set<CodeRealm>();
  #root: FunctionCall | null = null;
  #failure: FunctionError | null = null;
  #wake: (() => void) | null = null;
  #isIdentityRead = false;
  #isClockRead = false;
  #entries = 0;
  #enteredAt = 0;
  #spentMs = 0;
  #databaseMs = 0;
  /** How much of it the watchdog has taken into account. */
  #givenBackMs = 0;
  #isTimedOut = false;
  #isInterrupted = false;
  /** An error of the engine's own, to be reported as such once the code has stopped. */
  #crash: { readonly error: unknown } | null = null;

  constructor(
    request: RunRequest,
    transaction: Transaction,
    { realms, services, watchdog, userTimeMs, transactionLimits }: RunEnvironment,
  ) {
    this.#wanted = request;
    this.#transaction = transaction;
    this.#realms = realms;
    this.#watchdog = watchdog;
    this.#userTimeMs = userTimeMs ?? FUNCTION_LIMITS.userTimeMs.max;
    this.#transactionLimits = transactionLimits;
    this.services = services;
    this.nowMs = request.nowMs;
    this.request = request.request;
    this.authToken = request.authToken;
    this.scheduledFunctionId = request.scheduledFunctionId;
    this.journal = request.journal;
  }

  /** Whether it was cut off through no fault of its own; then it wants to be run again. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /** How long it has kept the engine busy so far, in milliseconds. */
  get spentMs(): number {
    return this.#spentMs;
  }

  /** Runs the function until it is over or waits. */
  start(): void {
    this.#guard(() => this.#startRoot());
  }

  /** Resolves when nothing that the function waits for is outstanding. */
  async complete(): Promise<void> {
    while (this.#root?.outcome === null && this.#failure === null) {
      const operation = this.#settledOperations.shift();
      if (operation === undefined) await this.#nextOperation();
      else this.#guard(() => this.#resume(operation));
    }
  }

  /**
   * Undoes what it, or a run before it, has changed of the globals and builtins that runs share. Whether
   * it failed among such changes: then it wants to be run again, without them.
   */
  undoChanges(stray: { readonly reason: unknown } | null): boolean {
    const hasFailed = this.#hasFailed || stray !== null;
    let isChanged = false;
    for (const realm of this.#realmsUsed) isChanged = realm.undoChanges(hasFailed) || isChanged;
    if (isChanged || this.#crash !== null) this.#realms.drop(this.#realmsUsed);
    return isChanged && hasFailed;
  }

  /**
   * The result, given the rejection that nobody handled. After a failure the writes are undone.
   * @throws whatever failed in the engine itself.
   */
  conclude(stray: { readonly reason: unknown } | null): RunResult {
    if (this.#crash !== null) throw this.#crash.error;
    const outcome = this.#finalOutcome(stray);
    if (!outcome.ok && this.#root !== null) rollBack(this.#root);
    return {
      outcome,
      logLines: this.#logs.lines,
      journal: this.nextJournal,
      isIdentityRead: this.#isIdentityRead,
      isClockRead: this.#isClockRead,
      spentMs: this.#spentMs,
    };
  }

  readIdentity(): string | null {
    this.#isIdentityRead = true;
    return this.#wanted.identityJson;
  }

  readClock(): number {
    this.#isClockRead = true;
    return this.nowMs;
  }

  nextReplyId(): number {
    return this.#realms.nextId();
  }

  log(level: LogLevel, text: string): void {
    this.#logs.add(level, text);
  }

  environmentVariable(
    { componentPath, transaction }: FunctionCall,
    name: string,
  ): string | undefined {
    const mount = this.directory.mount(componentPath);
    if (mount === null) return undefined;
    const system = systemVariable(this.services.deployment, mount, name);
    return system ?? readVariableOf(transaction, mount, name);
  }

  startOperation(call: FunctionCall, promise: Promise<unknown>): number {
    const id = this.#realms.nextId();
    call.operations.add(id);
    const settle = (isOk: boolean, value: unknown) => {
      this.#settledOperations.push({ call, id, isOk, value });
      this.#wake?.();
    };
    promise.then(
      (value) => settle(true, value),
      (error: unknown) => settle(false, error),
    );
    return id;
  }

  answerSync(call: FunctionCall, op: string, json: string): SyscallReply {
    return this.#attempt(() => runSyncSyscall(call, op, json));
  }

  answer(call: FunctionCall, op: string, json: string, replyId: number): SyscallReply | null {
    if (op !== "1.0/runUdf") return this.#attempt(() => runSyscall(call, op, json));
    let nested: FunctionCall;
    try {
      nested = this.#startNested(call, json);
    } catch (error) {
      return this.#failureReply(error);
    }
    if (nested.outcome !== null) return this.#replyOf(nested.outcome);
    call.child = nested;
    nested.replyId = replyId;
    return null;
  }

  /** In another way than a function that refuses with a ConvexError. */
  get #hasFailed(): boolean {
    const outcome = this.#root?.outcome ?? null;
    if (this.#failure !== null || this.#crash !== null || outcome === null) return true;
    return !outcome.ok && outcome.error.dataJson === null;
  }

  #finalOutcome(stray: { readonly reason: unknown } | null): CallOutcome {
    if (this.#isTimedOut) return { ok: false, error: timeoutError() };
    if (this.#failure !== null) return { ok: false, error: this.#failure };
    const outcome = this.#root?.outcome ?? null;
    if (outcome === null) throw new Error("A run was concluded before it was over.");
    if (stray === null || !outcome.ok) return outcome;
    return { ok: false, error: strayError(this.#root, stray.reason) };
  }

  #guard(task: () => void): void {
    try {
      this.#givenBackMs = this.#databaseMs;
      this.#watchdog.guard(ENTRY_LIMIT_MS - this.#spentMs + this.#databaseMs, task);
    } catch (error) {
      if (error instanceof WatchdogError) this.#cutOff(error);
      else this.#failure = this.#asFunctionError(error);
    }
  }

  /** The watchdog cut the run off. */
  #cutOff({ reason }: WatchdogError): void {
    this.#transaction.recoverReads();
    if (this.#entries > 0) this.#spentMs += performance.now() - this.#enteredAt;
    this.#entries = 0;
    this.#failure = reason === "memory" ? outOfMemoryError() : timeoutError();
    this.#isInterrupted = reason === "interrupted" || reason === "ending";
    // What it was about to do in `finally` has not happened, nor the rest of a module it evaluated.
    this.#realms.drop(this.#realmsUsed);
  }

  #startRoot(): void {
    const { udfType, path, seed } = this.#wanted;
    const random = new SeededRandom(seed);
    const target = { udfType, path, transaction: this.#transaction, random };
    this.#root = this.#createCall(null, target);
    this.#root.ceilings = narrowCeilings(this.#root, this.#transactionLimits);
    this.#start(this.#root, this.#wanted);
  }

  #nextOperation(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }

  #resume({ call, id, isOk, value }: SettledOperation): void {
    if (call.outcome !== null || !call.operations.delete(id)) return;
    this.#enter(call, (control) => control.settleOperation(id, isOk, value));
    this.#advance(call);
  }

  get directory(): FunctionDirectory {
    return this.#realms.directory;
  }

  #createCall(
    parent: FunctionCall | null,
    target: Pick<FunctionCall, "udfType" | "path" | "transaction" | "random">,
  ): FunctionCall {
    const call = new FunctionCall(this, parent, target);
    call.realm = this.#realms.realmFor(call, call.componentPath, call.depth);
    return call;
  }

  /** Checks the call and runs it as far as it goes by itself. */
  #start(call: FunctionCall, { argsJson, areArgsCanonical, mayCallInternal }: Asked): void {
    const { path, udfType, transaction, componentPath } = call;
    const info = requireCallable(path, this.#realms.infoOf(path), udfType, mayCallInternal);
    call.info = info;
    const args = checkArgs(path, info, argsJson, tableLookup(transaction, componentPath), {
      commitTs: call.parent?.udfType === "mutation",
      isCanonical: areArgsCanonical,
    });
    if (call.realm !== null) this.#realmsUsed.add(call.realm);
    this.#enter(call, (control) => {
      control.invoke(path.module, path.exportName, udfType, args, (isOk, text) => {
        call.settled = { isOk, text };
      });
    });
    this.#advance(call);
  }

  /** Ends a call that is over or that nothing can move on any more. */
  #advance(call: FunctionCall): void {
    if (call.outcome !== null) return;
    if (call.settled === null) {
      if (!call.isWaiting) {
        this.#conclude(call, {
          ok: false,
          error: new FunctionError("Returned promise will never resolve"),
        });
      }
    } else if (!call.settled.isOk || call.isDrained) {
      this.#conclude(call, this.#outcomeOf(call, call.settled));
    }
  }

  #outcomeOf(call: FunctionCall, { isOk, text }: { isOk: boolean; text: string }): CallOutcome {
    const { path, info, realm, transaction, componentPath } = call;
    if (info === null || realm === null) throw new Error("A call that never started has ended.");
    if (!isOk) {
      const error = realm.toFunctionError(JSON.parse(text) as ThrownError);
      if (error.dataJson === null) this.#suspectRows(transaction);
      return { ok: false, error: checkErrorData(error) };
    }
    try {
      const lookup = tableLookup(transaction, componentPath);
      const isOutermostQuery = call.depth === 0 && call.udfType === "query";
      const commitTs = isOutermostQuery ? "unresolvable" : "allowed";
      return { ok: true, valueJson: checkResult(path, info, text, lookup, { commitTs }) };
    } catch (error) {
      return { ok: false, error: this.#asFunctionError(error) };
    }
  }

  /** Code that was given a damaged row fails as if it were its own fault. */
  #suspectRows(transaction: Transaction): void {
    const startedAt = performance.now();
    try {
      transaction.requireReadable();
    } catch (error) {
      this.#crash ??= { error };
    }
    const ms = performance.now() - startedAt;
    // While code is entered, all of its time is taken when it is left.
    if (this.#entries === 0) this.#spentMs += ms;
    this.#databaseMs += ms;
    this.#giveBack();
  }

  #conclude(call: FunctionCall, outcome: CallOutcome): void {
    call.outcome = outcome;
    call.streams.clear();
    const { parent, replyId } = call;
    if (parent === null) return;
    if (!outcome.ok) rollBack(call);
    if (replyId === null) return;
    parent.child = null;
    const reply = this.#replyOf(outcome);
    this.#enter(parent, (control) => control.settleSyscall(replyId, reply));
    this.#runQueue(parent);
    this.#advance(parent);
  }

  /** Runs the syscalls that waited behind a nested call. */
  #runQueue(call: FunctionCall): void {
    while (call.child === null) {
      const next = call.queue.shift();
      if (next === undefined) return;
      const reply = this.answer(call, next.op, next.json, next.replyId);
      if (reply !== null)
        this.#enter(call, (control) => control.settleSyscall(next.replyId, reply));
    }
  }

  #startNested(parent: FunctionCall, json: string): FunctionCall {
    const args = parseSyscallArgs(json);
    const address = requireFunction(this.directory, parent.componentPath, args);
    const { path: target } = address;
    if (parent.depth >= FUNCTION_LIMITS.nesting.max) {
      throw new FunctionError(FUNCTION_LIMITS.nesting.text());
    }
    const udfType = textArg(args, "udfType");
    const isMutation = udfType === "mutation";
    if (parent.udfType === "query" && udfType !== "query") {
      throw new FunctionError(`Cannot call a ${udfType} function from a query function`);
    }
    const nested = this.#createCall(parent, {
      udfType: isMutation ? "mutation" : "query",
      path: target,
      transaction:
        udfType === "snapshotQuery" ? parent.transaction.staleView() : parent.transaction,
      random: new SeededRandom(() => parent.random.bytes(32)),
    });
    nested.ceilings = narrowCeilings(parent, args["transactionLimits"]);
    const mayCallInternal = target.componentPath === parent.componentPath || address.isCapability;
    const argsJson = JSON.stringify([args["args"] ?? {}]);
    this.#start(nested, { argsJson, areArgsCanonical: false, mayCallInternal });
    return nested;
  }

  #enter(call: FunctionCall, task: (control: RealmControl) => void): void {
    const { realm } = call;
    if (realm === null) throw new Error("A call without a realm cannot be entered.");
    const isOutermost = this.#entries === 0;
    if (isOutermost) this.#enteredAt = performance.now();
    this.#entries += 1;
    realm.enter(call, task);
    this.#entries -= 1;
    if (isOutermost) this.#spentMs += performance.now() - this.#enteredAt;
  }

  #attempt(answer: () => string): SyscallReply {
    const startedAt = performance.now();
    const userMs = this.#spentMs + startedAt - this.#enteredAt - this.#databaseMs;
    // The clock runs on while a busy machine lets others compute.
    const isOver =
      userMs > this.#userTimeMs && this.#spentMs + this.#watchdog.processorMs() > this.#userTimeMs;
    if (isOver) {
      this.#isTimedOut = true;
      return this.#failureReply(timeoutError());
    }
    try {
      return answer();
    } catch (error) {
      return this.#failureReply(error);
    } finally {
      this.#databaseMs += performance.now() - startedAt;
      this.#giveBack();
    }
  }

  /** The database's time is no fault of the code, and the transaction's limits bound it. */
  #giveBack(): void {
    const ms = Math.floor(this.#databaseMs - this.#givenBackMs);
    if (ms < GIVE_BACK_MS) return;
    this.#givenBackMs += ms;
    this.#watchdog.extend(ms);
  }

  #replyOf(outcome: CallOutcome): SyscallReply {
    return outcome.ok ? outcome.valueJson : this.#failureReply(outcome.error);
  }

  #failureReply(error: unknown): SyscallReply {
    const { message, dataJson } = this.#asFunctionError(error);
    const failure: SyscallFailure = {
      message,
      ...(dataJson === null ? {} : { data: JSON.parse(dataJson) as unknown }),
    };
    return `!${JSON.stringify(failure)}`;
  }

  /** Refusals become the function's errors; anything else is the engine's own failure. */
  #asFunctionError(error: unknown): FunctionError {
    if (error instanceof FunctionError) return error;
    if (error instanceof Error && (error.name === "DatabaseError" || error.name === "ValueError")) {
      return new FunctionError(error.message);
    }
    this.#crash ??= { error };
    return new FunctionError("Internal error");
  }
}

function rollBack({ transaction, savepoint }: FunctionCall): void {
  if (savepoint !== null) transaction.rollbackTo(savepoint);
}

function strayError(call: FunctionCall | null, reason: unknown): FunctionError {
  return call?.realm?.errorOf(reason) ?? new FunctionError(`Uncaught ${String(reason)}`);
}
