import { v } from "convex/values";

import { isDemo } from "../lib/env.ts";
import { internalMutation } from "../lib/functions.ts";
import * as DemoOrders from "../model/demoOrders.ts";
import { vDemoOrder } from "../tables/demoOrders.ts";

/** A batch of the demo shop's past orders; those that are here already are left alone. */
export const importOrders = internalMutation({
  args: { orders: v.array(vDemoOrder) },
  returns: v.null(),
  handler: async (ctx, { orders }) => {
    if (!isDemo()) throw new Error("Demo data can only be loaded where DEMO=1");
    for (const order of orders) await DemoOrders.importOrder(ctx, order);
    return null;
  },
});
