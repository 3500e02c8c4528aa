import type { Infer } from "convex/values";

import type { Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { lineState, lineTotal, payableQuantity, priceWas } from "../domain/cart.ts";
import { optionLabel } from "../domain/catalog.ts";
import type { DeliveryOption } from "../domain/delivery.ts";
import { deliveryOptionsFor } from "../domain/delivery.ts";
import type { Money } from "../domain/money.ts";
import { add, compare, sum, taxIncluded, zero } from "../domain/money.ts";
import type { vCartLineView, vCartView } from "../tables/cartViews.ts";
import type { CartItem } from "./cart.ts";
import { findCart, listCartItems } from "./cart.ts";
import { viewPicture } from "./pictures.ts";
import type { ShopSettings } from "./settings.ts";
import { getSettings } from "./settings.ts";

type CartView = Infer<typeof vCartView>;
type Ctx = Pick<QueryCtx, "db" | "storage">;

/** The cart with everything computed here, in one place, from what is true now. */
export async function viewCart(ctx: Ctx, userId: Id<"users"> | null): Promise<CartView> {
  const settings = await getSettings(ctx);
  const cart = userId === null ? null : await findCart(ctx, userId);
  const items = userId === null ? [] : await listCartItems(ctx, userId);
  const lines = await Promise.all(items.map((item) => viewLine(ctx, item)));
  const subtotal = sum(
    lines.map((line) => line.lineTotal),
    settings.currency,
  );
  const delivery = estimateDelivery(settings, items, subtotal);
  const deliveryEstimate = delivery?.price ?? null;
  const total = add(subtotal, deliveryEstimate ?? zero(settings.currency));
  return {
    lines,
    count: cart?.itemCount ?? 0,
    ...{ subtotal, deliveryEstimate, total },
    taxIncluded: taxIncluded(total, settings.taxRateBasisPoints),
    freeDeliveryFrom: delivery?.method.freeFrom ?? null,
    version: cart?.version ?? 0,
  };
}

async function viewLine(ctx: Ctx, item: CartItem): Promise<Infer<typeof vCartLineView>> {
  const { line, variant, product, available } = item;
  const { quantity, seenPrice } = line;
  const picture = product.pictures[variant.pictureIndex] ?? product.pictures[0];
  return {
    id: line._id,
    variantId: variant._id,
    productSlug: product.slug,
    sku: variant.sku,
    name: product.name,
    optionLabel: optionLabel(product.options, variant.options),
    picture: await viewPicture(ctx, picture),
    tint: product.tint,
    quantity,
    unitPrice: variant.price,
    priceWas: priceWas(seenPrice, variant.price),
    lineTotal: lineTotal(variant.price, quantity, available),
    available,
    state: lineState(quantity, available),
  };
}

function estimateDelivery(
  settings: ShopSettings,
  items: readonly CartItem[],
  subtotal: Money,
): DeliveryOption | null {
  const weightGrams = items.reduce(
    (total, { line, variant, available }) =>
      total + variant.weightGrams * payableQuantity(line.quantity, available),
    0,
  );
  if (subtotal.amount === 0) return null;
  const parcel = { goodsValue: subtotal, weightGrams };
  const options = deliveryOptionsFor(settings.deliveryMethods, parcel);
  return options.reduce<DeliveryOption | null>(
    (cheapest, option) =>
      cheapest === null || compare(option.price, cheapest.price) < 0 ? option : cheapest,
    null,
  );
}
