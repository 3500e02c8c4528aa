/** Which of the host's functions is running, told by the asynchronous context it runs in. */
import { AsyncLocalStorage } from "node:async_hooks";

import type { SyscallFailure } from "#embedded/runtime/realm/realm-host.ts";

/** The engine's side of a running function. */
export interface HostFrame {
  /** Queries and mutations, whose calls of other functions belong to their transaction. */
  readonly isTransaction: boolean;
  syscall(op: string, json: string): string;
  asyncSyscall(op: string, json: string): Promise<string>;
  jsSyscall(op: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
}

const frames = new AsyncLocalStorage<HostFrame>();

export function runInFrame<T>(frame: HostFrame, task: () => T): T {
  return frames.run(frame, task);
}

/** Starts what does not belong to the function that causes it. */
export function runOutsideFrames<T>(task: () => T): T {
  return frames.exit(task);
}

export function currentFrame(): HostFrame | null {
  return frames.getStore() ?? null;
}

/** `globalThis.Convex`, which the client library looks up at each call. */
export function installConvexGlobal(): void {
  const global: Omit<HostFrame, "isTransaction"> = {
    syscall: (op, json) => requireFrame().syscall(op, json),
    asyncSyscall: (op, json) => requireFrame().asyncSyscall(op, json),
    jsSyscall: (op, args) => requireFrame().jsSyscall(op, args),
  };
  Object.assign(globalThis, { Convex: global });
}

/** What the client library turns into the error that a function sees. */
export function syscallError({ message, data }: SyscallFailure): Error {
  return Object.assign(new Error(message), data === undefined ? {} : { data });
}

function requireFrame(): HostFrame {
  const frame = currentFrame();
  if (frame === null) {
    throw new Error(
      "Called outside of a Convex function: pass it to a method of what convexTest() returned.",
    );
  }
  return frame;
}
