import type { Money } from "./money.ts";
import { compare, zero } from "./money.ts";

export type DeliveryMethodId = "standard" | "express" | "large-item";

/** As set in the shop's settings; prices contain tax. */
export type DeliveryMethod = {
  readonly id: DeliveryMethodId;
  readonly name: string;
  readonly price: Money;
  /** Goods value (after discounts) from which the method costs nothing; null for never. */
  readonly freeFrom: Money | null;
  readonly minDays: number;
  readonly maxDays: number;
  /** The lightest and the heaviest parcel that it carries, both included; null for no limit. */
  readonly minWeightGrams: number;
  readonly maxWeightGrams: number | null;
};

export type Parcel = { readonly goodsValue: Money; readonly weightGrams: number };

/** A method as it applies to one parcel. */
export type DeliveryOption = { readonly method: DeliveryMethod; readonly price: Money };

/** The methods that may carry this parcel, in the order of the settings. */
export function deliveryOptionsFor(
  methods: readonly DeliveryMethod[],
  parcel: Parcel,
): DeliveryOption[] {
  return methods
    .filter((method) => carries(method, parcel.weightGrams))
    .map((method) => ({ method, price: deliveryPrice(method, parcel.goodsValue) }));
}

/** The option with this id, or null when the parcel cannot go that way. */
export function findDeliveryOption(
  methods: readonly DeliveryMethod[],
  parcel: Parcel,
  id: DeliveryMethodId,
): DeliveryOption | null {
  return deliveryOptionsFor(methods, parcel).find(({ method }) => method.id === id) ?? null;
}

function carries(method: DeliveryMethod, weightGrams: number): boolean {
  const isWithin = method.maxWeightGrams === null || weightGrams <= method.maxWeightGrams;
  return weightGrams >= method.minWeightGrams && isWithin;
}

function deliveryPrice(method: DeliveryMethod, goodsValue: Money): Money {
  const isFree = method.freeFrom !== null && compare(goodsValue, method.freeFrom) >= 0;
  return isFree ? zero(method.price.currency) : method.price;
}
