/** Index ranges and filters over values of every type, against a naive sort. */
import type { Value } from "convex/values";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { compareNaively } from "./naive-order.ts";
import { startOracleDeployment, type OracleDeployment } from "./oracle-deployment.ts";
import { expectEnough, oracleRuns, oracleTimeout } from "./oracle-runs.ts";
import { fieldValues, valuePools, withoutMissing, wrapped } from "./random-values.ts";

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

interface Row {
  readonly id: string;
  readonly creationTime: number;
  readonly fields: Shape;
}

interface Question {
  readonly index: "by_a_b" | "by_inner" | "by_creation_time";
  readonly bounds: readonly Bound[];
  readonly order: "asc" | "desc";
  readonly limit: number | null;
}

type Write =
  | { readonly kind: "insert"; readonly fields: Shape }
  | { readonly kind: "replace"; readonly at: number; readonly fields: Shape }
  | { readonly kind: "delete"; readonly at: number };

const FIELDS = {
  by_a_b: ["a", "b"],
  by_inner: ["outer.inner", "a"],
  by_creation_time: [],
} as const;

const scenarios = valuePools.chain((pool) => {
  const value = fieldValues(pool);
  const shape = fc.record({ a: value, b: value, inner: value });
  const at = fc.nat(20);
  return fc.record({
    shapes: fc.array(shape, { maxLength: 14, size: "max" }),
    writes: fc.array(
      fc.oneof<fc.Arbitrary<Write>[]>(
        fc.record({ kind: fc.constant("insert" as const), fields: shape }),
        fc.record({ kind: fc.constant("replace" as const), at, fields: shape }),
        fc.record({ kind: fc.constant("delete" as const), at }),
      ),
      { maxLength: 5 },
    ),
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
        const rows = await fill(shapes);
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
              .filter(({ fields }) =>
                holds(comparison, compareNaively(valueAt(fields, field), value)),
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
        let rows = await fill(shapes);
        for (const question of questions.slice(0, 2)) {
          const { plan, after } = planWrites(rows, writes);
          const result = (await oracle.change("values:writeAndRange", {
            writes: plan,
            ...encode(question),
          })) as never as { found: string[]; inserted: Inserted[] };
          rows = after(result.inserted);
          expect(result.found).toEqual(answer(rows, question));
        }
      }),
      oracleRuns("own writes", 40),
    );
  },
);

interface Inserted {
  readonly id: string;
  readonly creationTime: number;
}

async function fill(shapes: readonly Shape[]): Promise<Row[]> {
  const filled = (await oracle.change("values:fill", {
    table: "values",
    documents: shapes.map(documentOf),
  })) as never as Inserted[];
  return filled.map((row, position) => ({ ...row, fields: shapes[position]! }));
}

function documentOf({ a, b, inner }: Shape): Record<string, Value> {
  // Without the field, and without the object that would hold it.
  const outer = inner === undefined ? (a === undefined ? undefined : {}) : { inner };
  return withoutMissing({ a, b, outer });
}

/** Each row is written at most once; the writes with ids, and the rows once the new ones have theirs. */
function planWrites(rows: readonly Row[], writes: readonly Write[]) {
  const left = [...rows];
  const plan: Record<string, Value>[] = [];
  const created: Shape[] = [];
  const kept: Row[] = [];
  for (const write of writes) {
    if (write.kind === "insert") {
      plan.push({ kind: "insert", table: "values", document: documentOf(write.fields) });
      created.push(write.fields);
      continue;
    }
    const [row] = left.length === 0 ? [] : left.splice(write.at % left.length, 1);
    if (row === undefined) continue;
    if (write.kind === "delete") plan.push({ kind: "delete", at: row.id });
    else {
      plan.push({ kind: "replace", at: row.id, document: documentOf(write.fields) });
      kept.push({ ...row, fields: write.fields });
    }
  }
  const after = (inserted: readonly Inserted[]): Row[] => [
    ...left,
    ...kept,
    ...inserted.map((row, position) => ({ ...row, fields: created[position]! })),
  ];
  return { plan, after };
}

function encode({ index, bounds, order, limit }: Question) {
  const encoded = bounds.map(({ op, field, value }) => ({ op, field, value: wrapped(value) }));
  return { index, bounds: encoded, order, limit };
}

function answer(rows: readonly Row[], { index, bounds, order, limit }: Question): string[] {
  const matching = rows.filter(({ fields }) =>
    bounds.every(({ op, field, value }) =>
      holds(op, compareNaively(valueAt(fields, field), value)),
    ),
  );
  const sorted = matching.toSorted((left, right) => {
    for (const field of FIELDS[index]) {
      const order = compareNaively(valueAt(left.fields, field), valueAt(right.fields, field));
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
