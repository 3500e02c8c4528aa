import { expect, test } from "vitest";

import type { Bucket } from "./tokenBucket.ts";
import { giveBack, take } from "./tokenBucket.ts";

const config = { capacity: 3, refillMs: 1000 };

function takeAll(bucket: Bucket | null, count: number, now: number): Bucket {
  let current = bucket;
  for (let i = 0; i < count; i++) {
    const decision = take(current, config, now);
    if (!decision.ok) throw new Error(`refused at ${i}`);
    current = decision.bucket;
  }
  if (current === null) throw new Error("took nothing");
  return current;
}

test("ACC-5: after the capacity is used up the time to wait is told", () => {
  const empty = takeAll(null, 3, 0);
  expect(take(empty, config, 0)).toEqual({ ok: false, retryAfterMs: 1000 });
  expect(take(empty, config, 400)).toEqual({ ok: false, retryAfterMs: 600 });
  expect(take(empty, config, 1000).ok).toBe(true);
});

test("ACC-5: a bucket never holds more than its capacity", () => {
  const empty = takeAll(null, 3, 0);
  const rested = takeAll(empty, 3, 1_000_000);
  expect(take(rested, config, 1_000_000).ok).toBe(false);
  expect(giveBack({ tokens: 3, updatedAt: 0 }, config, 0).tokens).toBe(3);
});

test("ACC-5: an attempt that is given back counts for nothing", () => {
  const empty = takeAll(null, 3, 0);
  expect(take(giveBack(empty, config, 0), config, 0).ok).toBe(true);
});

test("ACC-5: a clock that runs backwards gives nothing away", () => {
  const empty = takeAll(null, 3, 10_000);
  expect(take(empty, config, 0)).toEqual({ ok: false, retryAfterMs: 1000 });
});
