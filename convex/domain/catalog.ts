import type { Money } from "./money.ts";
import { compare } from "./money.ts";

export type Tint = "sand" | "clay" | "rose" | "butter" | "sage" | "mist" | "lilac" | "stone";

const TINTS: readonly Tint[] = ["sand", "clay", "rose", "butter", "sage", "mist", "lilac", "stone"];

/** How long a product counts as new. */
export const NEW_FOR_MS = 30 * 24 * 60 * 60 * 1000;

/** Sorts behind every featured product. */
export const NOT_FEATURED_RANK = 1_000_000;

export const PRODUCT_SORTS = ["featured", "newest", "priceAsc", "priceDesc", "rating"] as const;

export type ProductSort = (typeof PRODUCT_SORTS)[number];

type Priced = { price: Money; compareAtPrice: Money | null };

/** What a card shows for all variants together: the lowest price, and whether others are higher. */
export function priceSummary(
  variants: readonly Priced[],
): (Priced & { priceVaries: boolean }) | null {
  const [first, ...others] = variants;
  if (first === undefined) return null;
  const lowest = others.reduce((a, b) => (compare(b.price, a.price) < 0 ? b : a), first);
  const priceVaries = variants.some(({ price }) => compare(price, lowest.price) !== 0);
  return { price: lowest.price, compareAtPrice: lowest.compareAtPrice, priceVaries };
}

/** A former price is only worth showing, and only honest, when it was higher. */
export function isOffer(price: Money, compareAtPrice: Money | null): boolean {
  return compareAtPrice !== null && compare(compareAtPrice, price) > 0;
}

/** "Ivory, Large", in the order of the product's options; empty without options. */
export function optionLabel(
  options: readonly { name: string }[],
  chosen: Readonly<Record<string, string>>,
): string {
  return options.flatMap(({ name }) => chosen[name] ?? []).join(", ");
}

/** One of the eight tile colours, always the same for the same position. */
export function tintAt(position: number): Tint {
  return TINTS[position % TINTS.length] ?? "sand";
}
