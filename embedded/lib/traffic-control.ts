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
  const buckets = createBuckets(limits);
  const sockets = new SocketCounts(limits, buckets.connects);

  /** Under which an address is counted; `null` for one that nothing is counted against. */
  const keyOf = (address: string | null) =>
    address === null || (limits.loopback === 0 && isLoopback(address)) ? null : networkOf(address);
  const unlimited = trafficOf(null, buckets, sockets);

  return {
    limits,
    gates: {
      queries: createGate(limits.queries, SHARE_OF_ENGINE, limits),
      mutations: createGate(limits.mutations, SHARE_OF_ENGINE, limits),
      actions: createGate(limits.actions, limits.shareOfOne, limits),
    },
    keysOf(address, identity) {
      const key = keyOf(address);
      return [
        ...(key === null ? [] : [`address ${key}`]),
        ...(identity === null ? [] : [`identity ${identity}`]),
      ];
    },
    from(address) {
      const key = keyOf(address);
      return key === null ? unlimited : trafficOf(key, buckets, sockets);
    },
  };
}

type Buckets = ReturnType<typeof createBuckets>;

function createBuckets(limits: TrafficLimits) {
  return {
    connects: new TokenBuckets(rateOf(limits.connectsPerSecond)),
    requests: new TokenBuckets(rateOf(limits.requestsPerSecond)),
    messages: new TokenBuckets(rateOf(limits.messagesPerSecond)),
    calls: new TokenBuckets(rateOf(limits.callsPerSecond)),
    identityCalls: new TokenBuckets(rateOf(limits.callsPerSecondOfIdentity)),
    refusals: new TokenBuckets(rateOf(limits.refusalsPerSecond)),
  };
}

function trafficOf(key: string | null, buckets: Buckets, sockets: SocketCounts): AddressTraffic {
  const take = (bucket: TokenBuckets, cost = 1) => {
    if (key !== null && !bucket.take(key, cost)) throw tooMany();
  };
  return {
    openSocket: () => sockets.open(key),
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
}

/** How many sockets are open, in all and from each address. */
class SocketCounts {
  readonly #limits: TrafficLimits;
  readonly #connects: TokenBuckets;
  readonly #ofAddress = new Map<string, number>();
  #all = 0;

  constructor(limits: TrafficLimits, connects: TokenBuckets) {
    this.#limits = limits;
    this.#connects = connects;
  }

  /** Returns the function that lets the socket go; `null` when there are too many. */
  open(key: string | null): (() => void) | null {
    const { sockets, socketsPerAddress } = this.#limits;
    if (this.#all >= sockets) return null;
    if (key !== null) {
      const open = this.#ofAddress.get(key) ?? 0;
      if (open >= socketsPerAddress || !this.#connects.take(key)) return null;
      this.#ofAddress.set(key, open + 1);
    }
    this.#all += 1;
    return () => this.#close(key);
  }

  #close(key: string | null): void {
    this.#all -= 1;
    if (key === null) return;
    const left = (this.#ofAddress.get(key) ?? 1) - 1;
    if (left === 0) this.#ofAddress.delete(key);
    else this.#ofAddress.set(key, left);
  }
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
