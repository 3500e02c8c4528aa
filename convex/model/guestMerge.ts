import type { Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { mergeCarts } from "./cart.ts";

const MAX_GUEST_ORDERS = 200;

/**
 * What a guest did becomes the account's: cart, orders and the checkout that was begun. Marked on
 * the guest's row in the same transaction, so that signing in twice merges once.
 */
export async function mergeGuest(
  ctx: MutationCtx,
  { guestId, userId }: { guestId: Id<"users">; userId: Id<"users"> },
): Promise<void> {
  const guest = await ctx.db.get("users", guestId);
  if (guest?.kind !== "guest" || guest.mergedIntoUserId !== null || guestId === userId) return;
  await ctx.db.patch("users", guestId, { mergedIntoUserId: userId });
  await mergeCarts(ctx, { fromUserId: guestId, toUserId: userId });
  await moveOrders(ctx, guestId, userId);
  await moveCheckout(ctx, guestId, userId);
}

async function moveOrders(
  ctx: MutationCtx,
  guestId: Id<"users">,
  userId: Id<"users">,
): Promise<void> {
  const orders = await ctx.db
    .query("orders")
    .withIndex("by_userId_and_placedAt", (q) => q.eq("userId", guestId))
    .take(MAX_GUEST_ORDERS);
  for (const { _id } of orders) await ctx.db.patch("orders", _id, { userId });
}

/** What was typed last wins; the account's own entries fill what the guest left open. */
async function moveCheckout(
  ctx: MutationCtx,
  guestId: Id<"users">,
  userId: Id<"users">,
): Promise<void> {
  const guests = await findCheckout(ctx, guestId);
  if (guests === null) return;
  const mine = await findCheckout(ctx, userId);
  if (mine === null) {
    await ctx.db.patch("checkouts", guests._id, { userId });
    return;
  }
  await ctx.db.patch("checkouts", mine._id, {
    contact: guests.contact ?? mine.contact,
    address: guests.address ?? mine.address,
    deliveryMethod: guests.deliveryMethod ?? mine.deliveryMethod,
    orderId: guests.orderId ?? mine.orderId,
    updatedAt: Date.now(),
  });
  await ctx.db.delete("checkouts", guests._id);
}

async function findCheckout(ctx: MutationCtx, userId: Id<"users">) {
  return await ctx.db
    .query("checkouts")
    .withIndex("by_userId", (q) => q.eq("userId", userId))
    .unique();
}
