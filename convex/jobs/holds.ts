import { v } from "convex/values";

import { internalMutation } from "../lib/functions.ts";
import * as Lapses from "../model/lapses.ts";

/** Runs when a hold is due; a hold that was prolonged meanwhile stays. */
export const release = internalMutation({
  args: { orderId: v.id("orders") },
  returns: v.null(),
  handler: async (ctx, { orderId }) => {
    await Lapses.releaseIfLapsed(ctx, orderId);
    return null;
  },
});

/** Holds whose release was put off because their payment was being decided. */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await Lapses.releaseLapsed(ctx);
    return null;
  },
});

/** Orders that nobody paid in time. */
export const cancelUnpaid = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await Lapses.cancelUnpaid(ctx);
    return null;
  },
});
