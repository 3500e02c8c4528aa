/** Half-open intervals of keys; the shape is that of the database contract's `KeyInterval`. */
export interface Interval {
  readonly lower: string;
  readonly upper: string | null;
}

/** The interval that holds one key only. */
export function pointInterval(key: string): Interval {
  return { lower: key, upper: `${key}\0` };
}

export function isPoint({ lower, upper }: Interval): boolean {
  return upper?.length === lower.length + 1 && upper.endsWith("\0") && upper.startsWith(lower);
}

function isEmptyInterval({ lower, upper }: Interval): boolean {
  return upper !== null && upper <= lower;
}

export function containsKey({ lower, upper }: Interval, key: string): boolean {
  return key >= lower && (upper === null || key < upper);
}

/** Sorted, disjoint intervals that cover the same keys; empty ones vanish, touching ones join. */
export function mergeIntervals(intervals: readonly Interval[]): Interval[] {
  const sorted = intervals
    .filter((interval) => !isEmptyInterval(interval))
    .sort((left, right) => (left.lower < right.lower ? -1 : left.lower === right.lower ? 0 : 1));
  const merged: Interval[] = [];
  for (const interval of sorted) {
    const last = merged[merged.length - 1];
    if (last === undefined || (last.upper !== null && last.upper < interval.lower)) {
      merged.push(interval);
    } else if (last.upper !== null && (interval.upper === null || interval.upper > last.upper)) {
      merged[merged.length - 1] = { lower: last.lower, upper: interval.upper };
    }
  }
  return merged;
}

/** Whether one of merged intervals holds the key. */
export function someContains(merged: readonly Interval[], key: string): boolean {
  let low = 0;
  let high = merged.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const interval = merged[middle];
    if (interval !== undefined && interval.lower <= key) low = middle + 1;
    else high = middle;
  }
  const candidate = merged[low - 1];
  return candidate !== undefined && containsKey(candidate, key);
}
