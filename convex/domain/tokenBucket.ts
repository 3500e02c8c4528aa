/**
 * A token bucket: `capacity` attempts at once, then one more every `refillMs`. It slows an abuser
 * down and never locks anybody out for good.
 */
export type BucketConfig = { capacity: number; refillMs: number };

export type Bucket = { tokens: number; updatedAt: number };

export type BucketDecision = { ok: true; bucket: Bucket } | { ok: false; retryAfterMs: number };

export function take(bucket: Bucket | null, config: BucketConfig, now: number): BucketDecision {
  const tokens = tokensAt(bucket, config, now);
  if (tokens < 1) return { ok: false, retryAfterMs: Math.ceil((1 - tokens) * config.refillMs) };
  return { ok: true, bucket: { tokens: tokens - 1, updatedAt: now } };
}

/** Gives a token back, for an attempt that turned out not to count. */
export function giveBack(bucket: Bucket, config: BucketConfig, now: number): Bucket {
  return { tokens: Math.min(config.capacity, tokensAt(bucket, config, now) + 1), updatedAt: now };
}

function tokensAt(bucket: Bucket | null, config: BucketConfig, now: number): number {
  if (bucket === null) return config.capacity;
  const refilled = Math.max(0, now - bucket.updatedAt) / config.refillMs;
  return Math.min(config.capacity, bucket.tokens + refilled);
}
