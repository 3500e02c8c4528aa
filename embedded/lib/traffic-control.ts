import { isLoopback, networkOf } from "./client-address.ts";
import { FairGate } from "./fair-gate.ts";
import { ServiceError } from "./service-error.ts";
import { rateOf, type TrafficLimits } from "./traffic-limits.ts";
import { TokenBuckets } from "./token-buckets.ts";

/** Decides how much of what arrives is let in. Addresses are IP addresses, `null` when unknown. */
export interface TrafficControl {
  readonly limits: TrafficLimits;
  /** Turns for functions; nested calls of actions go through the first two as well. */
  readonly gates: FunctionGates;
  from(address: string | null): AddressTraffic;
  /** What counts against a caller: the address unless it is this machine, and the identity. */
  keysOf(address: string | null, identity: string | null): readonly string[];
}

export interface FunctionGates {
  readonly queries: FairGate;
  readonly mutations: FairGate;
  readonly actions: FairGate;
}

/** What one address still may do. All methods but `openSocket` throw `TooManyConcurrentRequests`. */
export interface AddressTraffic {
  /** Counts a sync socket and returns the function that lets it go; `null` when there are too many. */
  openSocket(): (() => void) | null;
  request(): void;
  messages(count: number): void;
  /** A mutation or action of an identity, `null` for a caller who is not signed in. */
  call(identity: string | null): void;
  /** To be asked before credentials are looked at; `refused` counts those that were wrong. */
  mayAuthenticate(): void;
  refused(): void;
}

/** How many more slots there are for what the deployment does itself, such as fetching its own keys. */
const RESERVED_SLOTS = 8;

/**
 * The part of the turns for queries and mutations that one caller may have taken. They run one after
 * the other, so a caller gains nothing by more, and others would wait for all of them.
 */
const SHARE_OF_ENGINE = 1 / 8;

export function createTrafficControl(limits: TrafficLimits): TrafficControl {
  const buckets = {
    connects: new TokenBuckets(rateOf(limits.connectsPerSecond)),
    requests: new TokenBuckets(rateOf(limits.requestsPerSecond)),
    messages: new TokenBuckets(rateOf(limits.messagesPerSecond)),
    calls: new TokenBuckets(rateOf(limits.callsPerSecond)),
    identityCalls: new TokenBuckets(rateOf(limits.callsPerSecondOfIdentity)),
    refusals: new TokenBuckets(rateOf(limits.refusalsPerSecond)),
  };
  const sockets = new Map<string, number>();
  let socketCount = 0;

  const isTrusted = (address: string | null) =>
    address === null || (limits.loopback === 0 && isLoopback(address));

  function openSocket(key: string | null): (() => void) | null {
    if (socketCount >= limits.sockets) return null;
    if (key !== null) {
      const open = sockets.get(key) ?? 0;
      if (open >= limits.socketsPerAddress || !buckets.connects.take(key)) return null;
      sockets.set(key, open + 1);
    }
    socketCount += 1;
    return () => {
      socketCount -= 1;
      if (key === null) return;
      const left = (sockets.get(key) ?? 1) - 1;
      if (left === 0) sockets.delete(key);
      else sockets.set(key, left);
    };
  }

  return {
    limits,
    gates: {
      queries: createGate(limits.queries, SHARE_OF_ENGINE, limits),
      mutations: createGate(limits.mutations, SHARE_OF_ENGINE, limits),
      actions: createGate(limits.actions, limits.shareOfOne, limits),
    },
    keysOf(address, identity) {
      const keys = isTrusted(address) ? [] : [`address ${networkOf(address ?? "")}`];
      if (identity !== null) keys.push(`identity ${identity}`);
      return keys;
    },
    from(address) {
      const key = isTrusted(address) ? null : networkOf(address ?? "");
      const take = (bucket: TokenBuckets, cost = 1) => {
        if (key !== null && !bucket.take(key, cost)) throw tooMany();
      };
      return {
        openSocket: () => openSocket(key),
        request: () => take(buckets.requests),
        messages: (count) => take(buckets.messages, count),
        call(identity) {
          take(buckets.calls);
          if (key === null || identity === null) return;
          if (!buckets.identityCalls.take(identity)) throw tooMany();
        },
        mayAuthenticate() {
          if (key !== null && !buckets.refusals.has(key)) throw tooMany();
        },
        refused() {
          if (key !== null) buckets.refusals.take(key);
        },
      };
    },
  };
}

function createGate(slots: number, share: number, limits: TrafficLimits): FairGate {
  return new FairGate({
    slots,
    slotsPerKey: Math.max(1, Math.floor(slots * share)),
    waiting: limits.waitingCalls,
    waitingPerKey: Math.max(1, Math.floor(limits.waitingCalls * limits.shareOfOne)),
    reserve: RESERVED_SLOTS,
  });
}

function tooMany(): ServiceError {
  return new ServiceError(
    "rateLimited",
    "TooManyConcurrentRequests",
    "Too many requests from one address or identity in a short time. Slow down and try again.",
  );
}
