import { expect, test } from "vitest";

import { BoundedCache } from "./bounded-cache.ts";

const weigh = () => 1;

test("what is asked for stays, what is not goes, and the weight is bounded", () => {
  const cache = new BoundedCache<number>(100);
  cache.set("kept", -1, 1);
  for (let n = 0; n < 1_000; n += 1) {
    cache.set(String(n), n, 1);
    expect(cache.get("kept", weigh)).toBe(-1);
  }
  const held = Array.from({ length: 1_000 }, (_, n) => cache.get(String(n), weigh));
  expect(held.filter((value) => value !== undefined).length).toBeLessThanOrEqual(101);
  expect(held[999]).toBe(999);
  expect(held[0]).toBeUndefined();
});

test("what was replaced or deleted is not found again", () => {
  const cache = new BoundedCache<number>(4);
  cache.set("a", 1, 1);
  cache.set("b", 1, 2);
  cache.set("a", 2, 1);
  expect(cache.get("a", weigh)).toBe(2);
  cache.delete("a");
  expect(cache.get("a", weigh)).toBeUndefined();
});
