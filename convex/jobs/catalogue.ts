import { v } from "convex/values";

import { internalMutation } from "../lib/functions.ts";

const BATCH = 100;

/** Products whose time as a new arrival is over stop being one. */
export const retireNewArrivals = internalMutation({
  args: {},
  returns: v.number(),
  handler: async (ctx) => {
    const over = await ctx.db
      .query("products")
      .withIndex("by_isNew_and_newUntil", (q) => q.eq("isNew", true).lt("newUntil", Date.now()))
      .take(BATCH);
    for (const { _id } of over) await ctx.db.patch("products", _id, { isNew: false });
    return over.length;
  },
});
