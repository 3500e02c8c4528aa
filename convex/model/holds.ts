import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import type { AppError } from "../domain/errors.ts";
import { canMoveHold, held, sold, unheld } from "../domain/hold.ts";
import { availableOf } from "../domain/stock.ts";
import { internal } from "../_generated/api";

/** No order has more kinds of things. */
export const MAX_ORDER_LINES = 100;

type Db = Pick<QueryCtx, "db">;
type HoldLine = Pick<Doc<"orderLines">, "variantId" | "sku" | "name" | "quantity">;

/**
 * Sets every line aside until `expiresAt`, or nothing at all: the error says which line lacks how
 * much, and the caller either throws it or leaves the order without a hold.
 */
export async function take(
  ctx: MutationCtx,
  { orderId, lines, expiresAt }: { orderId: Id<"orders">; lines: HoldLine[]; expiresAt: number },
): Promise<AppError | null> {
  const rows: { line: HoldLine; stock: Doc<"stock"> }[] = [];
  for (const line of lines) {
    const stock = line.variantId === null ? null : await findStock(ctx, line.variantId);
    if (stock === null) return { code: "LINE_UNAVAILABLE", name: line.name };
    if (held(stock, line.quantity) === null) return outOfStock(line, availableOf(stock));
    rows.push({ line, stock });
  }
  for (const { line, stock } of rows) {
    await ctx.db.patch("stock", stock._id, { held: stock.held + line.quantity });
    const { variantId } = stock;
    const { quantity } = line;
    await ctx.db.insert("holds", { orderId, variantId, quantity, status: "active", expiresAt });
  }
  await scheduleRelease(ctx, orderId, expiresAt);
  return null;
}

/** The order's stock stays set aside, or is set aside again, at least until `until`. */
export async function ensure(
  ctx: MutationCtx,
  { orderId, lines, until }: { orderId: Id<"orders">; lines: HoldLine[]; until: number },
): Promise<AppError | null> {
  const active = await listActive(ctx, orderId);
  if (active.length === 0) return await take(ctx, { orderId, lines, expiresAt: until });
  const missing = await findUnbacked(ctx, active, lines);
  if (missing !== null) return missing;
  await moveExpiry(ctx, orderId, until);
  return null;
}

/** Prolongs what is held; an earlier time changes nothing. */
export async function moveExpiry(
  ctx: MutationCtx,
  orderId: Id<"orders">,
  expiresAt: number,
): Promise<void> {
  const earlier = (await listActive(ctx, orderId)).filter((hold) => hold.expiresAt < expiresAt);
  for (const hold of earlier) await ctx.db.patch("holds", hold._id, { expiresAt });
  if (earlier.length > 0) await scheduleRelease(ctx, orderId, expiresAt);
}

/** Shortens what is held to `expiresAt`, when a long wait has ended without a payment. */
export async function limitExpiry(
  ctx: MutationCtx,
  orderId: Id<"orders">,
  expiresAt: number,
): Promise<void> {
  const later = (await listActive(ctx, orderId)).filter((hold) => hold.expiresAt > expiresAt);
  for (const hold of later) await ctx.db.patch("holds", hold._id, { expiresAt });
  if (later.length > 0) await scheduleRelease(ctx, orderId, expiresAt);
}

/** Back to the shelf. */
export async function release(ctx: MutationCtx, orderId: Id<"orders">): Promise<void> {
  for (const hold of await listActive(ctx, orderId)) {
    const stock = await findStock(ctx, hold.variantId);
    if (stock !== null) {
      await ctx.db.patch("stock", stock._id, { held: unheld(stock, hold.quantity).held });
    }
    await moveHold(ctx, hold, "released");
  }
}

/** Sold. True when every unit was really there. */
export async function consume(ctx: MutationCtx, order: Doc<"orders">): Promise<boolean> {
  let missing = 0;
  for (const hold of await listActive(ctx, order._id)) {
    const stock = await findStock(ctx, hold.variantId);
    if (stock !== null) {
      const sale = sold(stock, hold.quantity);
      missing += sale.missing;
      await ctx.db.patch("stock", stock._id, sale.level);
      await recordMovement(ctx, { stock, onHand: sale.level.onHand, kind: "sale", order });
    }
    await moveHold(ctx, hold, "consumed");
  }
  return missing === 0;
}

/** Sold goods go back on the shelf. A second call finds nothing to return. */
export async function returnSold(ctx: MutationCtx, order: Doc<"orders">): Promise<void> {
  for (const hold of await listByStatus(ctx, order._id, "consumed")) {
    const stock = await findStock(ctx, hold.variantId);
    if (stock !== null) {
      const onHand = stock.onHand + hold.quantity;
      await ctx.db.patch("stock", stock._id, { onHand });
      await recordMovement(ctx, { stock, onHand, kind: "return", order });
    }
    await moveHold(ctx, hold, "returned");
  }
}

export async function listActive(ctx: Db, orderId: Id<"orders">): Promise<Doc<"holds">[]> {
  return await listByStatus(ctx, orderId, "active");
}

/** When the order's stock goes back to the shelf; null when none is held. */
export async function findExpiry(ctx: Db, orderId: Id<"orders">): Promise<number | null> {
  return (await listActive(ctx, orderId))[0]?.expiresAt ?? null;
}

/**
 * Units by variant that the shopper's own open checkout has set aside. They are not for sale to
 * others, and not out of stock for this shopper.
 */
export async function heldInCheckout(
  ctx: Db,
  userId: Id<"users">,
): Promise<Map<Id<"variants">, number>> {
  const checkout = await ctx.db
    .query("checkouts")
    .withIndex("by_userId", (q) => q.eq("userId", userId))
    .unique();
  const orderId = checkout?.orderId ?? null;
  const holds = orderId === null ? [] : await listActive(ctx, orderId);
  return new Map(holds.map((hold) => [hold.variantId, hold.quantity]));
}

async function listByStatus(
  ctx: Db,
  orderId: Id<"orders">,
  status: Doc<"holds">["status"],
): Promise<Doc<"holds">[]> {
  return await ctx.db
    .query("holds")
    .withIndex("by_orderId_and_status", (q) => q.eq("orderId", orderId).eq("status", status))
    .take(MAX_ORDER_LINES);
}

async function findStock(ctx: Db, variantId: Id<"variants">): Promise<Doc<"stock"> | null> {
  return await ctx.db
    .query("stock")
    .withIndex("by_variantId", (q) => q.eq("variantId", variantId))
    .unique();
}

// A count can be corrected downwards while units are held; such a hold promises what is not there.
async function findUnbacked(
  ctx: Db,
  holds: readonly Doc<"holds">[],
  lines: readonly HoldLine[],
): Promise<AppError | null> {
  for (const hold of holds) {
    const onHand = (await findStock(ctx, hold.variantId))?.onHand ?? 0;
    const line = lines.find(({ variantId }) => variantId === hold.variantId);
    if (line !== undefined && onHand < hold.quantity) return outOfStock(line, onHand);
  }
  return null;
}

async function moveHold(
  ctx: MutationCtx,
  hold: Doc<"holds">,
  status: Doc<"holds">["status"],
): Promise<void> {
  if (!canMoveHold(hold.status, status)) {
    throw new Error(`A hold that is ${hold.status} cannot become ${status}`);
  }
  await ctx.db.patch("holds", hold._id, { status });
}

async function recordMovement(
  ctx: MutationCtx,
  options: {
    stock: Doc<"stock">;
    onHand: number;
    kind: "sale" | "return";
    order: Doc<"orders">;
  },
): Promise<void> {
  const { stock, onHand, kind, order } = options;
  await ctx.db.insert("stockMovements", {
    variantId: stock.variantId,
    productId: stock.productId,
    kind,
    delta: onHand - stock.onHand,
    onHandAfter: onHand,
    reason: "",
    actorId: null,
    reference: order.number,
    at: Date.now(),
  });
}

async function scheduleRelease(
  ctx: MutationCtx,
  orderId: Id<"orders">,
  expiresAt: number,
): Promise<void> {
  await ctx.scheduler.runAt(expiresAt, internal.jobs.holds.release, { orderId });
}

function outOfStock(line: HoldLine, available: number): AppError {
  return { code: "OUT_OF_STOCK", sku: line.sku, name: line.name, available };
}
