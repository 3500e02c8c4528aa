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
    for (const [index, points] of this.#points) {
      const read: KeyInterval[] = [];
      for (const key of points) read.push(pointInterval(key));
      for (const interval of this.#intervals.get(index) ?? []) read.push(interval);
      intervals.set(index, mergeIntervals(read));
    }
    for (const [index, ranges] of this.#intervals) {
      if (intervals.has(index)) continue;
      const merged = mergeIntervals(ranges);
      if (merged.length > 0) intervals.set(index, merged);
    }
    return { intervals, searches: new Map(this.#searches) };
  }
}
