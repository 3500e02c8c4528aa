import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import type { OrderAttention, OrderFulfilment, OrderPayment } from "../domain/order.ts";
import { canMoveFulfilment, canMovePayment, orderState } from "../domain/order.ts";
import { ORDER_SEQUENCE_START, formatOrderNumber } from "../domain/orderNumber.ts";
import { appError, notFound } from "../lib/errors.ts";
import { MAX_ORDER_LINES } from "./holds.ts";
import type { Actor } from "./orderEvents.ts";
import * as OrderTotals from "./orderTotals.ts";

type Db = Pick<QueryCtx, "db">;

/** Throws NOT_FOUND. */
export async function getByNumber(ctx: Db, number: string): Promise<Doc<"orders">> {
  const order = await ctx.db
    .query("orders")
    .withIndex("by_number", (q) => q.eq("number", number))
    .unique();
  if (order === null) throw notFound("order");
  return order;
}

/** Throws NOT_FOUND. */
export async function getById(ctx: Db, orderId: Id<"orders">): Promise<Doc<"orders">> {
  const order = await ctx.db.get("orders", orderId);
  if (order === null) throw notFound("order");
  return order;
}

/** The viewer's own order. Throws NOT_FOUND for everybody else's: a number says nothing. */
export async function getOwn(
  ctx: Db,
  { number, userId }: { number: string; userId: Id<"users"> },
): Promise<Doc<"orders">> {
  const order = await getByNumber(ctx, number);
  if (order.userId !== userId) throw notFound("order");
  return order;
}

/** As `getOwn`, by id. */
export async function getOwnById(
  ctx: Db,
  { orderId, userId }: { orderId: Id<"orders">; userId: Id<"users"> },
): Promise<Doc<"orders">> {
  const order = await ctx.db.get("orders", orderId);
  if (order?.userId !== userId) throw notFound("order");
  return order;
}

export async function listLines(ctx: Db, orderId: Id<"orders">): Promise<Doc<"orderLines">[]> {
  return await ctx.db
    .query("orderLines")
    .withIndex("by_orderId_and_position", (q) => q.eq("orderId", orderId))
    .take(MAX_ORDER_LINES);
}

/**
 * The next number. The counter is read and raised in the transaction that places the order, so a
 * refused order leaves no gap.
 */
export async function nextNumber(ctx: MutationCtx): Promise<string> {
  const counter = await findCounter(ctx);
  const value = (counter?.value ?? ORDER_SEQUENCE_START) + 1;
  await writeCounter(ctx, counter, value);
  return formatOrderNumber(value);
}

/** Numbers given out from now on are above `sequence`, for orders that came in by an import. */
export async function reserveNumbersUpTo(ctx: MutationCtx, sequence: number): Promise<void> {
  const counter = await findCounter(ctx);
  if ((counter?.value ?? ORDER_SEQUENCE_START) >= sequence) return;
  await writeCounter(ctx, counter, sequence);
}

/** Moves the payment axis. A move that the table does not know is a fault of the caller. */
export async function setPayment(
  ctx: MutationCtx,
  orderId: Id<"orders">,
  payment: OrderPayment,
): Promise<void> {
  const order = await ctx.db.get("orders", orderId);
  if (order === null || order.payment === payment) return;
  if (!canMovePayment(order.payment, payment)) {
    throw new Error(`A payment that is ${order.payment} cannot become ${payment}`);
  }
  const state = orderState({ payment, fulfilment: order.fulfilment });
  await ctx.db.patch("orders", orderId, { payment, state });
  await OrderTotals.move(ctx, order, state);
}

/** Asks a person to look; the axes stay. */
export async function flag(
  ctx: MutationCtx,
  orderId: Id<"orders">,
  attention: OrderAttention,
): Promise<void> {
  await ctx.db.patch("orders", orderId, { attention });
}

/** The shopper's next checkout begins anew. False when the order was not the one in checkout. */
export async function leaveCheckout(ctx: MutationCtx, order: Doc<"orders">): Promise<boolean> {
  const { userId } = order;
  if (userId === null) return false;
  const checkout = await ctx.db
    .query("checkouts")
    .withIndex("by_userId", (q) => q.eq("userId", userId))
    .unique();
  if (checkout?.orderId !== order._id) return false;
  await ctx.db.patch("checkouts", checkout._id, { orderId: null });
  return true;
}

/** Moves the fulfilment axis. Throws ORDER_TRANSITION when that is not for this actor to do now. */
export async function moveFulfilment(
  ctx: MutationCtx,
  { order, to, actor }: { order: Doc<"orders">; to: OrderFulfilment; actor: Actor },
): Promise<void> {
  if (!canMoveFulfilment(order, to, actor.kind)) {
    throw appError({ code: "ORDER_TRANSITION", from: order.state, to });
  }
  const state = orderState({ payment: order.payment, fulfilment: to });
  await ctx.db.patch("orders", order._id, { fulfilment: to, state });
  await OrderTotals.move(ctx, order, state);
}

async function findCounter(ctx: Db): Promise<Doc<"counters"> | null> {
  return await ctx.db
    .query("counters")
    .withIndex("by_name", (q) => q.eq("name", "order"))
    .unique();
}

async function writeCounter(
  ctx: MutationCtx,
  counter: Doc<"counters"> | null,
  value: number,
): Promise<void> {
  if (counter === null) await ctx.db.insert("counters", { name: "order", value });
  else await ctx.db.patch("counters", counter._id, { value });
}
