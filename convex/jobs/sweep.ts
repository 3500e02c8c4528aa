import { DAY } from "@convex-dev/rate-limiter";
import { v } from "convex/values";

import { internal } from "../_generated/api";
import { internalMutation } from "../lib/functions.ts";
import { forgetBuckets } from "../lib/rateLimit.ts";
import * as Sweeps from "../model/sweeps.ts";

/** Sign-ins that have expired. */
export const sessions = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    if (await Sweeps.sweepSessions(ctx, Date.now())) {
      await ctx.scheduler.runAfter(0, internal.jobs.sweep.sessions, {});
    }
    return null;
  },
});

/** Carts of guests who did not come back. */
export const carts = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    if (await Sweeps.sweepCarts(ctx, Date.now())) {
      await ctx.scheduler.runAfter(0, internal.jobs.sweep.carts, {});
    }
    return null;
  },
});

/** Guests who cannot come back. */
export const guests = internalMutation({
  args: { cursor: v.union(v.string(), v.null()) },
  returns: v.null(),
  handler: async (ctx, { cursor }) => {
    const next = await Sweeps.sweepGuests(ctx, { now: Date.now(), cursor });
    if (next !== null) {
      await ctx.scheduler.runAfter(0, internal.jobs.sweep.guests, { cursor: next });
    }
    return null;
  },
});

/** Counts of attempts that are a day old. The longest limit is full again in less. */
export const rateLimits = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await forgetBuckets(ctx, Date.now() - DAY);
    return null;
  },
});
