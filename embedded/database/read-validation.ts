/** Whether commits touch what was read: the test behind conflicts, subscriptions and caches. */
import { someContains } from "../index/interval-set.ts";
import { matchesSearch } from "../search/search-document.ts";
import type { ReadSet } from "./types.ts";
import type { DocumentChange, LogEntry } from "./write-log.ts";

/** `change` is `null` when the catalog itself is the cause. */
export interface Conflict {
  readonly change: DocumentChange | null;
}

/** The first thing a commit did that somebody with this read set could have noticed. */
export function findConflict(readSet: ReadSet, entry: LogEntry): Conflict | null {
  for (const touched of entry.touched) {
    const intervals = readSet.intervals.get(touched.index);
    if (intervals === undefined) continue;
    if (someContains(intervals, touched.key)) return { change: touched.change };
  }
  for (const [index, documents] of entry.searched) {
    const searches = readSet.searches.get(index);
    if (searches === undefined) continue;
    const hit = documents.find(
      ({ document }) =>
        document !== null && searches.some((search) => matchesSearch(search, document)),
    );
    if (hit !== undefined) return { change: hit.change };
  }
  const isGone = entry.invalidatedIndexes.some(
    (index) => readSet.intervals.has(index) || readSet.searches.has(index),
  );
  return isGone ? { change: null } : null;
}
