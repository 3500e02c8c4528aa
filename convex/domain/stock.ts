export type StockState = "in" | "low" | "out";

export type StockLevel = { onHand: number; held: number };

/** More than any shelf holds; keeps sums of many variants exact. */
export const MAX_ON_HAND = 1_000_000;

/** What can still be sold: not what lies in the checkout of somebody else. */
export function availableOf(level: StockLevel): number {
  return Math.max(0, level.onHand - level.held);
}

export function stockState(available: number, lowStockThreshold: number): StockState {
  if (available <= 0) return "out";
  return available <= lowStockThreshold ? "low" : "in";
}

/** A correction by so many, or to a count. */
export type StockChange = { kind: "delta" | "setTo"; value: number };

/** The stock count after a correction; null when it would not be a possible count. */
export function adjustedOnHand(level: StockLevel, change: StockChange): number | null {
  const onHand = change.kind === "delta" ? level.onHand + change.value : change.value;
  return Number.isSafeInteger(onHand) && onHand >= 0 && onHand <= MAX_ON_HAND ? onHand : null;
}
