import type { Savepoint, Transaction } from "../database/types.ts";
import type { FunctionPath } from "../modules/function-path.ts";
import type { FunctionError } from "./function-error.ts";
import type { FunctionInfo } from "./function-info.ts";
import type { CodeRealm, RealmFrame } from "./realm.ts";
import type { LogLevel, SyscallReply } from "./realm/realm-host.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { QueryStream } from "./syscalls/query-stream.ts";
import type { RunState, SyscallContext, SyscallServices } from "./syscalls/syscall-context.ts";
import { FULL_CEILINGS, type Ceilings } from "./transaction-limits.ts";

export type CallOutcome =
  | { readonly ok: true; readonly valueJson: string }
  | { readonly ok: false; readonly error: FunctionError };

/** What a call needs of the run it belongs to. */
export interface CallHost extends RunState {
  readonly services: SyscallServices;
  readonly nowMs: number;
  answerSync(call: FunctionCall, op: string, json: string): SyscallReply;
  /** `null` when the answer comes later, under `replyId`. */
  answer(call: FunctionCall, op: string, json: string, replyId: number): SyscallReply | null;
  environmentVariable(call: FunctionCall, name: string): string | undefined;
  log(level: LogLevel, text: string): void;
  startOperation(call: FunctionCall, promise: Promise<unknown>): number;
  readClock(): number;
  nextReplyId(): number;
}

interface QueuedSyscall {
  readonly op: string;
  readonly json: string;
  readonly replyId: number;
}

/** One function being called: the one asked for from outside, or one nested in another. */
export class FunctionCall implements RealmFrame, SyscallContext {
  readonly run: CallHost;
  readonly parent: FunctionCall | null;
  readonly udfType: "query" | "mutation";
  readonly path: FunctionPath;
  readonly transaction: Transaction;
  readonly random: SeededRandom;
  readonly depth: number;
  readonly streams = new Map<number, QueryStream>();
  /** Promises of the engine that this call waits for. */
  readonly operations = new Set<number>();
  /** Syscalls that wait until the nested call before them is over: they run in order. */
  readonly queue: QueuedSyscall[] = [];
  /** Where to go back to after a failure; queries write nothing. */
  readonly savepoint: Savepoint | null;
  hasPaginated = false;
  /** Narrowed once, before it starts, when its caller wants it so. */
  ceilings: Ceilings;
  realm: CodeRealm | null = null;
  info: FunctionInfo | null = null;
  /** The nested call that is waiting for something. */
  child: FunctionCall | null = null;
  /** Under which the caller waits for this call; `null` while it does not. */
  replyId: number | null = null;
  /** What the function's promise settled with. */
  settled: { readonly isOk: boolean; readonly text: string } | null = null;
  outcome: CallOutcome | null = null;

  constructor(
    run: CallHost,
    parent: FunctionCall | null,
    target: Pick<FunctionCall, "udfType" | "path" | "transaction" | "random">,
  ) {
    this.run = run;
    this.parent = parent;
    this.udfType = target.udfType;
    this.path = target.path;
    this.transaction = target.transaction;
    this.random = target.random;
    this.depth = parent === null ? 0 : parent.depth + 1;
    this.ceilings = parent === null ? FULL_CEILINGS : parent.ceilings;
    this.savepoint = target.udfType === "mutation" ? target.transaction.savepoint() : null;
  }

  get componentPath(): string {
    return this.path.componentPath;
  }

  get seesIdentity(): boolean {
    return this.componentPath === "" && (this.parent?.seesIdentity ?? true);
  }

  get nowMs(): number {
    return this.run.nowMs;
  }

  get services(): SyscallServices {
    return this.run.services;
  }

  /** Whether something outside the realm may still move this call on. */
  get isWaiting(): boolean {
    return this.operations.size > 0 || this.child !== null;
  }

  /** Whether everything that it asked for, awaited or not, has been done. */
  get isDrained(): boolean {
    return this.child === null && this.queue.length === 0;
  }

  syscall(op: string, json: string): SyscallReply {
    return this.run.answerSync(this, op, json);
  }

  asyncSyscall(op: string, json: string): SyscallReply {
    const replyId = this.run.nextReplyId();
    if (!this.isDrained) {
      this.queue.push({ op, json, replyId });
      return `#${replyId}`;
    }
    return this.run.answer(this, op, json, replyId) ?? `#${replyId}`;
  }

  readClock(): number {
    return this.run.readClock();
  }

  environmentVariable(name: string): string | undefined {
    return this.run.environmentVariable(this, name);
  }

  log(level: LogLevel, text: string): void {
    this.run.log(level, text);
  }

  startOperation(promise: Promise<unknown>): number {
    return this.run.startOperation(this, promise);
  }
}
