import { formatCountry } from "#app/lib/format.ts";
import type { Address } from "#convex/domain/address.ts";

/** The place of an address in one line, without the name. */
export function addressLine(address: Address, locale: string): string {
  const { line1, line2, postalCode, city, region, country } = address;
  const parts = [line1, line2, `${postalCode} ${city}`, region, formatCountry(country, locale)];
  return parts.filter((part) => part !== null && part !== "").join(", ");
}
