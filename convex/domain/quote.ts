import type { DeliveryMethod, DeliveryMethodId } from "./delivery.ts";
import { findDeliveryOption } from "./delivery.ts";
import { contentDigest } from "./digest.ts";
import type { Currency, Money } from "./money.ts";
import { add, compare, multiply, subtract, sum, taxIncluded } from "./money.ts";

/** One kind of thing in the cart at its live price, tax included. */
export type QuoteItem = {
  readonly variantId: string;
  readonly quantity: number;
  readonly unitPrice: Money;
  readonly weightGrams: number;
};

export type QuoteRules = {
  readonly currency: Currency;
  readonly deliveryMethods: readonly DeliveryMethod[];
  readonly taxRateBasisPoints: number;
};

export type QuoteInput = {
  readonly items: readonly QuoteItem[];
  readonly deliveryMethod: DeliveryMethodId;
  readonly discount: Money;
};

/** `total = subtotal - discount + delivery`; the tax is contained in the total. */
export type QuoteTotals = {
  readonly version: string;
  readonly lineTotals: readonly Money[];
  readonly subtotal: Money;
  readonly discount: Money;
  readonly delivery: Money;
  readonly taxIncluded: Money;
  readonly total: Money;
};

/**
 * Prices a cart. Null when the delivery method cannot carry these items.
 * `version` is a digest of everything that changes what is charged, so equal carts at equal
 * prices have equal versions, and no stored state is needed to tell a stale quote.
 */
export function computeQuote(rules: QuoteRules, input: QuoteInput): QuoteTotals | null {
  const lineTotals = input.items.map((item) => multiply(item.unitPrice, item.quantity));
  const subtotal = sum(lineTotals, rules.currency);
  const discount = compare(input.discount, subtotal) > 0 ? subtotal : input.discount;
  const goodsValue = subtract(subtotal, discount);
  const parcel = { goodsValue, weightGrams: parcelWeight(input.items) };
  const option = findDeliveryOption(rules.deliveryMethods, parcel, input.deliveryMethod);
  if (option === null) return null;
  const total = add(goodsValue, option.price);
  const tax = taxIncluded(total, rules.taxRateBasisPoints);
  const amounts = { subtotal, discount, delivery: option.price, taxIncluded: tax, total };
  return { version: quoteVersion(rules, input, amounts), lineTotals, ...amounts };
}

/** Grams of all items together. */
export function parcelWeight(items: readonly Pick<QuoteItem, "quantity" | "weightGrams">[]) {
  return items.reduce((total, item) => total + item.weightGrams * item.quantity, 0);
}

function quoteVersion(rules: QuoteRules, input: QuoteInput, amounts: object): string {
  const items = input.items
    .map((item) => `${item.variantId} ${item.quantity} ${item.unitPrice.amount}`)
    .sort();
  const { currency, taxRateBasisPoints } = rules;
  return contentDigest(
    JSON.stringify([currency, taxRateBasisPoints, input.deliveryMethod, amounts, items]),
  );
}
