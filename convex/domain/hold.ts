import type { StockLevel } from "./stock.ts";
import { availableOf } from "./stock.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How long stock is set aside for somebody who pays online. */
export const HOLD_TTL_MS = 15 * MINUTE_MS;
/** A capture that has begun must not lose its stock while the provider answers. */
export const CAPTURE_HOLD_MS = 5 * MINUTE_MS;
/** A bank transfer, and a payment that the provider still looks at, take days. */
export const LONG_HOLD_TTL_MS = 7 * DAY_MS;
/** An order begun with an online payment can be paid for this long, stock permitting. */
export const PAYABLE_TTL_MS = DAY_MS;

export type HoldStatus = "active" | "released" | "consumed" | "returned";

const NEXT: Readonly<Record<HoldStatus, readonly HoldStatus[]>> = {
  active: ["released", "consumed"],
  released: [],
  consumed: ["returned"],
  returned: [],
};

/** Stock leaves a hold once: it goes back to the shelf, or is sold and perhaps returned. */
export function canMoveHold(from: HoldStatus, to: HoldStatus): boolean {
  return NEXT[from].includes(to);
}

/** The level with `quantity` set aside, or null when fewer are for sale. */
export function held(level: StockLevel, quantity: number): StockLevel | null {
  if (availableOf(level) < quantity) return null;
  return { onHand: level.onHand, held: level.held + quantity };
}

export function unheld(level: StockLevel, quantity: number): StockLevel {
  return { onHand: level.onHand, held: Math.max(0, level.held - quantity) };
}

/**
 * The level after held units are sold. `missing` is how many were sold that are not there: a count
 * can be corrected downwards while units are held, and it never goes below zero.
 */
export function sold(
  level: StockLevel,
  quantity: number,
): { readonly level: StockLevel; readonly missing: number } {
  const missing = Math.max(0, quantity - level.onHand);
  const onHand = level.onHand - quantity + missing;
  return { level: { ...unheld(level, quantity), onHand }, missing };
}
