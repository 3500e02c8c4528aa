import { FUNCTION_LIMITS } from "../../lib/limits.ts";
import { defineGlobal } from "./global-property.ts";
import { createShapeListing } from "./listed-shapes.ts";
import type { RealmHost, SyscallFailure, SyscallReply } from "./realm-host.ts";

interface Resolvers {
  resolve(json: string): void;
  reject(error: Error): void;
}

/** `globalThis.Convex`, through which the client library reaches the engine. */
export function installConvexGlobal(host: Pick<RealmHost, "syscall" | "asyncSyscall">): {
  readonly settle: (id: number, reply: SyscallReply) => void;
  /** To be called first at each entry of the realm. */
  readonly begin: () => void;
} {
  const waiting = new Map<number, Resolvers>();
  const bursts = boundBursts();
  const listShapes = createShapeListing();
  defineGlobal("Convex", {
    syscall(op: string, json: string): string {
      return valueOf(host.syscall(op, json));
    },
    asyncSyscall(op: string, json: string): Promise<string> {
      const refusal = bursts.requireRoom();
      if (refusal !== null) return Promise.reject(refusal);
      const reply = host.asyncSyscall(op, json);
      if (reply.startsWith("#")) {
        return new Promise((resolve, reject) => {
          waiting.set(Number(reply.slice(1)), { resolve, reject });
        });
      }
      if (!reply.startsWith("!")) listShapes(reply);
      return settled(reply);
    },
    jsSyscall(op: string): never {
      throw new Error(`Unknown operation ${op}`);
    },
  });
  return {
    settle(id, reply) {
      const resolvers = waiting.get(id);
      waiting.delete(id);
      if (reply.startsWith("!")) resolvers?.reject(failureOf(reply));
      else resolvers?.resolve(reply);
    },
    begin: bursts.begin,
  };
}

/**
 * Bounds how many operations are asked for before any of their answers can have been seen: what a
 * function waits for at a time.
 */
function boundBursts(): {
  readonly begin: () => void;
  readonly requireRoom: () => Error | null;
} {
  const { max, text } = FUNCTION_LIMITS.concurrentOperations;
  const soon = Promise.resolve();
  let asked = 0;
  const begin = () => void (asked = 0);
  return {
    // An entry that was cut off has not come to what it queued.
    begin,
    requireRoom() {
      if (asked === 0) void soon.then(begin);
      asked += 1;
      return asked > max ? new Error(text()) : null;
    },
  };
}

function settled(reply: SyscallReply): Promise<string> {
  return reply.startsWith("!") ? Promise.reject(failureOf(reply)) : Promise.resolve(reply);
}

function valueOf(reply: SyscallReply): string {
  if (reply.startsWith("!")) throw failureOf(reply);
  return reply;
}

function failureOf(reply: SyscallReply): Error {
  const { message, data } = JSON.parse(reply.slice(1)) as SyscallFailure;
  const error = new Error(message);
  return data === undefined ? error : Object.assign(error, { data });
}
