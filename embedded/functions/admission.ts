import type { Charge, FairGate } from "../lib/fair-gate.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { TrafficControl } from "../lib/traffic-control.ts";
import type { Caller, FunctionRequest } from "./types.ts";

type Kind = "query" | "mutation" | "action";

/** Gives functions their turns, so that no caller can keep others from theirs. */
export interface Admission {
  /**
   * Runs a function when it is its caller's turn. `charge` tells how long it kept the engine busy.
   * @throws ServiceError `TooManyConcurrentRequests` when too many wait, unless that is ruled out.
   */
  run<T>(
    kind: Kind,
    request: Pick<FunctionRequest, "caller" | "metadata">,
    task: (charge: Charge) => Promise<T>,
    options?: { readonly mayBeRefused?: boolean },
  ): Promise<T>;
}

export const UNLIMITED: Admission = {
  run: (_, __, task) => task(() => undefined),
};

export function createAdmission(traffic: TrafficControl): Admission {
  const { gates } = traffic;
  const gateOf: Readonly<Record<Kind, FairGate>> = {
    query: gates.queries,
    mutation: gates.mutations,
    action: gates.actions,
  };
  return {
    run(kind, { caller, metadata }, task, options) {
      const keys =
        caller.kind === "system"
          ? []
          : traffic.keysOf(metadata.ip, identityOf(caller)?.tokenIdentifier ?? null);
      return gateOf[kind].run(keys, task, options);
    },
  };
}

function identityOf(caller: Exclude<Caller, { kind: "system" }>) {
  return caller.kind === "client" ? caller.identity : caller.actingAs;
}

/**
 * To be asked when a function is about to run, because a token may run out while its turn is awaited.
 * @throws ServiceError `TokenExpired` when the identity's token ran out.
 */
export function requireUnexpired(caller: Caller, nowMs: number): void {
  if (caller.kind !== "client" || caller.identity === null) return;
  const { expiresAt } = caller.identity;
  if (expiresAt !== null && expiresAt <= nowMs) {
    throw new ServiceError("unauthenticated", "TokenExpired", "Convex token identity expired");
  }
}
