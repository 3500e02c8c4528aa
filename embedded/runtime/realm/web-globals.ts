import { defineGlobal } from "./global-property.ts";
import type { RealmControl, RealmHost } from "./realm-host.ts";
import { structuredCloneValue } from "./structured-clone.ts";

type Constructor = new (...args: never[]) => object;

/** Promises of the engine's realm, made awaitable inside. */
export interface Operations {
  /** A promise of this realm that settles as the engine's promise does. */
  adopt(promise: Promise<unknown>): Promise<unknown>;
  settle: RealmControl["settleOperation"];
}

export function createOperations(host: Pick<RealmHost, "startOperation">): Operations {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  return {
    adopt(promise) {
      return new Promise((resolve, reject) => {
        waiting.set(host.startOperation(promise), { resolve, reject });
      });
    },
    settle(id, isOk, value) {
      const resolvers = waiting.get(id);
      waiting.delete(id);
      if (isOk) resolvers?.resolve(value);
      else resolvers?.reject(localError(value));
    },
  };
}

const FORBIDDEN_TIMERS = ["setTimeout", "setInterval", "setImmediate"] as const;

/** The web platform as far as queries and mutations have it. */
export function installWebGlobals(host: RealmHost, operations: Operations): void {
  for (const [name, value] of Object.entries(host.globals)) {
    defineGlobal(name, typeof value === "function" && isThrowing(name) ? guarded(value) : value);
  }
  for (const name of ["Blob", "Request", "Response"]) {
    adoptBodyMethods(host.globals[name] as Constructor, name, operations);
  }
  for (const name of FORBIDDEN_TIMERS) {
    defineGlobal(name, () => {
      throw new Error(notAllowed(name));
    });
  }
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) {
    defineGlobal(name, () => undefined);
  }
  defineGlobal("fetch", () => Promise.reject(new Error(notAllowed("fetch()"))));
  defineGlobal("structuredClone", structuredCloneValue);
  defineGlobal("queueMicrotask", (callback: () => void) => void Promise.resolve().then(callback));
  defineGlobal("self", globalThis);
  defineGlobal("navigator", { userAgent: "Convex/1.0" });
  Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
  Reflect.deleteProperty(globalThis, "Atomics");
}

/** Convex's sentence for what only actions may do. */
export function notAllowed(description: string): string {
  return (
    `Can't use ${description} in queries and mutations. Please consider using an action. ` +
    "See https://docs.convex.dev/functions/actions for more details."
  );
}

/** An error of this realm with the name and message of the engine's. */
export function localError(error: unknown): Error {
  const { name, message } = error as Partial<Error>;
  const known: Readonly<Record<string, ErrorConstructor>> = { TypeError, RangeError, SyntaxError };
  const Local = known[String(name)] ?? Error;
  const local = new Local(message ?? String(error));
  if (name !== undefined && local.name !== name) {
    Object.defineProperty(local, "name", { value: name, configurable: true, writable: true });
  }
  return local;
}

function isThrowing(name: string): boolean {
  return ["URL", "TextDecoder", "Headers", "Request", "Response", "atob", "btoa"].includes(name);
}

/** The same function or class, whose errors are errors of this realm. */
function guarded(value: object): object {
  const attempt = <T>(call: () => T): T => {
    try {
      return call();
    } catch (error) {
      throw localError(error);
    }
  };
  return new Proxy(value as Constructor & ((...args: unknown[]) => unknown), {
    apply: (target, self, args: unknown[]) => attempt(() => Reflect.apply(target, self, args)),
    construct: (target, args, newTarget) =>
      attempt(() => Reflect.construct(target, args, newTarget) as object),
  });
}

const BODY_METHODS = ["arrayBuffer", "blob", "bytes", "formData", "json", "text"];

/** Promises of bodies belong to the engine's realm; here they are awaited as operations. */
function adoptBodyMethods(constructor: Constructor, name: string, operations: Operations): void {
  const original = constructor.prototype as object;
  const prototype = Object.create(original) as object;
  for (const method of BODY_METHODS.filter((candidate) => candidate in original)) {
    const value = function (this: object): Promise<unknown> {
      const read = Reflect.get(original, method) as () => Promise<unknown>;
      return operations.adopt(Reflect.apply(read, this, []));
    };
    Object.defineProperty(prototype, method, { value, configurable: true, writable: true });
  }
  const Adopted = new Proxy(constructor, {
    construct: (target, args, newTarget) => {
      const made = Reflect.construct(target, args, newTarget) as object;
      if (newTarget === Adopted) Object.setPrototypeOf(made, prototype);
      return made;
    },
  });
  Object.defineProperty(prototype, "constructor", { value: Adopted, configurable: true });
  defineGlobal(name, Adopted);
}
