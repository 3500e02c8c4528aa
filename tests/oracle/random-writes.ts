/** Random writes to a table whose rows a test knows all of. */
import type { Value } from "convex/values";
import fc from "fast-check";

import type { OracleDeployment } from "./oracle-deployment.ts";

/** A row as the test knows it: its fields in the test's own terms. */
export interface Row<Shape> extends Stored {
  readonly shape: Shape;
}

/** What only the deployment decides about a row. */
export interface Stored {
  readonly id: string;
  readonly creationTime: number;
}

export type Write<Shape> =
  | { readonly kind: "insert"; readonly shape: Shape }
  | { readonly kind: "replace"; readonly at: number; readonly shape: Shape }
  | { readonly kind: "delete"; readonly at: number };

/** A table of `tests/fixtures/oracle`, written by its `values` functions. */
export interface KnownTable<Shape> {
  readonly name: string;
  readonly documentOf: (shape: Shape) => Record<string, Value>;
}

export function randomWrites<Shape>(shape: fc.Arbitrary<Shape>): fc.Arbitrary<Write<Shape>[]> {
  const at = fc.nat(30);
  return fc.array(
    fc.oneof<fc.Arbitrary<Write<Shape>>[]>(
      fc.record({ kind: fc.constant("insert" as const), shape }),
      fc.record({ kind: fc.constant("replace" as const), at, shape }),
      fc.record({ kind: fc.constant("delete" as const), at }),
    ),
    { maxLength: 5 },
  );
}

/** Replaces what is in the table. */
export async function fillTable<Shape>(
  oracle: OracleDeployment,
  { name, documentOf }: KnownTable<Shape>,
  shapes: readonly Shape[],
): Promise<Row<Shape>[]> {
  const args = { table: name, documents: shapes.map((shape) => documentOf(shape)) };
  const stored = (await oracle.change("values:fill", args)) as never as Stored[];
  return rowsOf(stored, shapes);
}

/** Each row is written at most once; the writes with ids, and the rows once the new ones have theirs. */
export function planWrites<Shape>(
  { name, documentOf }: KnownTable<Shape>,
  rows: readonly Row<Shape>[],
  writes: readonly Write<Shape>[],
) {
  const left = [...rows];
  const plan: Record<string, Value>[] = [];
  const kept: Row<Shape>[] = [];
  const created: Shape[] = [];
  for (const write of writes) {
    if (write.kind === "insert") {
      plan.push({ kind: "insert", table: name, document: documentOf(write.shape) });
      created.push(write.shape);
      continue;
    }
    const [row] = left.length === 0 ? [] : left.splice(write.at % left.length, 1);
    if (row === undefined) continue;
    if (write.kind === "delete") plan.push({ kind: "delete", at: row.id });
    else {
      plan.push({ kind: "replace", at: row.id, document: documentOf(write.shape) });
      kept.push({ ...row, shape: write.shape });
    }
  }
  const after = (inserted: readonly Stored[]): Row<Shape>[] => [
    ...left,
    ...kept,
    ...rowsOf(inserted, created),
  ];
  return { plan, after };
}

function rowsOf<Shape>(stored: readonly Stored[], shapes: readonly Shape[]): Row<Shape>[] {
  return stored.map((row, position) => ({ ...row, shape: shapes[position]! }));
}
