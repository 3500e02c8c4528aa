import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import {
  isQuantity,
  lineState,
  MAX_CART_LINES,
  MAX_LINE_QUANTITY,
  mergedQuantity,
  payableQuantity,
} from "../domain/cart.ts";
import { isSame } from "../domain/money.ts";
import { availableOf } from "../domain/stock.ts";
import { appError, invalidInput, notFound } from "../lib/errors.ts";
import { heldInCheckout } from "./holds.ts";
import { getStock } from "./stock.ts";

type DbCtx = Pick<QueryCtx, "db">;

/** A line with what it is about, as things are now. */
export type CartItem = {
  line: Doc<"cartLines">;
  variant: Doc<"variants">;
  product: Doc<"products">;
  /**
   * Units for sale to this customer, those included that their own checkout has set aside; none
   * when the product or the variant is archived.
   */
  available: number;
};

export async function findCart(ctx: DbCtx, userId: Id<"users">): Promise<Doc<"carts"> | null> {
  return await ctx.db
    .query("carts")
    .withIndex("by_userId", (q) => q.eq("userId", userId))
    .unique();
}

/** The things in somebody's cart in the order in which they were added; empty without a cart. */
export async function listCartItems(ctx: DbCtx, userId: Id<"users">): Promise<CartItem[]> {
  const cart = await findCart(ctx, userId);
  if (cart === null) return [];
  const lines = await listLines(ctx, cart._id);
  const own = await heldInCheckout(ctx, userId);
  const items = await Promise.all(lines.map((line) => findItem(ctx, line, own)));
  return items.filter((item) => item !== null);
}

/** True when the customer has not seen what a line is now: another price, or too few left. */
export function isChanged({ line, variant, available }: CartItem): boolean {
  return !isSame(line.seenPrice, variant.price) || lineState(line.quantity, available) !== "ok";
}

type Change = { userId: Id<"users">; variantId: Id<"variants">; quantity: number };

/**
 * Puts more of a thing into the cart and returns the number of things in it. Throws INVALID_INPUT,
 * NOT_FOUND, QUANTITY_LIMIT, or OUT_OF_STOCK with what is available; then nothing has changed.
 */
export async function addToCart(ctx: MutationCtx, change: Change): Promise<number> {
  const { userId, variantId } = change;
  if (!isQuantity(change.quantity)) throw invalidInput("quantity", "wholeNumber");
  const variant = await getVariantForSale(ctx, variantId);
  const cart = (await findCart(ctx, userId)) ?? (await createCart(ctx, userId));
  const line = await findLine(ctx, cart._id, variantId);
  const quantity = (line?.quantity ?? 0) + change.quantity;
  await requireQuantity(ctx, { userId, variant, quantity });
  if (line === null) {
    if ((await listLines(ctx, cart._id)).length >= MAX_CART_LINES) {
      throw appError({ code: "QUANTITY_LIMIT", max: MAX_CART_LINES });
    }
    const seenPrice = variant.price;
    await ctx.db.insert("cartLines", { cartId: cart._id, variantId, quantity, seenPrice });
  } else {
    await ctx.db.patch("cartLines", line._id, { quantity });
  }
  return await recount(ctx, cart);
}

/**
 * Puts back what was just removed, as much as there still is. An undo that arrives twice, or after
 * the thing was added again, does not double the line.
 */
export async function restoreToCart(ctx: MutationCtx, change: Change): Promise<number> {
  const { userId, variantId } = change;
  if (!isQuantity(change.quantity)) throw invalidInput("quantity", "wholeNumber");
  const cart = (await findCart(ctx, userId)) ?? (await createCart(ctx, userId));
  const line = await findLine(ctx, cart._id, variantId);
  const available = availableOf(await getStock(ctx, variantId));
  const wanted = Math.min(change.quantity, available, MAX_LINE_QUANTITY);
  const quantity = wanted - (line?.quantity ?? 0);
  return quantity > 0 ? await addToCart(ctx, { userId, variantId, quantity }) : cart.itemCount;
}

/** Zero removes the line. Throws like {@link addToCart}; NOT_FOUND also for another's line. */
export async function setCartQuantity(
  ctx: MutationCtx,
  change: { userId: Id<"users">; lineId: Id<"cartLines">; quantity: number },
): Promise<number> {
  const { userId, lineId, quantity } = change;
  if (quantity === 0) return await removeFromCart(ctx, { userId, lineId });
  if (!isQuantity(quantity)) throw invalidInput("quantity", "wholeNumber");
  const { cart, line } = await getOwnLine(ctx, userId, lineId);
  const variant = await getVariantForSale(ctx, line.variantId);
  await requireQuantity(ctx, { userId, variant, quantity });
  await ctx.db.patch("cartLines", lineId, { quantity });
  return await recount(ctx, cart);
}

/** Removing what is already gone is no error: another tab was faster. */
export async function removeFromCart(
  ctx: MutationCtx,
  { userId, lineId }: { userId: Id<"users">; lineId: Id<"cartLines"> },
): Promise<number> {
  const cart = await findCart(ctx, userId);
  if (cart === null) return 0;
  const line = await ctx.db.get("cartLines", lineId);
  if (line === null || line.cartId !== cart._id) return cart.itemCount;
  await ctx.db.delete("cartLines", lineId);
  return await recount(ctx, cart);
}

/** The customer has seen the notes: prices count as known, quantities become what there is. */
export async function acknowledgeChanges(ctx: MutationCtx, userId: Id<"users">): Promise<number> {
  const cart = await findCart(ctx, userId);
  if (cart === null) return 0;
  for (const item of await listCartItems(ctx, userId)) {
    const { line, variant, available } = item;
    const quantity = payableQuantity(line.quantity, available);
    if (!isChanged(item)) continue;
    if (quantity === 0) await ctx.db.delete("cartLines", line._id);
    else await ctx.db.patch("cartLines", line._id, { quantity, seenPrice: variant.price });
  }
  return await recount(ctx, cart);
}

/** Takes what was bought out of the cart; what was added meanwhile stays. */
export async function takeFromCart(
  ctx: MutationCtx,
  purchase: { userId: Id<"users">; bought: readonly Omit<Change, "userId">[] },
): Promise<void> {
  const cart = await findCart(ctx, purchase.userId);
  if (cart === null) return;
  for (const { variantId, quantity } of purchase.bought) {
    const line = await findLine(ctx, cart._id, variantId);
    if (line === null) continue;
    const left = line.quantity - quantity;
    if (left > 0) await ctx.db.patch("cartLines", line._id, { quantity: left });
    else await ctx.db.delete("cartLines", line._id);
  }
  await recount(ctx, cart);
}

/**
 * Moves a guest's cart into an account's: quantities of the same thing are added up to what is
 * available, and the guest's cart is gone afterwards, so that a second merge finds nothing.
 */
export async function mergeCarts(
  ctx: MutationCtx,
  { fromUserId, toUserId }: { fromUserId: Id<"users">; toUserId: Id<"users"> },
): Promise<void> {
  const source = await findCart(ctx, fromUserId);
  if (source === null) return;
  const target = (await findCart(ctx, toUserId)) ?? (await createCart(ctx, toUserId));
  for (const line of await listLines(ctx, source._id)) {
    const existing = await findLine(ctx, target._id, line.variantId);
    if (existing === null) {
      await ctx.db.patch("cartLines", line._id, { cartId: target._id });
      continue;
    }
    const available = availableOf(await getStock(ctx, line.variantId));
    const quantity = mergedQuantity(existing.quantity, line.quantity, available);
    await ctx.db.patch("cartLines", existing._id, { quantity });
    await ctx.db.delete("cartLines", line._id);
  }
  await ctx.db.delete("carts", source._id);
  await recount(ctx, target);
}

/** Deletes a cart with its lines. */
export async function deleteCart(ctx: MutationCtx, cart: Doc<"carts">): Promise<void> {
  for (const line of await listLines(ctx, cart._id)) await ctx.db.delete("cartLines", line._id);
  await ctx.db.delete("carts", cart._id);
}

async function listLines(ctx: DbCtx, cartId: Id<"carts">): Promise<Doc<"cartLines">[]> {
  return await ctx.db
    .query("cartLines")
    .withIndex("by_cartId", (q) => q.eq("cartId", cartId))
    // Merging may have made one cart of several full ones.
    .take(10 * MAX_CART_LINES);
}

async function findLine(
  ctx: DbCtx,
  cartId: Id<"carts">,
  variantId: Id<"variants">,
): Promise<Doc<"cartLines"> | null> {
  return await ctx.db
    .query("cartLines")
    .withIndex("by_cartId_and_variantId", (q) => q.eq("cartId", cartId).eq("variantId", variantId))
    .unique();
}

async function findItem(
  ctx: DbCtx,
  line: Doc<"cartLines">,
  own: ReadonlyMap<Id<"variants">, number>,
): Promise<CartItem | null> {
  const variant = await ctx.db.get("variants", line.variantId);
  if (variant === null) return null;
  const product = await ctx.db.get("products", variant.productId);
  if (product === null) return null;
  const isForSale = variant.status === "active" && product.status === "active";
  const free = availableOf(await getStock(ctx, line.variantId));
  const available = isForSale ? free + (own.get(variant._id) ?? 0) : 0;
  return { line, variant, product, available };
}

async function getOwnLine(ctx: DbCtx, userId: Id<"users">, lineId: Id<"cartLines">) {
  const cart = await findCart(ctx, userId);
  const line = await ctx.db.get("cartLines", lineId);
  if (cart === null || line === null || line.cartId !== cart._id) throw notFound("cartLine");
  return { cart, line };
}

async function getVariantForSale(ctx: DbCtx, variantId: Id<"variants">): Promise<Doc<"variants">> {
  const variant = await ctx.db.get("variants", variantId);
  if (variant?.status !== "active") throw notFound("variant");
  const product = await ctx.db.get("products", variant.productId);
  if (product?.status !== "active") throw notFound("product");
  return variant;
}

async function requireQuantity(
  ctx: DbCtx,
  wish: { userId: Id<"users">; variant: Doc<"variants">; quantity: number },
): Promise<void> {
  const { userId, variant, quantity } = wish;
  const own = (await heldInCheckout(ctx, userId)).get(variant._id) ?? 0;
  const available = availableOf(await getStock(ctx, variant._id)) + own;
  if (quantity > available) {
    const product = await ctx.db.get("products", variant.productId);
    const name = product?.name ?? variant.sku;
    throw appError({ code: "OUT_OF_STOCK", sku: variant.sku, name, available });
  }
  if (quantity > MAX_LINE_QUANTITY) {
    throw appError({ code: "QUANTITY_LIMIT", max: MAX_LINE_QUANTITY });
  }
}

async function createCart(ctx: MutationCtx, userId: Id<"users">): Promise<Doc<"carts">> {
  const cart = { userId, version: 0, itemCount: 0, updatedAt: Date.now() };
  const cartId = await ctx.db.insert("carts", cart);
  return { ...cart, _id: cartId, _creationTime: cart.updatedAt };
}

async function recount(ctx: MutationCtx, cart: Doc<"carts">): Promise<number> {
  const lines = await listLines(ctx, cart._id);
  const itemCount = lines.reduce((total, { quantity }) => total + quantity, 0);
  const version = cart.version + 1;
  await ctx.db.patch("carts", cart._id, { version, itemCount, updatedAt: Date.now() });
  return itemCount;
}
