import { IntervalIndex, type IntervalHandle } from "../index/interval-index.ts";
import { SearchWatchers, type SearchHandle } from "../search/search-watchers.ts";
import type { LogEntry } from "./write-log.ts";
import type { ReadSet, Subscription, Timestamp } from "./types.ts";

interface Watcher {
  readonly readSet: ReadSet;
  readonly onInvalidated: (ts: Timestamp) => void;
  readonly intervals: { readonly index: number; readonly handle: IntervalHandle }[];
  readonly searches: { readonly index: number; readonly handle: SearchHandle }[];
}

/** Finds the subscriptions whose read set a commit touches. */
export class SubscriptionRegistry {
  readonly #intervals = new Map<number, IntervalIndex<Watcher>>();
  readonly #searches = new Map<number, SearchWatchers<Watcher>>();

  add(readSet: ReadSet, onInvalidated: (ts: Timestamp) => void): Subscription {
    const watcher: Watcher = { readSet, onInvalidated, intervals: [], searches: [] };
    for (const [index, intervals] of readSet.intervals) {
      let tree = this.#intervals.get(index);
      if (tree === undefined) this.#intervals.set(index, (tree = new IntervalIndex()));
      for (const interval of intervals) {
        watcher.intervals.push({ index, handle: tree.add(interval, watcher) });
      }
    }
    for (const [index, conditions] of readSet.searches) {
      let watchers = this.#searches.get(index);
      if (watchers === undefined) this.#searches.set(index, (watchers = new SearchWatchers()));
      for (const condition of conditions) {
        watcher.searches.push({ index, handle: watchers.add(condition, watcher) });
      }
    }
    return { cancel: () => this.#remove(watcher) };
  }

  /** Tells each touched subscription once and forgets it. */
  invalidate(entry: LogEntry): void {
    const touched = new Set<Watcher>();
    const collect = (watcher: Watcher): void => void touched.add(watcher);
    for (const key of entry.touched) {
      this.#intervals.get(key.index)?.forEachContaining(key.key, collect);
    }
    for (const [index, documents] of entry.searched) {
      const watchers = this.#searches.get(index);
      if (watchers === undefined) continue;
      for (const { document } of documents) {
        if (document !== null) watchers.forEachMatching(document, collect);
      }
    }
    for (const index of entry.invalidatedIndexes) {
      this.#intervals.get(index)?.forEach(collect);
      this.#searches.get(index)?.forEach(collect);
    }
    for (const watcher of touched) this.#remove(watcher);
    for (const watcher of touched) watcher.onInvalidated(entry.ts);
  }

  #remove(watcher: Watcher): void {
    for (const { index, handle } of watcher.intervals.splice(0)) {
      const tree = this.#intervals.get(index);
      tree?.remove(handle);
      if (tree?.size === 0) this.#intervals.delete(index);
    }
    for (const { index, handle } of watcher.searches.splice(0)) {
      const watchers = this.#searches.get(index);
      watchers?.remove(handle);
      if (watchers?.size === 0) this.#searches.delete(index);
    }
  }
}
