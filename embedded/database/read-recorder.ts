import { mergeIntervals, pointInterval } from "../index/interval-set.ts";
import type { IndexKey, KeyInterval, ReadSet, SearchRead } from "./types.ts";

/** The part of a range that has been consumed so far; grows with its cursor. */
export interface ConsumedInterval {
  lower: IndexKey;
  upper: IndexKey | null;
}

/** Collects what a transaction reads. */
export class ReadRecorder {
  readonly #intervals = new Map<number, KeyInterval[]>();
  readonly #points = new Map<number, Set<IndexKey>>();
  readonly #searches = new Map<number, SearchRead[]>();

  /** `false` when this very point has been recorded before. */
  point(index: number, key: IndexKey): boolean {
    const points = this.#points.get(index);
    if (points === undefined) {
      this.#points.set(index, new Set([key]));
      return true;
    }
    const before = points.size;
    return points.add(key).size > before;
  }

  /** The caller may widen the interval later. */
  interval(index: number, interval: ConsumedInterval): void {
    const intervals = this.#intervals.get(index);
    if (intervals === undefined) this.#intervals.set(index, [interval]);
    else intervals.push(interval);
  }

  search(index: number, read: SearchRead): void {
    const searches = this.#searches.get(index);
    if (searches === undefined) this.#searches.set(index, [read]);
    else searches.push(read);
  }

  readSet(): ReadSet {
    const intervals = new Map<number, readonly KeyInterval[]>();
    for (const index of new Set([...this.#points.keys(), ...this.#intervals.keys()])) {
      const points = Array.from(this.#points.get(index) ?? [], pointInterval);
      const merged = mergeIntervals([...points, ...(this.#intervals.get(index) ?? [])]);
      if (merged.length > 0) intervals.set(index, merged);
    }
    return { intervals, searches: new Map(this.#searches) };
  }
}
