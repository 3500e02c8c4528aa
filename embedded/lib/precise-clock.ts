/**
 * The wall clock in milliseconds of Unix time, with a fraction that grows within each millisecond. It
 * follows adjustments of the wall clock, which a monotonic clock would not.
 */
export function preciseClock(
  wallMs: () => number = Date.now,
  monotonicMs: () => number = () => performance.now(),
): () => number {
  let lastMs = -1;
  let since = 0;
  return () => {
    const nowMs = wallMs();
    const monotonic = monotonicMs();
    if (nowMs !== lastMs) {
      lastMs = nowMs;
      since = monotonic;
    }
    return nowMs + Math.min(Math.max(monotonic - since, 0), 0.999);
  };
}
