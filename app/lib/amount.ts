const MINOR_UNITS = 100;

/**
 * What somebody typed as a price, in minor units: "79", "79.9" and "79,90" are amounts, and nothing
 * else is. Null for what is none.
 */
export function parseAmount(typed: string): number | null {
  const parts = /^(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(typed.trim());
  if (parts === null) return null;
  const [, whole = "", fraction = ""] = parts;
  return Number(whole) * MINOR_UNITS + Number(fraction.padEnd(2, "0"));
}

/** Minor units as they stand in a field: "79.90". */
export function amountText(amount: number): string {
  return (amount / MINOR_UNITS).toFixed(2);
}
