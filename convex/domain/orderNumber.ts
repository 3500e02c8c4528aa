const PREFIX = "VT-";
const PATTERN = /^VT-(\d{5,9})$/;

/** The sequence number before the first order of a new shop. */
export const ORDER_SEQUENCE_START = 10_000;

/** Sequence 11197 is shown as "VT-11197". A number is public; ownership protects the order. */
export function formatOrderNumber(sequence: number): string {
  return `${PREFIX}${String(sequence).padStart(5, "0")}`;
}

/** The sequence in an order number, or null when the text is not one. */
export function parseOrderNumber(number: string): number | null {
  const digits = PATTERN.exec(number)?.[1];
  return digits === undefined ? null : Number(digits);
}
