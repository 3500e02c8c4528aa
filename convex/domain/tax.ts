import type { Money } from "./money.ts";
import { money } from "./money.ts";

/**
 * The tax contained in a gross amount; the rate is in basis points (1900 is 19 %).
 * Halves round away from zero, so a refund contains as much tax as the payment did.
 */
export function taxIncluded(gross: Money, rateBasisPoints: number): Money {
  const exact = (Math.abs(gross.amount) * rateBasisPoints) / (10_000 + rateBasisPoints);
  return money(Math.sign(gross.amount) * Math.round(exact), gross.currency);
}
