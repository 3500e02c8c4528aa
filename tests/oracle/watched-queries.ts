/** Random queries to watch and random writes that may concern them. */
import type { Value } from "convex/values";
import fc from "fast-check";

import type { Args } from "./oracle-deployment.ts";

export interface WatchedQuery {
  readonly path: string;
  readonly args: Args;
  /** Position of a row or article whose id the argument `id` becomes. */
  readonly target?: number;
}

export interface RandomWrite {
  readonly kind: "insert" | "patch" | "delete";
  readonly table: "rows" | "articles" | "ghosts";
  readonly target: number;
  readonly value: Record<string, Value>;
}

export const LABELS = ["red", "blue", "ann", "bob"] as const;

const group = fc.nat(2);
const position = fc.integer({ min: 0, max: 6 }).map((half) => half / 2);
const label = fc.constantFrom(...LABELS);
const words = fc
  .array(fc.constantFrom("oak", "oaken", "elm", "ash", "table"), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(" "));
const kind = fc.constantFrom("old", "new");
const order = fc.constantFrom("asc", "desc");

export const rangeArgs = fc.record({
  group,
  from: position,
  to: position,
  order,
  limit: fc.integer({ min: 1, max: 4 }),
});
export const searchArgs = fc
  .record({ words, kind: fc.option(kind) })
  .map(({ words, kind }) => (kind === null ? { words } : { words, kind }));

const named = (path: string, args: fc.Arbitrary<Args>): fc.Arbitrary<WatchedQuery> =>
  args.map((args) => ({ path, args }));

export const watchedQueries: fc.Arbitrary<WatchedQuery> = fc.oneof(
  { weight: 3, arbitrary: named("rows:range", rangeArgs) },
  { weight: 3, arbitrary: named("rows:page", pageArgs()) },
  { weight: 2, arbitrary: named("rows:found", searchArgs) },
  {
    weight: 2,
    arbitrary: fc.nat(9).map((target) => ({ path: "rows:get", args: {}, target })),
  },
  { weight: 1, arbitrary: named("rows:firstLabelled", fc.record({ label })) },
  { weight: 2, arbitrary: named("rows:onlyLabelled", fc.record({ label })) },
  { weight: 1, arbitrary: named("rows:nested", fc.record({ group })) },
  { weight: 4, arbitrary: named("rows:own", fc.constant({})) },
  { weight: 1, arbitrary: named("rows:coloured", fc.constant({})) },
  { weight: 1, arbitrary: named("rows:ghosts", fc.constant({})) },
  { weight: 1, arbitrary: named("rows:jobs", fc.constant({})) },
);

function pageArgs(): fc.Arbitrary<Args> {
  return fc.record({
    group,
    order,
    only: fc.option(label),
    paginationOpts: fc.integer({ min: 1, max: 3 }).map((numItems) => ({ numItems, cursor: null })),
  });
}

export const rowValue = fc.record({ group, position, label });
export const articleValue = fc.record({ body: words, kind });

export const randomWrites: fc.Arbitrary<RandomWrite> = fc
  .record({
    kind: fc.constantFrom(
      "insert" as const,
      "insert" as const,
      "patch" as const,
      "delete" as const,
    ),
    table: fc.constantFrom("rows" as const, "rows" as const, "articles" as const),
    target: fc.nat(9),
    row: rowValue,
    article: articleValue,
    isPartial: fc.boolean(),
    isGhost: fc.nat(9).map((luck) => luck === 0),
  })
  .map(({ kind, table, target, row, article, isPartial, isGhost }): RandomWrite => {
    if (isGhost) return { kind: "insert", table: "ghosts", target, value: { boo: target } };
    const whole: Record<string, Value> = table === "rows" ? row : article;
    const [first] = Object.entries(whole).slice(target % 2);
    const isWhole = kind !== "patch" || !isPartial || first === undefined;
    return { kind, table, target, value: isWhole ? whole : { [first[0]]: first[1] } };
  });

export interface PlannedWrites {
  readonly writes: readonly RandomWrite[];
  /** As `rows:write` takes them. */
  readonly encoded: Record<string, Value>[];
}

/** Gives ids to random writes and queries, from all that were ever inserted. */
export class KnownIds {
  readonly #ids = { rows: [] as string[], articles: [] as string[], ghosts: [] as string[] };
  /** Which table `ghosts` is: one that no earlier run has made. */
  readonly #ghostTable: string;

  constructor(ghostTable: string) {
    this.#ghostTable = ghostTable;
  }

  /** What was planned, and the ids that it gave. */
  note({ writes }: PlannedWrites, ids: readonly (string | null)[]): void {
    for (const [position, { kind, table }] of writes.entries()) {
      const id = ids[position];
      if (kind === "insert" && typeof id === "string") this.#ids[table].push(id);
    }
  }

  /** Leaves out what has no document to go to. */
  plan(writes: readonly RandomWrite[]): PlannedWrites {
    const planned: RandomWrite[] = [];
    const encoded: Record<string, Value>[] = [];
    for (const write of writes) {
      const { kind, table, target, value } = write;
      const known = this.#ids[table];
      const id = known[target % Math.max(1, known.length)];
      if (kind === "insert") {
        encoded.push({ kind, table: table === "ghosts" ? this.#ghostTable : table, value });
      } else if (id !== undefined) encoded.push({ kind, id, value });
      else continue;
      planned.push(write);
    }
    return { writes: planned, encoded };
  }

  argsOf({ path, args, target }: WatchedQuery): Args {
    if (path === "rows:ghosts") return { table: this.#ghostTable };
    if (target === undefined) return args;
    const all = [...this.#ids.rows, ...this.#ids.articles];
    return { ...args, id: all[target % Math.max(1, all.length)] ?? "" };
  }
}
