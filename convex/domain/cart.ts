import type { Money } from "./money.ts";
import { isSame, multiply } from "./money.ts";

/** How many of one thing, and how many different things, a cart holds at most. */
export const MAX_LINE_QUANTITY = 99;
export const MAX_CART_LINES = 100;

/**
 * - `ok`: can be bought as it is.
 * - `reduced`: fewer are left than asked for; only those count in the total.
 * - `unavailable`: none is left, or it is no longer sold; it counts for nothing.
 */
export type LineState = "ok" | "reduced" | "unavailable";

export function lineState(quantity: number, available: number): LineState {
  if (available <= 0) return "unavailable";
  return available < quantity ? "reduced" : "ok";
}

/** What can really be bought of a line. */
export function payableQuantity(quantity: number, available: number): number {
  return Math.max(0, Math.min(quantity, available));
}

export function lineTotal(unitPrice: Money, quantity: number, available: number): Money {
  return multiply(unitPrice, payableQuantity(quantity, available));
}

/** The price that the customer knew, when it is no longer the price. */
export function priceWas(seenPrice: Money, price: Money): Money | null {
  return isSame(seenPrice, price) ? null : seenPrice;
}

export function isQuantity(quantity: number): boolean {
  return Number.isSafeInteger(quantity) && quantity > 0;
}

/**
 * The quantity of a thing that was in both carts. Nothing is lost when none is left at the
 * moment: the line stays and says so.
 */
export function mergedQuantity(mine: number, guests: number, available: number): number {
  const wanted = Math.min(mine + guests, MAX_LINE_QUANTITY);
  return available <= 0 ? Math.max(mine, guests) : Math.min(wanted, available);
}
