import fc from "fast-check";
import { expect, test, vi } from "vitest";

import { applySchema, commit, insert, openTestDatabase, rows, schemaOf } from "./test-database.ts";
import type { EngineDatabase } from "./types.ts";

const INDEXED = schemaOf({
  items: { indexes: { by_n: ["n"] }, search: { search_text: ["text"] } },
});

type Change = readonly ["insert" | "remove" | "renumber" | "reword", position: number, n: number];

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.constantFrom("insert", "remove", "renumber", "reword"),
  fc.nat(999),
  fc.nat(20),
);

/** Changes one of the rows as they are now. */
function apply(db: EngineDatabase, [kind, position, n]: Change): void {
  commit(db, (tx) => {
    const ids = rows(tx, "items").map(({ _id }) => String(_id));
    const id = ids[position % ids.length];
    if (kind === "insert" || id === undefined) tx.insert("", "items", JSON.stringify({ n }));
    else if (kind === "remove") tx.remove("", id);
    else tx.patch("", id, JSON.stringify(kind === "renumber" ? { n } : { word: `w${n}` }));
  });
}

test("an index that is built while its rows change is that of the rows as they are in the end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
      const { db } = await openTestDatabase();
      commit(db, (tx) => {
        for (let n = 0; n < 250; n += 1) {
          tx.insert("", "items", JSON.stringify({ n: (n * 7) % 13, text: "words" }));
        }
      });
      let isBuilt = false;
      const left = [...changes];
      const next = () => {
        const first = left.shift();
        if (first !== undefined) apply(db, first);
        if (!isBuilt) setImmediate(next);
      };
      setImmediate(next);
      await applySchema(db, INDEXED);
      isBuilt = true;
      const tx = db.begin();
      const expected = rows(tx, "items").sort(
        (left, right) => Number(left["n"]) - Number(right["n"]),
      );
      expect(rows(tx, "items", "by_n")).toEqual(expected);
    }),
    { numRuns: 6 },
  );
});

test("before a dropped index is emptied the snapshots that show it are refused, commits or none", async () => {
  const { db } = await openTestDatabase({ retention: { ageMs: 20 } });
  await applySchema(db, INDEXED);
  insert(db, "items", { n: 1, text: "words" });
  const ts = db.latestTs;
  const held = db.begin();
  const search = () =>
    held.search({
      componentPath: "",
      table: "items",
      index: "search_text",
      query: "words",
      filters: [],
    });
  const started = search();
  await applySchema(db, schemaOf({ items: {} }));
  expect(rows(held, "items", "by_n")).toHaveLength(1);
  expect(started.next()).not.toBeNull();
  await vi.waitFor(() => expect(db.oldestTs).toBe(db.latestTs), 5_000);
  expect(() => db.begin({ ts })).toThrow("is too old to be read");
  expect(() => rows(held, "items", "by_n")).toThrow("is too old to be read");
  expect(() => started.next()).toThrow("is too old to be read");
  expect(() => search().next()).toThrow("is too old to be read");
  expect(rows(db.begin({ ts: db.oldestTs }), "items")).toHaveLength(1);
  insert(db, "items", { n: 2 });
});
