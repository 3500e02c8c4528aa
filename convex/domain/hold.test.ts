import { expect, test } from "vitest";

import type { HoldStatus } from "./hold.ts";
import { canMoveHold, held, sold, unheld } from "./hold.ts";

test("ORD-3 a hold is released or consumed once, and only sold stock can come back", () => {
  const all: HoldStatus[] = ["active", "released", "consumed", "returned"];
  const allowed = all.flatMap((from) =>
    all.filter((to) => canMoveHold(from, to)).map((to) => `${from}>${to}`),
  );
  expect(allowed).toEqual(["active>released", "active>consumed", "consumed>returned"]);
});

test("ORD-3 no more is held than is for sale", () => {
  expect(held({ onHand: 3, held: 1 }, 2)).toEqual({ onHand: 3, held: 3 });
  expect(held({ onHand: 3, held: 1 }, 3)).toBeNull();
  expect(held({ onHand: 1, held: 3 }, 1)).toBeNull();
});

test("ORD-3 a released hold gives back what it took", () => {
  expect(unheld({ onHand: 3, held: 3 }, 2)).toEqual({ onHand: 3, held: 1 });
});

test("ORD-3 a sale lowers both counts, and neither goes below zero", () => {
  expect(sold({ onHand: 3, held: 2 }, 2)).toEqual({ level: { onHand: 1, held: 0 }, missing: 0 });
  expect(sold({ onHand: 1, held: 2 }, 2)).toEqual({ level: { onHand: 0, held: 0 }, missing: 1 });
});
