import { expect, test } from "vitest";

import { preciseClock } from "./precise-clock.ts";

test("the fraction grows within a millisecond and never reaches the next", () => {
  let wall = 1000;
  let monotonic = 5;
  const clock = preciseClock(
    () => wall,
    () => monotonic,
  );
  expect(clock()).toBe(1000);
  monotonic += 0.25;
  expect(clock()).toBe(1000.25);
  monotonic += 10;
  expect(clock()).toBe(1000.999);
  wall += 1;
  expect(clock()).toBe(1001);
  wall -= 500;
  expect(clock()).toBe(501);
});
