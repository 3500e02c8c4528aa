import type { Infer } from "convex/values";

import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { optionLabel } from "../domain/catalog.ts";
import { demoOrderAxes, demoOrderFault } from "../domain/demoOrder.ts";
import { contentDigest } from "../domain/digest.ts";
import { LONG_HOLD_TTL_MS } from "../domain/hold.ts";
import { money } from "../domain/money.ts";
import { hasTakenMoney, orderState } from "../domain/order.ts";
import { parseOrderNumber } from "../domain/orderNumber.ts";
import type { vDemoOrder } from "../tables/demoOrders.ts";
import type { Actor } from "./orderEvents.ts";
import * as OrderEvents from "./orderEvents.ts";
import { SYSTEM } from "./orderEvents.ts";
import * as OrderTotals from "./orderTotals.ts";
import * as Orders from "./orders.ts";
import { searchText } from "./placedOrders.ts";
import type { ShopSettings } from "./settings.ts";
import { getSettings } from "./settings.ts";

type DemoOrder = Infer<typeof vDemoOrder>;
type DemoEvent = DemoOrder["timeline"][number]["event"];
type Customer = { user: Doc<"users">; address: Doc<"addresses"> };

const CARRIER = "Parcel post";
const STAFF: Actor = { kind: "staff", userId: null, name: null };

const EVENT_KINDS = {
  placed: "placed",
  paid: "paid",
  processing: "processing",
  shipped: "shipped",
  delivered: "delivered",
  cancelled: "cancelled",
  return_received: "returnReceived",
  refunded_partial: "partiallyRefunded",
  refunded_full: "refunded",
} as const satisfies Record<DemoEvent, Doc<"orderEvents">["kind"]>;

/**
 * Writes an order of the past as it is told: no stock moves and no mail goes out. An order that is
 * here already is left alone. Throws for one that does not add up or that names an unknown
 * customer or product.
 */
export async function importOrder(ctx: MutationCtx, demo: DemoOrder): Promise<void> {
  const settings = await getSettings(ctx);
  const fault = demoOrderFault(demo, settings.taxRateBasisPoints);
  if (fault !== null) throw new Error(`Demo order ${demo.number}: ${fault}`);
  if (await exists(ctx, demo.number)) return;
  const customer = await getCustomer(ctx, demo);
  const order = await insertOrder(ctx, { demo, customer, settings });
  for (const [position, item] of demo.items.entries()) {
    await insertLine(ctx, { orderId: order._id, position, item, number: demo.number });
  }
  await insertPayment(ctx, order, demo);
  await insertEvents(ctx, { order, demo, customer });
  await Orders.reserveNumbersUpTo(ctx, parseOrderNumber(demo.number) ?? 0);
}

async function exists(ctx: MutationCtx, number: string): Promise<boolean> {
  const order = await ctx.db
    .query("orders")
    .withIndex("by_number", (q) => q.eq("number", number))
    .unique();
  return order !== null;
}

async function getCustomer(ctx: MutationCtx, { email, number }: DemoOrder): Promise<Customer> {
  const user = await ctx.db
    .query("users")
    .withIndex("by_email", (q) => q.eq("email", email))
    .unique();
  const address =
    user === null
      ? null
      : await ctx.db
          .query("addresses")
          .withIndex("by_userId", (q) => q.eq("userId", user._id))
          .first();
  if (user === null || address === null) {
    throw new Error(`Demo order ${number}: there is no customer ${email} with an address`);
  }
  return { user, address };
}

async function insertOrder(
  ctx: MutationCtx,
  options: { demo: DemoOrder; customer: Customer; settings: ShopSettings },
): Promise<Doc<"orders">> {
  const { demo, customer } = options;
  const { user } = customer;
  const { name, line1, line2, postalCode, city, region, country } = customer.address;
  const address = { name, line1, line2, postalCode, city, region, country };
  const contact = { name, email: demo.email, phone: user.phone };
  const axes = demoOrderAxes(demo);
  const placedAt = demo.timeline[0]?.at ?? 0;
  const orderId = await ctx.db.insert("orders", {
    ...{ number: demo.number, userId: user._id, ...axes, state: orderState(axes) },
    attention: null,
    paymentMethod: paymentMethodOf(demo),
    quoteVersion: contentDigest(demo.number),
    ...{ contact, address, delivery: deliveryOf(options) },
    itemCount: demo.items.reduce((count, { quantity }) => count + quantity, 0),
    ...{ subtotal: money(demo.subtotal), discount: money(demo.discount) },
    ...{ deliveryPrice: money(demo.shipping), taxIncluded: money(demo.taxIncluded) },
    total: money(demo.total),
    shipment: shipmentOf(demo),
    cancelReason: axes.fulfilment === "cancelled" ? { kind: "byCustomer" } : null,
    customerNote: demo.customerNote,
    payableUntil: axes.payment === "awaiting" ? Date.now() + LONG_HOLD_TTL_MS : placedAt,
    placedAt,
    searchText: searchText({ number: demo.number, contact, address }),
  });
  const order = await Orders.getById(ctx, orderId);
  await OrderTotals.add(ctx, order);
  return order;
}

function deliveryOf({ demo, settings }: { demo: DemoOrder; settings: ShopSettings }) {
  const methodId = demo.shippingMethod;
  const method = settings.deliveryMethods.find(({ id }) => id === methodId);
  if (method === undefined) throw new Error(`Demo order ${demo.number}: no method ${methodId}`);
  const { name, minDays, maxDays } = method;
  return { methodId, name, minDays, maxDays };
}

function shipmentOf({ trackingNumber }: DemoOrder): Doc<"orders">["shipment"] {
  return trackingNumber === null ? null : { carrier: CARRIER, trackingNumber };
}

// The shop takes cards through PayPal, and an invoice is paid by transfer.
function paymentMethodOf({ paymentMethod }: DemoOrder): Doc<"orders">["paymentMethod"] {
  return paymentMethod === "card" ? "paypal" : "bankTransfer";
}

async function insertLine(
  ctx: MutationCtx,
  options: {
    orderId: Id<"orders">;
    position: number;
    item: DemoOrder["items"][number];
    number: string;
  },
): Promise<void> {
  const { orderId, position, item, number } = options;
  const variant = await ctx.db
    .query("variants")
    .withIndex("by_sku", (q) => q.eq("sku", item.sku))
    .unique();
  const product = variant === null ? null : await ctx.db.get("products", variant.productId);
  if (variant === null || product === null) {
    throw new Error(`Demo order ${number}: there is no product with the SKU ${item.sku}`);
  }
  await ctx.db.insert("orderLines", {
    ...{ orderId, position, productId: product._id, variantId: variant._id },
    ...{ productSlug: product.slug, sku: item.sku, name: item.name, quantity: item.quantity },
    optionLabel: optionLabel(product.options, item.options ?? {}),
    unitPrice: money(item.unitPrice),
    lineTotal: money(item.lineTotal),
    weightGrams: variant.weightGrams,
    picture: product.pictures[variant.pictureIndex] ?? product.pictures[0] ?? null,
    tint: product.tint,
  });
}

/** The provider never heard of it, so the payment has no id there and a refund is made by hand. */
async function insertPayment(
  ctx: MutationCtx,
  order: Doc<"orders">,
  demo: DemoOrder,
): Promise<void> {
  const isCaptured = hasTakenMoney(order) || order.payment === "refunded";
  const paymentId = await ctx.db.insert("payments", {
    ...{ orderId: order._id, method: order.paymentMethod, amount: order.total, attempt: 1 },
    quoteVersion: order.quoteVersion,
    status: isCaptured ? "captured" : "created",
    ...{ providerOrderId: null, voidedOrderId: null, captureId: null, captureStatus: null },
    reason: null,
    changedAt: demo.timeline.find(({ event }) => event === "paid")?.at ?? order.placedAt,
  });
  for (const { amount, reason, at } of demo.refunds) {
    await ctx.db.insert("refunds", {
      ...{ orderId: order._id, paymentId, amount: money(amount), reason, state: "completed" },
      ...{ providerRefundId: null, providerStatus: null, failures: 0, requestedAt: at },
      nextAttemptAt: null,
    });
  }
}

async function insertEvents(
  ctx: MutationCtx,
  { order, demo, customer }: { order: Doc<"orders">; demo: DemoOrder; customer: Customer },
): Promise<void> {
  const { user, address } = customer;
  const buyer: Actor = { kind: "customer", userId: user._id, name: address.name };
  for (const { event, at } of demo.timeline) {
    const kind = EVENT_KINDS[event];
    const actor = actorOf(kind, buyer);
    const refund = demo.refunds.find((entry) => entry.at === at);
    const amount = kind === "placed" || kind === "paid" ? order.total : money(refund?.amount ?? 0);
    const withAmount = amount.amount === 0 ? {} : { amount };
    await OrderEvents.add(ctx, { orderId: order._id, kind, actor, at, ...withAmount });
  }
  if (order.fulfilment !== "cancelled") return;
  for (const { amount, at } of demo.refunds) {
    const refunded = { kind: "refunded", actor: STAFF, amount: money(amount), at } as const;
    await OrderEvents.add(ctx, { orderId: order._id, ...refunded });
  }
}

function actorOf(kind: Doc<"orderEvents">["kind"], buyer: Actor): Actor {
  if (kind === "placed" || kind === "cancelled") return buyer;
  return kind === "paid" ? SYSTEM : STAFF;
}
