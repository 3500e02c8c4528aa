/** How much of something one caller may do: `perSecond` for ever, `burst` at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

const MAX_KEYS = 50_000;

/** A token bucket for each key. A key that has all its tokens back is forgotten. */
export class TokenBuckets {
  readonly #rate: Rate;
  readonly #now: () => number;
  /** When each key will have all its tokens back, in milliseconds; least recently used first. */
  readonly #fullAt = new Map<string, number>();

  /** @param now milliseconds of any steadily growing clock. */
  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  /** Takes tokens, or none and returns `false` when there are too few. */
  take(key: string, cost = 1): boolean {
    const now = this.#now();
    const { perSecond, burst } = this.#rate;
    const fullAt = Math.max(now, this.#fullAt.get(key) ?? 0) + (cost * 1000) / perSecond;
    if (fullAt - now > (burst * 1000) / perSecond) return false;
    this.#fullAt.delete(key);
    this.#fullAt.set(key, fullAt);
    this.#forget(now);
    return true;
  }

  /** Whether `take(key)` would succeed. */
  has(key: string): boolean {
    const now = this.#now();
    const { perSecond, burst } = this.#rate;
    return (this.#fullAt.get(key) ?? 0) - now <= ((burst - 1) * 1000) / perSecond;
  }

  /** How many keys are remembered; for tests. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Two looks at the oldest for each new key keep the map from growing without a timer. */
  #forget(now: number): void {
    for (let look = 0; look < 2; look += 1) {
      const [oldest] = this.#fullAt;
      if (oldest === undefined) return;
      const [key, fullAt] = oldest;
      if (fullAt > now && this.#fullAt.size <= MAX_KEYS) return;
      this.#fullAt.delete(key);
    }
  }
}
