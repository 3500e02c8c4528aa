import type { Infer } from "convex/values";
import { v } from "convex/values";

import type { Doc } from "../_generated/dataModel";
import { hasTakenMoney } from "../domain/order.ts";
import { hasPermission } from "../domain/permissions.ts";
import type { AuditRecord } from "../lib/audit.ts";
import { appError } from "../lib/errors.ts";
import { staffMutation, staffQuery } from "../lib/functions.ts";
import * as Cancellations from "../model/cancellations.ts";
import * as Fulfilment from "../model/fulfilment.ts";
import * as ManualPayments from "../model/manualPayments.ts";
import * as OrderEvents from "../model/orderEvents.ts";
import * as OrderSearch from "../model/orderSearch.ts";
import * as OrderTotals from "../model/orderTotals.ts";
import * as OrderViews from "../model/orderViews.ts";
import * as Orders from "../model/orders.ts";
import { vAdminOrder, vAdminOrderRow, vOrderCounts } from "../tables/orderViews.ts";
import { vOrderState, vShipment } from "../tables/orders.ts";

const vOrderNumber = { orderNumber: v.string() };

type Fulfilment = Infer<typeof vAdminOrder>["axes"]["fulfilment"];

/**
 * Pages count from one. A search stops at its best 200 matches; `isTotalExact` says whether it did.
 */
export const list = staffQuery({
  permission: "order:read:any",
  args: {
    status: v.union(vOrderState, v.null()),
    search: v.string(),
    page: v.number(),
    pageSize: v.number(),
  },
  returns: v.object({
    rows: v.array(vAdminOrderRow),
    total: v.number(),
    isTotalExact: v.boolean(),
    page: v.number(),
  }),
  handler: async (ctx, args) => {
    const found = await OrderSearch.search(ctx, args);
    return { ...found, rows: found.rows.map(OrderViews.viewRow) };
  },
});

/** How many orders there are in all and of each state. Follows a change within moments. */
export const counts = staffQuery({
  permission: "order:read:any",
  args: {},
  returns: vOrderCounts,
  handler: (ctx) => OrderTotals.countEach(ctx),
});

/** Throws NOT_FOUND. */
export const get = staffQuery({
  permission: "order:read:any",
  args: vOrderNumber,
  returns: vAdminOrder,
  handler: async (ctx, { orderNumber }) => {
    const order = await Orders.getByNumber(ctx, orderNumber);
    return await OrderViews.viewForStaff(ctx, { order, viewer: ctx.viewer });
  },
});

/** Throws NOT_FOUND, ORDER_TRANSITION. */
export const startProcessing = staffMutation({
  permission: "order:fulfil",
  action: "orders.startProcessing",
  args: vOrderNumber,
  returns: v.null(),
  handler: async (ctx, { orderNumber }) => {
    const order = await Orders.getByNumber(ctx, orderNumber);
    await Fulfilment.startProcessing(ctx, { order, actor: OrderEvents.staff(ctx.viewer) });
    ctx.audit.record(moved(order, "processing"));
    return null;
  },
});

/** Throws NOT_FOUND, INVALID_INPUT, ORDER_TRANSITION. */
export const ship = staffMutation({
  permission: "order:fulfil",
  action: "orders.ship",
  args: { ...vOrderNumber, ...vShipment.fields },
  returns: v.null(),
  handler: async (ctx, { orderNumber, ...shipment }) => {
    const order = await Orders.getByNumber(ctx, orderNumber);
    await Fulfilment.ship(ctx, { order, actor: OrderEvents.staff(ctx.viewer), shipment });
    ctx.audit.record(moved(order, "shipped"));
    return null;
  },
});

/** Throws NOT_FOUND, ORDER_TRANSITION. */
export const deliver = staffMutation({
  permission: "order:fulfil",
  action: "orders.deliver",
  args: vOrderNumber,
  returns: v.null(),
  handler: async (ctx, { orderNumber }) => {
    const order = await Orders.getByNumber(ctx, orderNumber);
    await Fulfilment.deliver(ctx, { order, actor: OrderEvents.staff(ctx.viewer) });
    ctx.audit.record(moved(order, "delivered"));
    return null;
  },
});

/** Money that was taken is given back. Throws NOT_FOUND, FORBIDDEN, INVALID_INPUT, ORDER_TRANSITION. */
export const cancel = staffMutation({
  permission: "order:cancel:unpaid",
  action: "orders.cancel",
  args: { ...vOrderNumber, reason: v.string() },
  returns: v.null(),
  handler: async (ctx, { orderNumber, reason: typed }) => {
    const order = await Orders.getByNumber(ctx, orderNumber);
    if (hasTakenMoney(order) && !hasPermission(ctx.viewer.role, "order:cancel:paid")) {
      throw appError({ code: "FORBIDDEN", permission: "order:cancel:paid" });
    }
    const reason = Cancellations.reasonOfPerson(typed);
    await Cancellations.cancel(ctx, { order, actor: OrderEvents.staff(ctx.viewer), reason });
    ctx.audit.record(moved(order, "cancelled"));
    return null;
  },
});

/** `amount` in minor units. Throws NOT_FOUND, INVALID_INPUT, ORDER_TRANSITION. */
export const refund = staffMutation({
  permission: "order:refund",
  action: "orders.refund",
  args: { ...vOrderNumber, amount: v.number(), reason: v.string() },
  returns: v.null(),
  handler: async (ctx, { orderNumber, amount, reason }) => {
    const order = await Orders.getByNumber(ctx, orderNumber);
    const actor = OrderEvents.staff(ctx.viewer);
    await ManualPayments.refund(ctx, { order, actor, amount, reason });
    ctx.audit.record(changed(order, { field: "refund", before: null, after: amount }));
    return null;
  },
});

/** The bank transfer has arrived. Throws NOT_FOUND, ORDER_NOT_PAYABLE. */
export const confirmTransfer = staffMutation({
  permission: "payment:confirm",
  action: "orders.confirmTransfer",
  args: vOrderNumber,
  returns: v.null(),
  handler: async (ctx, { orderNumber }) => {
    const order = await Orders.getByNumber(ctx, orderNumber);
    await ManualPayments.confirmTransfer(ctx, order);
    ctx.audit.record(changed(order, { field: "payment", before: order.payment, after: "paid" }));
    return null;
  },
});

/** The refund was transferred by hand. Throws NOT_FOUND. */
export const confirmRefund = staffMutation({
  permission: "order:refund",
  action: "orders.confirmRefund",
  args: { refundId: v.id("refunds") },
  returns: v.null(),
  handler: async (ctx, { refundId }) => {
    const { order, amount } = await ManualPayments.confirmRefund(ctx, refundId);
    ctx.audit.record(changed(order, { field: "refunded", before: null, after: amount.amount }));
    return null;
  },
});

function moved(order: Doc<"orders">, to: Fulfilment): AuditRecord {
  return changed(order, { field: "fulfilment", before: order.fulfilment, after: to });
}

function changed(order: Doc<"orders">, change: AuditRecord["changes"][number]): AuditRecord {
  const subject = { table: "orders", id: order._id, label: order.number };
  return { subject, changes: [change] };
}
