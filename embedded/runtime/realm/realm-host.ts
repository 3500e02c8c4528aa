/**
 * The border between the engine and a realm. Code on both sides is compiled apart, so this file holds
 * types only. Nothing but primitives, functions wrapped by the realm and the classes below crosses it.
 */
import type { Integrity } from "./integrity.ts";

/**
 * Reply to a syscall: JSON text, `!` and a `SyscallFailure` as JSON, or `#` and a number to wait for; no
 * JSON text begins like these.
 */
export type SyscallReply = string;

export interface SyscallFailure {
  readonly message: string;
  /** Decoded JSON of a ConvexError's data, to be rethrown as ConvexError by the client library. */
  readonly data?: unknown;
}

export type LogLevel = "DEBUG" | "INFO" | "LOG" | "WARN" | "ERROR";

/** What went wrong in user code, before source maps are applied. */
export interface ThrownError {
  /** `Error: text`, or the thrown value as text. */
  readonly summary: string;
  readonly stack: string;
  /** Convex JSON text of a ConvexError's data. */
  readonly dataJson?: string;
}

export type ModuleFunction = (
  exports: object,
  require: (specifier: string) => unknown,
  module: { exports: object },
  process: object,
) => void;

/** What the engine offers to code inside. Functions here never throw: they answer in band. */
export interface RealmHost {
  /** Constructors and functions of the engine's own realm that become globals inside. */
  readonly globals: Readonly<Record<string, unknown>>;
  readonly subtleCrypto: SubtleCrypto;
  /** The task to run at this entry. */
  takeTask(): (() => void) | null;
  /** A compiled module, or the text of the reason why there is none. */
  compileModule(path: string): ModuleFunction | string;
  enterImport(path: string): void;
  leaveImport(): void;
  syscall(op: string, json: string): SyscallReply;
  asyncSyscall(op: string, json: string): SyscallReply;
  now(): number;
  /** A float in [0, 1). */
  random(): number;
  fillRandom(bytes: Uint8Array): void;
  environmentVariable(name: string): string | undefined;
  log(level: LogLevel, text: string): void;
  /** Keeps the realm until the engine's promise settles; then `settleOperation` is called. */
  startOperation(promise: Promise<unknown>): number;
}

/** What the engine can ask of a realm; each call happens inside an entry. */
export interface RealmControl {
  invoke(
    path: string,
    exportName: string,
    udfType: "query" | "mutation",
    argsJson: string,
    settled: (isOk: boolean, text: string) => void,
  ): void;
  /** Evaluates a module; JSON text of its `ModuleProbe` (modules/module-probe.ts). */
  probe(path: string): string;
  settleSyscall(id: number, reply: SyscallReply): void;
  readonly settleOperation: (id: number, isOk: boolean, value: unknown) => void;
}

export interface InstalledRealm {
  readonly control: RealmControl;
  /** Can be asked without an entry. */
  readonly integrity: Pick<Integrity, "isChanged" | "restore">;
}

export type InstallRealm = (host: RealmHost) => InstalledRealm;
