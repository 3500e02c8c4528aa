import type { FunctionReturnType } from "convex/server";

import type { api } from "#convex/_generated/api.js";

export type Checkout = FunctionReturnType<typeof api.shop.checkout.get>;

export const STEPS = ["contact", "address", "delivery", "payment"] as const;

export type Step = (typeof STEPS)[number];

export function stepPath(step: Step): string {
  return `/checkout/${step}`;
}

/** Where the shopper has to go on: the first step that is not finished, or the payment. */
export function firstOpenStep(
  checkout: Pick<Checkout, "contact" | "address" | "deliveryMethod" | "deliveryOptions">,
): Step {
  if (checkout.contact === null) return "contact";
  if (checkout.address === null) return "address";
  return chosenDelivery(checkout) === null ? "delivery" : "payment";
}

/** Each step up to the first open one may be visited, so that Back and "Change" work. */
export function mayVisit(step: Step, firstOpen: Step): boolean {
  return STEPS.indexOf(step) <= STEPS.indexOf(firstOpen);
}

/** The chosen way of delivery, or null when none is chosen that can carry this cart. */
export function chosenDelivery({
  deliveryMethod,
  deliveryOptions,
}: Pick<Checkout, "deliveryMethod" | "deliveryOptions">):
  Checkout["deliveryOptions"][number] | null {
  return deliveryOptions.find(({ id }) => id === deliveryMethod) ?? null;
}
