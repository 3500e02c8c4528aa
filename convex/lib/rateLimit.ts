import { MINUTE, RateLimiter, SECOND } from "@convex-dev/rate-limiter";

import { components } from "../_generated/api";
import type { MutationCtx } from "../_generated/server";
import { appError } from "./errors.ts";

/**
 * Token buckets: `capacity` attempts at once, then `rate` more in every `period` (milliseconds).
 * They slow an abuser down and never lock anybody out for good.
 *
 * Failed sign-ins are counted by who tries (the address), by what is tried from there, and by
 * account over all addresses.
 */
const LIMITS = {
  signInFromAddress: { kind: "token bucket", rate: 1, period: 20 * SECOND, capacity: 30 },
  signInFromAddressToAccount: { kind: "token bucket", rate: 1, period: 30 * SECOND, capacity: 10 },
  signInToAccount: { kind: "token bucket", rate: 1, period: MINUTE, capacity: 50 },
  signUp: { kind: "token bucket", rate: 1, period: 3 * MINUTE, capacity: 20 },
  guest: { kind: "token bucket", rate: 1, period: 5 * SECOND, capacity: 120 },
  /** Each beginning takes an order number and stock; nobody needs as many. */
  beginCheckout: { kind: "token bucket", rate: 1, period: 30 * SECOND, capacity: 20 },
  /** Each opening may ask the provider. */
  openPayment: { kind: "token bucket", rate: 1, period: 20 * SECOND, capacity: 30 },
} as const;

type LimitName = keyof typeof LIMITS;

export const rateLimiter = new RateLimiter(components.rateLimiter, LIMITS);

/** Counts an attempt. Throws RATE_LIMITED with the time until the next one may be made. */
export async function takeToken(ctx: MutationCtx, name: LimitName, key: string): Promise<void> {
  const status = await rateLimiter.limit(ctx, name, { key });
  if (!status.ok) {
    throw appError({ code: "RATE_LIMITED", retryAfterMs: Math.ceil(status.retryAfter) });
  }
}

/** Takes back an attempt that was counted but turned out to be in order. */
export async function giveTokenBack(ctx: MutationCtx, name: LimitName, key: string): Promise<void> {
  await rateLimiter.limit(ctx, name, { key, count: -1 });
}

/** Forgets buckets made before `before` (milliseconds), in batches of the component's own. */
export async function forgetBuckets(ctx: MutationCtx, before: number): Promise<void> {
  await ctx.runMutation(components.rateLimiter.lib.clearAll, { before });
}
