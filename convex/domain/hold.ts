const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How long stock is set aside for somebody who pays online. */
export const HOLD_TTL_MS = 15 * MINUTE_MS;
/** A capture that has begun must not lose its stock while the provider answers. */
export const CAPTURE_HOLD_MS = 5 * MINUTE_MS;
/** A bank transfer takes days to arrive; the goods wait for it. */
export const TRANSFER_HOLD_TTL_MS = 7 * DAY_MS;
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
