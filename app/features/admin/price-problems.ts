import { parseAmount } from "#app/lib/amount.ts";
import { isPriceAmount } from "#convex/domain/money.ts";

export type PriceField = "price" | "compareAtPrice";

/** Why a price or a former price cannot be saved, by the reasons that the shop itself gives. */
export function priceProblems(
  typed: Readonly<Record<PriceField, string>>,
): Partial<Record<PriceField, string>> {
  const price = parseAmount(typed.price);
  const priceReason = reasonAgainst(typed.price, price);
  if (typed.compareAtPrice.trim() === "") return problems(priceReason, null);
  const before = parseAmount(typed.compareAtPrice);
  const isHigher = price === null || before === null || before > price;
  return problems(
    priceReason,
    reasonAgainst(typed.compareAtPrice, before) ?? (isHigher ? null : "notHigher"),
  );
}

function reasonAgainst(typed: string, amount: number | null): string | null {
  if (typed.trim() === "") return "required";
  if (amount === null) return "format";
  return isPriceAmount(amount) ? null : "range";
}

function problems(price: string | null, compareAtPrice: string | null) {
  return {
    ...(price === null ? {} : { price }),
    ...(compareAtPrice === null ? {} : { compareAtPrice }),
  };
}
