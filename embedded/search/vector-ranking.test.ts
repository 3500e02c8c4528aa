import fc from "fast-check";
import { expect, test } from "vitest";

import { VectorRanking } from "./vector-ranking.ts";

/** Single precision has about seven digits; sums of a few terms lose little more. */
const TOLERANCE = 1e-5;

const part = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: -1000, max: 1000, noNaN: true }).map((value) => Math.round(value * 100) / 100),
);
const vectors = (dimensions: number) =>
  fc.array(part, { minLength: dimensions, maxLength: dimensions });

function cosine(left: readonly number[], right: readonly number[]): number {
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, index) => sum + value * b[index]!, 0);
  const lengths = Math.sqrt(dot(left, left)) * Math.sqrt(dot(right, right));
  return lengths === 0 ? 0 : dot(left, right) / lengths;
}

test("the ranking is that of a naive cosine over all vectors", () => {
  const inputs = fc.integer({ min: 2, max: 8 }).chain((dimensions) =>
    fc.record({
      query: vectors(dimensions),
      stored: fc.array(vectors(dimensions), { maxLength: 30 }),
      limit: fc.integer({ min: 1, max: 12 }),
    }),
  );
  fc.assert(
    fc.property(inputs, ({ query, stored, limit }) => {
      const ranking = new VectorRanking(query, limit);
      for (const [index, vector] of stored.entries()) ranking.add(`id${index}`, vector);
      const hits = ranking.hits();
      expect(hits).toHaveLength(Math.min(limit, stored.length));
      const found = new Map(hits.map(({ id, score }) => [id, score]));
      const worst = hits.at(-1)?.score ?? -Infinity;
      for (const [index, vector] of stored.entries()) {
        const similarity = cosine(query, vector);
        const score = found.get(`id${index}`);
        if (score === undefined) expect(similarity).toBeLessThanOrEqual(worst + TOLERANCE);
        else expect(Math.abs(score - similarity)).toBeLessThan(TOLERANCE);
      }
      for (const [position, { id, score }] of hits.slice(1).entries()) {
        const previous = hits[position]!;
        expect(previous.score).toBeGreaterThanOrEqual(score);
        if (previous.score === score) expect(previous.id > id).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test("the length of a vector does not matter, its direction does", () => {
  const ranking = new VectorRanking([3, 0], 3);
  ranking.add("far", [1000, 0]);
  ranking.add("opposite", [-1, 0]);
  ranking.add("across", [0, 5]);
  expect(ranking.hits()).toEqual([
    { id: "far", score: 1 },
    { id: "across", score: 0 },
    { id: "opposite", score: -1 },
  ]);
});

test("a vector without a direction is as similar to everything as what lies across", () => {
  const ranking = new VectorRanking([1, 1], 2);
  ranking.add("nowhere", [0, 0]);
  expect(ranking.hits()).toEqual([{ id: "nowhere", score: 0 }]);
});
