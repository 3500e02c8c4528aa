import type { Address } from "#convex/domain/address.ts";

/** The place of an address in one line, without the name. */
export function addressLine({ line1, line2, postalCode, city, region, country }: Address): string {
  const parts = [line1, line2, `${postalCode} ${city}`, region, country];
  return parts.filter((part) => part !== null && part !== "").join(", ");
}
