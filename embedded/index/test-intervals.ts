/** Random keys and intervals over a small alphabet, so that they meet often. */
import fc from "fast-check";

import { pointInterval, type Interval } from "./interval-set.ts";

export const keys = fc.string({ maxLength: 3, unit: fc.constantFrom("\0", "a", "b", "c", "\xff") });

export const intervals: fc.Arbitrary<Interval> = fc.oneof(
  keys.map(pointInterval),
  fc.record({ lower: keys, upper: fc.option(keys) }),
);

/** A key that counts how often any of its kind is looked at. */
export class CountedKey {
  static looks = 0;
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** Stands where a string is expected. */
  static of(text: string): string {
    return new CountedKey(text) as unknown as string;
  }

  get length(): number {
    CountedKey.looks += 1;
    return this.#text.length;
  }

  endsWith(end: string): boolean {
    return this.#text.endsWith(end);
  }

  startsWith(start: unknown): boolean {
    return this.#text.startsWith(String(start));
  }

  toString(): string {
    CountedKey.looks += 1;
    return this.#text;
  }
}
