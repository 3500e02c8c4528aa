/** Ranking, prefixes and filters of full-text search, against a ranking from the definition. */
import type { Value } from "convex/values";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { compareNaively } from "./naive-order.ts";
import { rankNaively, type RankedDocument } from "./naive-ranking.ts";
import { startOracleDeployment, type OracleDeployment } from "./oracle-deployment.ts";
import { expectEnough, oracleRuns, oracleTimeout } from "./oracle-runs.ts";
import { withoutMissing, wrapped } from "./random-values.ts";
import {
  fillTable,
  planWrites,
  randomWrites,
  type KnownTable,
  type Stored,
} from "./random-writes.ts";

interface Shape {
  readonly body: Value | undefined;
  readonly kind: Value | undefined;
  readonly flag: Value | undefined;
}

interface Question {
  readonly words: string;
  readonly filters: readonly {
    readonly field: "kind" | "meta.flag";
    readonly value: Value | undefined;
  }[];
  readonly limit: number | null;
}

const ARTICLES: KnownTable<Shape> = { name: "articles", documentOf };

/** Few letters, so that words meet and one is the beginning of another. */
const shortWord = fc.string({
  unit: fc.constantFrom("a", "b", "B", "é"),
  minLength: 1,
  maxLength: 4,
});
const oddWord = fc.constantFrom(
  "İstanbul",
  "STRASSE",
  "straße",
  "ﬃ",
  "12",
  "1a",
  "ⅷ",
  "中文",
  "ａ",
  "ǆ",
  "x".repeat(31),
  "x".repeat(32),
  `${"é".repeat(15)}a`,
  "é".repeat(16),
  "𝒜b",
  "a\u0301",
);
const word = fc.oneof({ weight: 6, arbitrary: shortWord }, { weight: 1, arbitrary: oddWord });
const separator = fc.constantFrom(" ", " ", "-", ", ", "_", "\n", "'", "😀");
const text = fc
  .array(fc.tuple(word, separator), { maxLength: 7, size: "max" })
  .map((parts) => parts.flat().join(""));
const kind = fc.constantFrom<(Value | undefined)[]>(undefined, null, "a", "a\0", 1, 1n, true);
const body = fc.oneof(
  { weight: 12, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom<(Value | undefined)[]>(undefined, null, 7, ["ab"]) },
);
const shape = fc.record({
  body,
  kind,
  flag: fc.constantFrom<(Value | undefined)[]>(undefined, true),
});
const question: fc.Arbitrary<Question> = fc.record({
  words: text,
  filters: fc.array(
    fc.oneof(
      fc.record({ field: fc.constant("kind" as const), value: kind }),
      fc.record({
        field: fc.constant("meta.flag" as const),
        value: fc.constantFrom(undefined, true),
      }),
    ),
    { maxLength: 2 },
  ),
  limit: fc.option(fc.integer({ min: 1, max: 6 })),
});

let oracle: OracleDeployment;
beforeAll(async () => {
  oracle = await startOracleDeployment();
}, 60_000);
afterAll(() => oracle.dispose());

test(
  "search finds and ranks what the definition says, through updates, deletions and own writes",
  { timeout: oracleTimeout(60_000) },
  async () => {
    let ties = 0;
    let results = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(shape, { maxLength: 22, size: "max" }).map(withTwins),
        fc.array(
          fc.record({
            writes: randomWrites(shape),
            question,
            isOwn: fc.boolean(),
          }),
          { minLength: 3, maxLength: 6 },
        ),
        async (shapes, rounds) => {
          let articles = await fillTable(oracle, ARTICLES, shapes);
          for (const { writes, question, isOwn } of rounds) {
            const { plan, after } = planWrites(ARTICLES, articles, writes);
            const args = encode(question);
            const own = { writes: plan, ...args };
            const { found, inserted } = (await oracle.change(
              "values:writeAndSearch",
              own,
            )) as never as {
              found: string[];
              inserted: Stored[];
            };
            articles = after(inserted);
            const ids = isOwn ? found : ((await oracle.value("values:search", args)) as string[]);
            const documents = articles.map((row) => ({ ...row, body: row.shape.body }));
            const expected = rankNaively(documents, question.words, ({ shape }) =>
              passes(shape, question),
            );
            ties += expectRanking(ids, expected, question.limit);
            results += ids.length;
          }
        },
      ),
      oracleRuns("search", 40),
    );
    expectEnough(results, 50);
    expectEnough(ties, 1);
  },
);

/** Equal documents have equal scores, so that their age has to put them in order. */
function withTwins(shapes: readonly Shape[]): Shape[] {
  return [...shapes, ...shapes.slice(0, 3)];
}

/** Returns how many neighbours only their age puts in order. */
function expectRanking(
  ids: readonly string[],
  matching: readonly RankedDocument[],
  limit: number | null,
): number {
  const byId = new Map(matching.map((document) => [document.id, document]));
  expect(ids.filter((id) => !byId.has(id))).toEqual([]);
  expect(ids).toHaveLength(Math.min(limit ?? Infinity, matching.length));
  expect(new Set(ids).size).toBe(ids.length);
  const ranked = ids.map((id) => byId.get(id)!);
  const rest = matching.filter(({ id }) => !ids.includes(id));
  let ties = 0;
  const expectBefore = (earlier: RankedDocument, later: RankedDocument) => {
    expect(earlier.score).toBeGreaterThanOrEqual(later.score - 1e-9 * later.score);
    if (earlier.profile !== later.profile) return;
    ties += 1;
    expect(earlier.creationTime).toBeGreaterThan(later.creationTime);
  };
  for (const [position, document] of ranked.entries()) {
    const next = ranked[position + 1];
    if (next !== undefined) expectBefore(document, next);
  }
  const last = ranked.at(-1);
  if (last !== undefined) for (const document of rest) expectBefore(last, document);
  return ties;
}

function documentOf({ body, kind, flag }: Shape): Record<string, Value> {
  return withoutMissing({ body, kind, meta: flag === undefined ? undefined : { flag } });
}

function encode({ words, filters, limit }: Question) {
  const encoded = filters.map(({ field, value }) => ({ field, value: wrapped(value) }));
  return { words, filters: encoded, limit };
}

function passes(shape: Shape, { filters }: Question): boolean {
  return filters.every(({ field, value }) => {
    const stored = field === "kind" ? shape.kind : shape.flag;
    return compareNaively(stored, value) === 0;
  });
}
