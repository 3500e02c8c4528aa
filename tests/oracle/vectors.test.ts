/** Vector search with filters, against comparing with every vector. */
import type { Value } from "convex/values";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { compareNaively } from "./naive-order.ts";
import { startOracleDeployment, valueOf, type OracleDeployment } from "./oracle-deployment.ts";
import { expectEnough, oracleRuns, oracleTimeout } from "./oracle-runs.ts";
import { withoutMissing, wrapped } from "./random-values.ts";
import {
  fillTable,
  planWrites,
  randomWrites,
  type KnownTable,
  type Row,
  type Stored,
} from "./random-writes.ts";

interface Shape {
  readonly at: Value | undefined;
  readonly kind: Value | undefined;
}

interface Question {
  readonly vector: readonly number[];
  readonly kinds: readonly (Value | undefined)[];
  readonly limit: number;
}

const POINTS: KnownTable<Shape> = {
  name: "points",
  documentOf: (shape) => withoutMissing({ ...shape }),
};
/** Of single precision. */
const TOLERANCE = 1e-6;

const part = fc.constantFrom(-2, -1, 0, -0, 1, 3, 0.1, 1e6, -1e-6);
const vector = fc.array(part, { minLength: 3, maxLength: 3 });
const kind = fc.constantFrom<(Value | undefined)[]>(undefined, null, "a", 1, 1n);
const at: fc.Arbitrary<Value | undefined> = fc.oneof(
  { weight: 8, arbitrary: vector },
  {
    weight: 1,
    arbitrary: fc.constantFrom<(Value | undefined)[]>(undefined, "1,2,3", [1, 2], [1, 2, 3, 4]),
  },
);
const shape = fc.record({ at, kind });
const question: fc.Arbitrary<Question> = fc.record({
  vector,
  kinds: fc.oneof(fc.constant([]), fc.array(kind, { minLength: 1, maxLength: 3 })),
  limit: fc.integer({ min: 1, max: 8 }),
});

let oracle: OracleDeployment;
beforeAll(async () => {
  oracle = await startOracleDeployment();
}, 60_000);
afterAll(() => oracle.dispose());

test(
  "vector search finds the nearest of all vectors, through updates and deletions",
  { timeout: oracleTimeout(30_000) },
  async () => {
    let results = 0;
    let leftOut = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(shape, { minLength: 5, maxLength: 25, size: "max" }),
        fc.array(fc.record({ writes: randomWrites(shape), question }), {
          minLength: 2,
          maxLength: 5,
        }),
        async (shapes, rounds) => {
          let points = await fillTable(oracle, POINTS, shapes);
          for (const { writes, question } of rounds) {
            const { plan, after } = planWrites(POINTS, points, writes);
            const inserted = await oracle.change("values:write", { writes: plan });
            points = after(inserted as never as Stored[]);
            const found = await nearest(question);
            const candidates = scored(points, question);
            expectNearest(found, candidates, question.limit);
            results += found.length;
            leftOut += candidates.size - found.length;
          }
        },
      ),
      oracleRuns("vectors", 12),
    );
    expectEnough(results, 50);
    expectEnough(leftOut, 20);
  },
);

interface Found {
  readonly _id: string;
  readonly _score: number;
}

async function nearest({ vector, kinds, limit }: Question): Promise<Found[]> {
  const args = { vector: [...vector], kinds: kinds.map(wrapped), limit };
  return valueOf(await oracle.action("values:nearest", args)) as unknown as Found[];
}

/** How similar each vector is that may be found, by id. */
function scored(points: readonly Row<Shape>[], { vector, kinds }: Question): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { id, shape } of points) {
    const passes =
      kinds.length === 0 || kinds.some((wanted) => compareNaively(shape.kind, wanted) === 0);
    const isVector = Array.isArray(shape.at) && shape.at.length === vector.length;
    if (passes && isVector) scores.set(id, cosine(vector, shape.at as number[]));
  }
  return scores;
}

function expectNearest(
  found: readonly Found[],
  candidates: ReadonlyMap<string, number>,
  limit: number,
): void {
  const ids = found.map(({ _id }) => _id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(Math.min(limit, candidates.size));
  for (const { _id, _score } of found) {
    expect(Math.abs(_score - (candidates.get(_id) ?? NaN))).toBeLessThan(TOLERANCE);
  }
  const scores = found.map(({ _score }) => _score);
  expect(scores).toEqual(scores.toSorted((left, right) => right - left));
  const others = [...candidates].filter(([id]) => !ids.includes(id)).map(([, score]) => score);
  expect(Math.max(-1, ...others)).toBeLessThan((scores.at(-1) ?? 1) + TOLERANCE);
}

function cosine(left: readonly number[], right: readonly number[]): number {
  const product = (one: readonly number[], other: readonly number[]) =>
    one.reduce((sum, part, index) => sum + part * other[index]!, 0);
  const lengths = Math.sqrt(product(left, left) * product(right, right));
  return lengths === 0 ? 0 : product(left, right) / lengths;
}
