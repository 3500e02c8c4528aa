import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { takeFromCart } from "./cart.ts";
import * as Orders from "./orders.ts";

/**
 * The checkout has become a purchase: what was bought leaves the cart (what was added meanwhile
 * stays), and the next checkout begins anew. Nothing happens for an order that has left the
 * checkout before, so that a later payment does not empty the next cart.
 */
export async function settle(ctx: MutationCtx, order: Doc<"orders">): Promise<void> {
  const wasInCheckout = await Orders.leaveCheckout(ctx, order);
  const { userId } = order;
  if (!wasInCheckout || userId === null) return;
  const lines = await Orders.listLines(ctx, order._id);
  const bought = lines.flatMap(({ variantId, quantity }) =>
    variantId === null ? [] : [{ variantId, quantity }],
  );
  await takeFromCart(ctx, { userId, bought });
}
