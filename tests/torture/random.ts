/** Numbers that follow from a seed alone (mulberry32), so that a run's choices can be made again. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to but not including 1. */
  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From `low` up to but not including `high`. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low));
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.integer(0, 256)));
  }

  /** Another sequence that follows from this one. */
  fork(): Random {
    return new Random(this.integer(0, 2 ** 32));
  }
}
