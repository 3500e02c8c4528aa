import { expect, test } from "vitest";

import { noFigures, torture } from "./torture.ts";

const ROUNDS = 4;

test("a backend that is killed again and again loses and doubles nothing", async () => {
  const totals = noFigures();
  const seed = Date.now() % 1_000_000;
  for await (const round of torture(seed, 0, ROUNDS)) {
    expect(round.problems, `${round.command}, ${round.keptFolder ?? ""}`).toEqual([]);
    totals.acknowledged += round.figures.acknowledged;
    totals.kills += round.figures.kills;
  }
  expect(totals.kills).toBeGreaterThanOrEqual(ROUNDS);
  expect(totals.acknowledged).toBeGreaterThan(ROUNDS * 10);
}, 180_000);
