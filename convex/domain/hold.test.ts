import { expect, test } from "vitest";

import type { HoldStatus } from "./hold.ts";
import { canMoveHold } from "./hold.ts";

test("ORD-3 a hold is released or consumed once, and only sold stock can come back", () => {
  const all: HoldStatus[] = ["active", "released", "consumed", "returned"];
  const allowed = all.flatMap((from) =>
    all.filter((to) => canMoveHold(from, to)).map((to) => `${from}>${to}`),
  );
  expect(allowed).toEqual(["active>released", "active>consumed", "consumed>returned"]);
});
