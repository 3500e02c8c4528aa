/** Index ranges and filters over values of every type, against a naive sort. */
import type { Value } from "convex/values";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { compareNaively } from "./naive-order.ts";
import { startOracleDeployment, type OracleDeployment } from "./oracle-deployment.ts";
import { expectEnough, oracleRuns, oracleTimeout } from "./oracle-runs.ts";
import { fieldValues, valuePools, withoutMissing, wrapped } from "./random-values.ts";
import {
  fillTable,
  planWrites,
  randomWrites,
  type KnownTable,
  type Row,
  type Stored,
} from "./random-writes.ts";

type Field = "a" | "b" | "outer.inner";
type Operator = "eq" | "gt" | "gte" | "lt" | "lte";

interface Bound {
  readonly op: Operator;
  readonly field: Field;
  readonly value: Value | undefined;
}

interface Shape {
  readonly a: Value | undefined;
  readonly b: Value | undefined;
  readonly inner: Value | undefined;
}

interface Question {
  readonly index: "by_a_b" | "by_inner" | "by_creation_time";
  readonly bounds: readonly Bound[];
  readonly order: "asc" | "desc";
  readonly limit: number | null;
}

const VALUES: KnownTable<Shape> = { name: "values", documentOf };

const FIELDS = {
  by_a_b: ["a", "b"],
  by_inner: ["outer.inner", "a"],
  by_creation_time: [],
} as const;

const scenarios = valuePools.chain((pool) => {
  const value = fieldValues(pool);
  const shape = fc.record({ a: value, b: value, inner: value });
  return fc.record({
    shapes: fc.array(shape, { maxLength: 14, size: "max" }),
    writes: randomWrites(shape),
    questions: fc.array(questions(value), { minLength: 4, maxLength: 4 }),
    comparisons: fc.array(
      fc.record({
        comparison: fc.constantFrom("eq", "neq", "lt", "lte", "gt", "gte"),
        field: fc.constantFrom<Field[]>("a", "b", "outer.inner"),
        value,
      }),
      { minLength: 2, maxLength: 2 },
    ),
  });
});

function questions(value: fc.Arbitrary<Value | undefined>): fc.Arbitrary<Question> {
  const bounds = fc.option(
    value.map((value) => ({ value })),
    { freq: 4 },
  );
  return fc
    .record({
      index: fc.constantFrom<Question["index"][]>("by_a_b", "by_inner", "by_creation_time"),
      equalities: fc.array(value, { maxLength: 2 }),
      lower: bounds,
      upper: bounds,
      isLowerOpen: fc.boolean(),
      isUpperOpen: fc.boolean(),
      order: fc.constantFrom("asc" as const, "desc" as const),
      limit: fc.option(fc.integer({ min: 1, max: 5 })),
    })
    .map(({ index, equalities, lower, upper, isLowerOpen, isUpperOpen, order, limit }) => {
      const fields = FIELDS[index];
      const bounds: Bound[] = fields
        .slice(0, equalities.length)
        .map((field, position) => ({ op: "eq", field, value: equalities[position] }));
      const next = fields[bounds.length];
      if (next !== undefined && lower !== null) {
        bounds.push({ op: isLowerOpen ? "gt" : "gte", field: next, value: lower.value });
      }
      if (next !== undefined && upper !== null) {
        bounds.push({ op: isUpperOpen ? "lt" : "lte", field: next, value: upper.value });
      }
      return { index, bounds, order, limit };
    });
}

let oracle: OracleDeployment;
beforeAll(async () => {
  oracle = await startOracleDeployment();
}, 60_000);
afterAll(() => oracle.dispose());

test(
  "ranges and filters over values of all types find what a naive sort finds",
  { timeout: oracleTimeout(30_000) },
  async () => {
    let found = 0;
    let partial = 0;
    await fc.assert(
      fc.asyncProperty(scenarios, async ({ shapes, questions, comparisons }) => {
        const rows = await fillTable(oracle, VALUES, shapes);
        for (const question of questions) {
          const expected = answer(rows, question);
          expect(await oracle.value("values:range", encode(question))).toEqual(expected);
          found += expected.length;
          partial += Number(expected.length > 0 && expected.length < rows.length);
        }
        for (const { comparison, field, value } of comparisons) {
          const args = { comparison, field, value: wrapped(value) };
          expect(await oracle.value("values:where", args)).toEqual(
            rows
              .filter(({ shape }) =>
                holds(comparison, compareNaively(valueAt(shape, field), value)),
              )
              .map(({ id }) => id),
          );
        }
      }),
      oracleRuns("ranges", 60),
    );
    expectEnough(found, 50);
    expectEnough(partial, 10);
  },
);

test(
  "a transaction's own inserts, replacements and deletions are in its ranges",
  { timeout: oracleTimeout(30_000) },
  async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async ({ shapes, writes, questions }) => {
        let rows = await fillTable(oracle, VALUES, shapes);
        for (const question of questions.slice(0, 2)) {
          const { plan, after } = planWrites(VALUES, rows, writes);
          const result = (await oracle.change("values:writeAndRange", {
            writes: plan,
            ...encode(question),
          })) as never as { found: string[]; inserted: Stored[] };
          rows = after(result.inserted);
          expect(result.found).toEqual(answer(rows, question));
        }
      }),
      oracleRuns("own writes", 40),
    );
  },
);

function documentOf({ a, b, inner }: Shape): Record<string, Value> {
  // Without the field, and without the object that would hold it.
  const outer = inner === undefined ? (a === undefined ? undefined : {}) : { inner };
  return withoutMissing({ a, b, outer });
}

function encode({ index, bounds, order, limit }: Question) {
  const encoded = bounds.map(({ op, field, value }) => ({ op, field, value: wrapped(value) }));
  return { index, bounds: encoded, order, limit };
}

function answer(rows: readonly Row<Shape>[], { index, bounds, order, limit }: Question): string[] {
  const matching = rows.filter(({ shape }) =>
    bounds.every(({ op, field, value }) => holds(op, compareNaively(valueAt(shape, field), value))),
  );
  const sorted = matching.toSorted((left, right) => {
    for (const field of FIELDS[index]) {
      const order = compareNaively(valueAt(left.shape, field), valueAt(right.shape, field));
      if (order !== 0) return order;
    }
    return left.creationTime - right.creationTime;
  });
  const ids = (order === "asc" ? sorted : sorted.reverse()).map(({ id }) => id);
  return limit === null ? ids : ids.slice(0, limit);
}

function valueAt({ a, b, inner }: Shape, field: Field): Value | undefined {
  return field === "a" ? a : field === "b" ? b : inner;
}

function holds(comparison: string, order: number): boolean {
  switch (comparison) {
    case "eq":
      return order === 0;
    case "neq":
      return order !== 0;
    case "lt":
      return order < 0;
    case "lte":
      return order <= 0;
    case "gt":
      return order > 0;
    default:
      return order >= 0;
  }
}
