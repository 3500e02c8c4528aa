import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";

import { guestMutation, guestQuery } from "../lib/functions.ts";
import * as Cancellations from "../model/cancellations.ts";
import { boundedPage } from "../model/catalog.ts";
import * as OrderEvents from "../model/orderEvents.ts";
import * as OrderViews from "../model/orderViews.ts";
import * as Orders from "../model/orders.ts";
import { vOrderSummary, vOrderView } from "../tables/orderViews.ts";

const MAX_PAGE_SIZE = 30;

/** The viewer's orders, the latest first. */
export const list = guestQuery({
  args: { paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vOrderSummary),
  handler: async (ctx, { paginationOpts }) => {
    const orders = await ctx.db
      .query("orders")
      .withIndex("by_userId_and_placedAt", (q) => q.eq("userId", ctx.viewer.userId))
      .order("desc")
      .paginate(boundedPage(paginationOpts, MAX_PAGE_SIZE));
    const page = await Promise.all(orders.page.map((order) => OrderViews.viewSummary(ctx, order)));
    return { ...orders, page };
  },
});

/** Throws NOT_FOUND, also for an order of somebody else. */
export const get = guestQuery({
  args: { orderNumber: v.string() },
  returns: vOrderView,
  handler: async (ctx, { orderNumber: number }) => {
    const order = await Orders.getOwn(ctx, { number, userId: ctx.viewer.userId });
    return await OrderViews.viewOwn(ctx, order);
  },
});

/** Until packing starts. Throws NOT_FOUND, ORDER_TRANSITION. */
export const cancel = guestMutation({
  args: { orderNumber: v.string() },
  returns: v.null(),
  handler: async (ctx, { orderNumber: number }) => {
    const order = await Orders.getOwn(ctx, { number, userId: ctx.viewer.userId });
    const actor = OrderEvents.customer(ctx.viewer);
    await Cancellations.cancel(ctx, { order, actor, reason: { kind: "byCustomer" } });
    return null;
  },
});
