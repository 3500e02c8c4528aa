import type { Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { deleteCart } from "./cart.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A guest who returns within this time finds the cart. */
export const GUEST_LIFETIME_MS = 60 * DAY_MS;

const BATCH = 100;

/** Like the sweeps below: deletes a batch and says whether there may be more. */
export async function sweepSessions(ctx: MutationCtx, now: number): Promise<boolean> {
  const expired = await ctx.db
    .query("authSessions")
    .withIndex("by_expirationTime", (q) => q.lt("expirationTime", now))
    .take(BATCH);
  for (const { _id } of expired) await ctx.db.delete("authSessions", _id);
  const tokens = await ctx.db
    .query("authRefreshTokens")
    .withIndex("by_expirationTime", (q) => q.lt("expirationTime", now))
    .take(BATCH);
  for (const { _id } of tokens) await ctx.db.delete("authRefreshTokens", _id);
  return expired.length === BATCH || tokens.length === BATCH;
}

/** Guests' carts that nobody came back for; an account keeps its cart. */
export async function sweepCarts(ctx: MutationCtx, now: number): Promise<boolean> {
  const stale = await ctx.db
    .query("carts")
    .withIndex("by_updatedAt", (q) => q.lt("updatedAt", now - GUEST_LIFETIME_MS))
    .take(BATCH);
  for (const cart of stale) {
    const owner = await ctx.db.get("users", cart.userId);
    if (owner?.kind === "account") {
      // Looked at again after another lifetime.
      await ctx.db.patch("carts", cart._id, { updatedAt: now });
    } else {
      await deleteCart(ctx, cart);
    }
  }
  return stale.length === BATCH;
}

/**
 * Guests who can never come back and left nothing behind. Walks over all old guests, since many
 * stay for the sake of an order; returns where to go on, or null at the end.
 */
export async function sweepGuests(
  ctx: MutationCtx,
  { now, cursor }: { now: number; cursor: string | null },
): Promise<string | null> {
  const old = await ctx.db
    .query("users")
    .withIndex("by_kind_and_registeredAt", (q) =>
      q.eq("kind", "guest").lt("registeredAt", now - GUEST_LIFETIME_MS),
    )
    .paginate({ numItems: BATCH, cursor });
  for (const { _id } of old.page) {
    if (!(await hasTraces(ctx, _id))) await ctx.db.delete("users", _id);
  }
  return old.isDone ? null : old.continueCursor;
}

async function hasTraces(ctx: MutationCtx, userId: Id<"users">): Promise<boolean> {
  const traces = await Promise.all([
    ctx.db
      .query("authSessions")
      .withIndex("userId", (q) => q.eq("userId", userId))
      .first(),
    ctx.db
      .query("carts")
      .withIndex("by_userId", (q) => q.eq("userId", userId))
      .first(),
    ctx.db
      .query("orders")
      .withIndex("by_userId_and_placedAt", (q) => q.eq("userId", userId))
      .first(),
  ]);
  return traces.some((trace) => trace !== null);
}
