import { expect, test } from "vitest";

import { OwnerCache } from "./owner-cache.ts";

const owner = (name: string) => ({ id: name, creationTime: 1 });

test("an owner is known by its index and its ordinal together", () => {
  const cache = new OwnerCache();
  for (let index = 100; index < 110; index += 1) {
    for (let ordinal = 0; ordinal < 10; ordinal += 1) {
      cache.set(index, ordinal, owner(`${index} ${ordinal}`));
    }
  }
  expect(cache.get(103, 7)).toMatchObject(owner("103 7"));
  expect(cache.get(110, 7)).toBeUndefined();
  expect(cache.get(103, 10)).toBeUndefined();
});

test("ordinals that share a place never get each other's owner", () => {
  const cache = new OwnerCache();
  cache.set(100, 5, owner("first"));
  cache.set(100, 5 + 2 ** 16, owner("second"));
  expect(cache.get(100, 5)).toBeUndefined();
  expect(cache.get(100, 5 + 2 ** 16)).toMatchObject(owner("second"));
  for (let index = 0; index < 200_000; index += 1) {
    if (index !== 100) expect(cache.get(index, 5 + 2 ** 16) === undefined).toBe(true);
  }
});
