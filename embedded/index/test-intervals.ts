/** Random keys and intervals over a small alphabet, so that they meet often. */
import fc from "fast-check";

import { pointInterval, type Interval } from "./interval-set.ts";

export const keys = fc.string({ maxLength: 3, unit: fc.constantFrom("\0", "a", "b", "c", "\xff") });

export const intervals: fc.Arbitrary<Interval> = fc.oneof(
  keys.map(pointInterval),
  fc.record({ lower: keys, upper: fc.option(keys) }),
);
