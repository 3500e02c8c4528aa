/**
 * A cache bounded by the weight of what it holds. What was not asked for since the younger half of it
 * was filled goes first.
 */
export class BoundedCache<V> {
  readonly #maxWeight: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  #youngWeight = 0;

  /** @param maxWeight roughly the most it holds, in whatever unit `set` is told weights in. */
  constructor(maxWeight: number) {
    this.#maxWeight = maxWeight;
  }

  get(key: string, weigh: (value: V) => number): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old, weigh(old));
    return old;
  }

  set(key: string, value: V, weight: number): void {
    this.#young.set(key, value);
    this.#youngWeight += weight;
    if (this.#youngWeight * 2 <= this.#maxWeight) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngWeight = 0;
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
