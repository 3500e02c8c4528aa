import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import type { DeliveryMethodId, DeliveryOption } from "../domain/delivery.ts";
import { deliveryOptionsFor } from "../domain/delivery.ts";
import type { AppError } from "../domain/errors.ts";
import { isSame, multiply, sum, zero } from "../domain/money.ts";
import type { QuoteItem, QuoteTotals } from "../domain/quote.ts";
import { computeQuote, parcelWeight } from "../domain/quote.ts";
import type { CartItem } from "./cart.ts";
import { listCartItems } from "./cart.ts";
import type { ShopSettings } from "./settings.ts";

type Db = Pick<QueryCtx, "db">;

export type PricedCart = {
  items: CartItem[];
  deliveryOptions: DeliveryOption[];
  /** Null for an empty cart, or while no delivery method is chosen that can carry it. */
  quote: QuoteTotals | null;
  /** What stands between this cart and an order, in the order of the lines. */
  problems: AppError[];
};

/** Prices the live cart. Nothing of it comes from the browser. */
export async function priceCart(
  ctx: Db,
  options: {
    userId: Id<"users">;
    settings: ShopSettings;
    deliveryMethod: DeliveryMethodId | null;
  },
): Promise<PricedCart> {
  const { settings, deliveryMethod } = options;
  const items = await listCartItems(ctx, options.userId);
  const priced = items.map(({ line, variant }) => quoteItem(variant, line.quantity));
  const isPriced = items.length > 0 && deliveryMethod !== null;
  const quote = isPriced
    ? computeQuote(settings, { items: priced, deliveryMethod, discount: zero() })
    : null;
  const problems = items.flatMap(problemsOfItem);
  if (isPriced && quote === null) {
    problems.push({ code: "INVALID_INPUT", field: "deliveryMethod", reason: "unavailable" });
  }
  return { items, deliveryOptions: optionsFor(settings, priced), quote, problems };
}

/**
 * What has changed about an order since its buyer agreed to it: a price, the delivery or the tax.
 * Null when the same lines would cost the same now.
 */
export async function findChange(
  ctx: Db,
  options: { order: Doc<"orders">; lines: Doc<"orderLines">[]; settings: ShopSettings },
): Promise<AppError | null> {
  const { order, lines, settings } = options;
  const items = [];
  for (const { variantId, name, quantity, unitPrice: was } of lines) {
    const variant = variantId === null ? null : await ctx.db.get("variants", variantId);
    if (variant?.status !== "active") return { code: "LINE_UNAVAILABLE", name };
    if (!isSame(variant.price, was)) {
      return { code: "PRICE_CHANGED", name, was, now: variant.price };
    }
    items.push(quoteItem(variant, quantity));
  }
  const { discount } = order;
  const input = { items, deliveryMethod: order.delivery.methodId, discount };
  const now = computeQuote(settings, input);
  return now?.version === order.quoteVersion ? null : { code: "QUOTE_STALE" };
}

function optionsFor(settings: ShopSettings, items: readonly QuoteItem[]): DeliveryOption[] {
  const goodsValue = sum(
    items.map((item) => multiply(item.unitPrice, item.quantity)),
    settings.currency,
  );
  const parcel = { goodsValue, weightGrams: parcelWeight(items) };
  return deliveryOptionsFor(settings.deliveryMethods, parcel);
}

function problemsOfItem({ line, variant, product, available }: CartItem): AppError[] {
  const { name } = product;
  if (variant.status !== "active" || product.status !== "active") {
    return [{ code: "LINE_UNAVAILABLE", name }];
  }
  const problems: AppError[] = [];
  if (available < line.quantity) {
    problems.push({ code: "OUT_OF_STOCK", sku: variant.sku, name, available });
  }
  if (!isSame(line.seenPrice, variant.price)) {
    problems.push({ code: "PRICE_CHANGED", name, was: line.seenPrice, now: variant.price });
  }
  return problems;
}

function quoteItem(variant: Doc<"variants">, quantity: number): QuoteItem {
  const { _id: variantId, price: unitPrice, weightGrams } = variant;
  return { variantId, quantity, unitPrice, weightGrams };
}
