import { ServiceError } from "./service-error.ts";

export interface FairGateOptions {
  /** How many tasks run at a time, and how many of one key. */
  readonly slots: number;
  readonly slotsPerKey: number;
  /** How many tasks wait, and how many of one key. */
  readonly waiting: number;
  readonly waitingPerKey: number;
  /** More slots for callers without keys, so that strangers cannot hold up the deployment itself. */
  readonly reserve: number;
  /** Milliseconds of any steadily growing clock. */
  readonly now?: () => number;
}

/** Tells what a task has cost so far, in milliseconds, when that is not the time it took. */
export type Charge = (costMs: number) => void;

/** What a key used is forgotten by half in this time. */
const HALF_LIFE_MS = 5_000;
/** A key that used more than this lately gets one slot at a time. */
const HEAVY_MS = 500;
const MAX_KEYS = 20_000;

interface Waiting {
  readonly keys: readonly string[];
  readonly start: () => void;
  readonly refuse: (error: ServiceError) => void;
}

interface Usage {
  costMs: number;
  at: number;
}

/**
 * Lets a number of tasks run at a time. Who waits is served in the order of what his keys (address,
 * identity) have used lately, so that nobody who asks for much can keep others from their turn.
 * Tasks without keys are the machine's own: they go first and are not bounded by key.
 */
export class FairGate {
  readonly #options: FairGateOptions;
  readonly #now: () => number;
  /** Those who wait, in order of arrival among those with the same keys. */
  readonly #queues = new Map<string, Waiting[]>();
  readonly #waitingOf = new Map<string, number>();
  readonly #runningOf = new Map<string, number>();
  readonly #usage = new Map<string, Usage>();
  #running = 0;
  #waiting = 0;

  constructor(options: FairGateOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** How many tasks run and wait at present. */
  get load(): number {
    return this.#running + this.#waiting;
  }

  /**
   * Runs the task when its turn has come. With `mayBeRefused: false` it waits however many do; the
   * caller then bounds how many there can be.
   * @throws ServiceError `TooManyConcurrentRequests` when too many wait.
   */
  async run<T>(
    keys: readonly string[],
    task: (charge: Charge) => Promise<T>,
    { mayBeRefused = true }: { readonly mayBeRefused?: boolean } = {},
  ): Promise<T> {
    if (this.#waiting > 0 || !this.#hasSlot(keys)) await this.#wait(keys, mayBeRefused);
    else this.#enter(keys);
    const startedAt = this.#now();
    const charged: { ms: number | null } = { ms: null };
    try {
      return await task((costMs) => void (charged.ms = costMs));
    } finally {
      this.#leave(keys, charged.ms ?? this.#now() - startedAt);
    }
  }

  #wait(keys: readonly string[], mayBeRefused: boolean): Promise<void> {
    if (mayBeRefused) this.#requireRoom(keys);
    return new Promise((resolve, reject) => {
      const id = keys.join("\n");
      const queue = this.#queues.get(id) ?? [];
      queue.push({ keys, start: resolve, refuse: reject });
      this.#queues.set(id, queue);
      this.#waiting += 1;
      for (const key of keys) count(this.#waitingOf, key, 1);
      this.#startNext();
    });
  }

  /** A full queue refuses the last of those who have most in it, which may be the newcomer. */
  #requireRoom(keys: readonly string[]): void {
    const { waiting, waitingPerKey } = this.#options;
    const own = Math.max(0, ...keys.map((key) => this.#waitingOf.get(key) ?? 0));
    if (own >= waitingPerKey) throw tooMany();
    if (this.#waiting < waiting) return;
    let largest: Waiting[] | null = null;
    let most = own + 1;
    for (const queue of this.#queues.values()) {
      const [first] = queue;
      if (first === undefined) continue;
      const held = Math.max(0, ...first.keys.map((key) => this.#waitingOf.get(key) ?? 0));
      if (held > most) [largest, most] = [queue, held];
    }
    const shed = largest?.pop();
    if (shed === undefined) throw tooMany();
    this.#forget(shed);
    shed.refuse(tooMany());
  }

  #startNext(): void {
    for (;;) {
      const next = this.#choose();
      if (next === null) return;
      const queue = this.#queues.get(next);
      const chosen = queue?.shift();
      if (queue === undefined || chosen === undefined) return;
      this.#forget(chosen);
      this.#enter(chosen.keys);
      chosen.start();
    }
  }

  /** Whose turn it is among those who may start; `null` when nobody may. */
  #choose(): string | null {
    let best: string | null = null;
    let least = Infinity;
    for (const [id, [first]] of this.#queues) {
      if (first === undefined || !this.#hasSlot(first.keys)) continue;
      const used = this.#usedBy(first.keys);
      if (used < least) [best, least] = [id, used];
    }
    return best;
  }

  #hasSlot(keys: readonly string[]): boolean {
    const { slots, slotsPerKey, reserve } = this.#options;
    if (keys.length === 0) return this.#running < slots + reserve;
    if (this.#running >= slots) return false;
    return keys.every((key) => {
      const running = this.#runningOf.get(key) ?? 0;
      return running < slotsPerKey && (running === 0 || this.#usedBy([key]) < HEAVY_MS);
    });
  }

  #enter(keys: readonly string[]): void {
    this.#running += 1;
    for (const key of keys) count(this.#runningOf, key, 1);
  }

  #leave(keys: readonly string[], costMs: number): void {
    this.#running -= 1;
    for (const key of keys) {
      count(this.#runningOf, key, -1);
      this.#charge(key, costMs);
    }
    if (this.#waiting > 0) this.#startNext();
  }

  #forget({ keys }: Waiting): void {
    this.#waiting -= 1;
    for (const key of keys) count(this.#waitingOf, key, -1);
    const id = keys.join("\n");
    if (this.#queues.get(id)?.length === 0) this.#queues.delete(id);
  }

  #usedBy(keys: readonly string[]): number {
    let most = 0;
    for (const key of keys) {
      const usage = this.#usage.get(key);
      if (usage === undefined) continue;
      most = Math.max(most, usage.costMs * 2 ** ((usage.at - this.#now()) / HALF_LIFE_MS));
    }
    // Without keys: before anybody who has used nothing.
    return keys.length === 0 ? -1 : most;
  }

  #charge(key: string, costMs: number): void {
    const used = Math.max(0, this.#usedBy([key])) + costMs;
    this.#usage.delete(key);
    this.#usage.set(key, { costMs: used, at: this.#now() });
    const [oldest] = this.#usage.keys();
    if (this.#usage.size > MAX_KEYS && oldest !== undefined) this.#usage.delete(oldest);
  }
}

function count(counts: Map<string, number>, key: string, change: number): void {
  const next = (counts.get(key) ?? 0) + change;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}

/** In the words, to the letter, with which the open backend refuses who finds its queue full. */
function tooMany(): ServiceError {
  return new ServiceError(
    "rateLimited",
    "TooManyConcurrentRequests",
    "Too many concurrent requests in a short period of time. Spread out your requests out over time " +
      "or throttle them to avoid errors.",
  );
}
