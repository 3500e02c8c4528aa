import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { webcrypto } from "node:crypto";
import * as vm from "node:vm";

import type { ComponentPath } from "../database/types.ts";
import type { CodeSnapshot } from "../modules/code-cache.ts";
import { mapStack } from "../modules/source-positions.ts";
import { loadEntryScript } from "./entry-script.ts";
import { FunctionError } from "./function-error.ts";
import type {
  InstalledRealm,
  InstallRealm,
  LogLevel,
  ModuleFunction,
  RealmControl,
  RealmHost,
  SyscallReply,
  ThrownError,
} from "./realm/realm-host.ts";
import { SeededRandom } from "./seeded-random.ts";

/** What a running function sees of the world; one is current in a realm at a time. */
export interface RealmFrame {
  readonly random: SeededRandom;
  /** Milliseconds of Unix time, the same throughout the run. */
  readClock(): number;
  syscall(op: string, json: string): SyscallReply;
  asyncSyscall(op: string, json: string): SyscallReply;
  environmentVariable(name: string): string | undefined;
  log(level: LogLevel, text: string): void;
  startOperation(promise: Promise<unknown>): number;
}

/** Where the code of a call runs, as far as a run needs it. */
export type CodeRealm = Pick<Realm, "enter" | "toFunctionError" | "errorOf" | "undoChanges">;

const INSTALL = new vm.Script(
  `(() => { ${loadEntryScript("realm-entry")}
return realmEntry.installRealm; })()`,
  { filename: "realm-entry.js" },
);
const ENTER = new vm.Script(`globalThis["[engine]"]()`, { filename: "realm-enter.js" });

/** So many runs share the cost of a thorough look, of which no run shows that it is wanted. */
const THOROUGH_EVERY = 256;

/**
 * A JavaScript realm of its own with its own microtask queue, where the pushed modules of one version
 * of one component are evaluated once each. Microtasks run out before `enter` returns.
 */
export class Realm {
  readonly #context = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    microtaskMode: "afterEvaluate",
  });
  readonly #code: CodeSnapshot;
  readonly #componentPath: ComponentPath;
  readonly #control: RealmControl;
  readonly #integrity: InstalledRealm["integrity"];
  readonly #importRandom: SeededRandom;
  readonly #importedVariables = new Map<string, string | undefined>();
  #task: (() => void) | null = null;
  #frame: RealmFrame | null = null;
  #importDepth = 0;
  #looks = 0;

  constructor(code: CodeSnapshot, componentPath: ComponentPath) {
    this.#code = code;
    this.#componentPath = componentPath;
    this.#importRandom = new SeededRandom(() => code.importSeed);
    const install = INSTALL.runInContext(this.#context) as InstallRealm;
    ({ control: this.#control, integrity: this.#integrity } = install(this.#createHost()));
  }

  /** Environment variables that modules read while they were evaluated, with what they saw. */
  get importedVariables(): ReadonlyMap<string, string | undefined> {
    return this.#importedVariables;
  }

  /** The prototype of this realm's promises, by which stray rejections are recognised. */
  get promisePrototype(): object {
    return new vm.Script("Promise.prototype").runInContext(this.#context) as object;
  }

  /** Runs a task inside, then all microtasks. The caller has a watchdog. */
  enter(frame: RealmFrame, task: (control: RealmControl) => void): void {
    this.#frame = frame;
    this.#task = () => task(this.#control);
    try {
      ENTER.runInContext(this.#context);
    } finally {
      this.#frame = null;
      this.#task = null;
    }
  }

  /**
   * Puts back what calls have changed of the globals and builtins; whether there was anything, as far as
   * a look shows (realm/integrity.ts).
   */
  undoChanges(isThorough: boolean): boolean {
    this.#looks += 1;
    if (!this.#integrity.isChanged(isThorough || this.#looks % THOROUGH_EVERY === 0)) return false;
    this.#integrity.restore();
    return true;
  }

  /** Evaluates a module and returns its `ModuleProbe` as JSON text. */
  probe(frame: RealmFrame, path: string): string {
    const probed: { json?: string; error?: unknown } = {};
    this.enter(frame, (control) => {
      try {
        probed.json = control.probe(path);
      } catch (error) {
        probed.error = error;
      }
    });
    if (probed.json === undefined) throw this.errorOf(probed.error);
    return probed.json;
  }

  /** The error as its developer reads it: mapped to the original sources. */
  toFunctionError({ summary, stack, dataJson }: ThrownError): FunctionError {
    const frames = mapStack(
      stack,
      (path) => this.#code.module(this.#componentPath, path)?.positions ?? null,
    );
    const message = [`Uncaught ${summary}`, ...frames].join("\n");
    return new FunctionError(message, dataJson ?? null);
  }

  /** The same for an error object of this realm itself. */
  errorOf(error: unknown): FunctionError {
    const { name, message, stack } = error as Partial<Error>;
    const summary = name === undefined ? String(error) : `${name}: ${message ?? ""}`;
    return this.toFunctionError({ summary, stack: stack ?? "" });
  }

  #createHost(): RealmHost {
    return {
      globals: HOST_GLOBALS,
      subtleCrypto: webcrypto.subtle as SubtleCrypto,
      takeTask: () => this.#takeTask(),
      compileModule: (path) => this.#compileModule(path),
      enterImport: () => void (this.#importDepth += 1),
      leaveImport: () => void (this.#importDepth -= 1),
      syscall: (op, json) => this.#callFrame?.syscall(op, json) ?? importRefusal(op),
      asyncSyscall: (op, json) => this.#callFrame?.asyncSyscall(op, json) ?? importRefusal(op),
      now: () => this.#callFrame?.readClock() ?? this.#code.importTimeMs,
      random: () => this.#random.float(),
      fillRandom: (bytes) => bytes.set(this.#random.bytes(bytes.length)),
      environmentVariable: (name) => this.#environmentVariable(name),
      log: (level, text) => this.#frame?.log(level, text),
      startOperation: (promise) => this.#frame?.startOperation(promise) ?? -1,
    };
  }

  get #isOutsideCall(): boolean {
    return this.#importDepth > 0 || this.#frame === null;
  }

  get #random(): SeededRandom {
    return this.#callFrame?.random ?? this.#importRandom;
  }

  #takeTask(): (() => void) | null {
    const task = this.#task;
    this.#task = null;
    return task;
  }

  #compileModule(path: string): ModuleFunction | string {
    const module = this.#code.module(this.#componentPath, path);
    if (module === null) {
      return `Couldn't find JavaScript module '${path}'. Did you forget to run \`npx convex dev\`?`;
    }
    if (module.environment === "node") {
      return `Module '${path}' runs on Node.js ("use node") and only holds actions.`;
    }
    return module.script().runInContext(this.#context) as ModuleFunction;
  }

  get #callFrame(): RealmFrame | null {
    return this.#isOutsideCall ? null : this.#frame;
  }

  #environmentVariable(name: string): string | undefined {
    const value = this.#frame?.environmentVariable(name);
    if (this.#isOutsideCall) this.#importedVariables.set(name, value);
    return value;
  }
}

function importRefusal(op: string): SyscallReply {
  const message = `${op.replace(/^1\.0\//, "")} unsupported at import time`;
  return `!${JSON.stringify({ message })}`;
}

/** Classes that both realms must share, so that what one makes the other recognises. */
const HOST_GLOBALS: Readonly<Record<string, unknown>> = {
  AbortController,
  AbortSignal,
  ArrayBuffer,
  AsyncLocalStorage,
  AsyncResource,
  BigInt64Array,
  BigUint64Array,
  Blob,
  CryptoKey,
  DataView,
  DOMException,
  Event,
  EventTarget,
  Float32Array,
  Float64Array,
  FormData,
  Headers,
  Int16Array,
  Int32Array,
  Int8Array,
  ReadableStream,
  Request,
  Response,
  TextDecoder,
  TextEncoder,
  TransformStream,
  URL,
  URLSearchParams,
  Uint16Array,
  Uint32Array,
  Uint8Array,
  Uint8ClampedArray,
  WritableStream,
  atob,
  btoa,
};
