import { expect, test } from "vitest";

import { SeededRandom } from "./seeded-random.ts";

test("the same seed gives the same numbers, however they are asked for", () => {
  const whole = new SeededRandom(() => Buffer.from("seed")).bytes(2_000);
  const pieces = new SeededRandom(() => Buffer.from("seed"));
  const joined = Buffer.concat([1, 511, 512, 513, 463].map((length) => pieces.bytes(length)));
  expect(joined.equals(whole)).toBe(true);
  expect(new SeededRandom(() => Buffer.from("other")).bytes(2_000).equals(whole)).toBe(false);
});

test("floats lie in [0, 1) and spread evenly", () => {
  const random = new SeededRandom(() => Buffer.from("floats"));
  const floats = Array.from({ length: 10_000 }, () => random.float());
  expect(Math.min(...floats)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...floats)).toBeLessThan(1);
  const mean = floats.reduce((sum, float) => sum + float, 0) / floats.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
});
