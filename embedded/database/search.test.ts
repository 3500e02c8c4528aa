import fc from "fast-check";
import { expect, test, vi } from "vitest";

import { tokenize } from "../search/tokenizer.ts";
import { Storage } from "../storage/storage.ts";
import { encodeKey } from "../values/index-key.ts";
import { DatabaseError } from "./database-error.ts";
import {
  applySchema,
  commit,
  insert,
  openTestDatabase,
  schemaOf,
  stored,
  take,
} from "./test-database.ts";
import type { EngineDatabase, IndexEntry, Transaction } from "./types.ts";

interface Item {
  readonly id: string;
  readonly creationTime: number;
  readonly text: unknown;
  readonly kind: unknown;
}

const schema = schemaOf({ items: { search: { by_text: ["text", "kind"] } } });

async function openWithSearch(): Promise<EngineDatabase> {
  const { db } = await openTestDatabase();
  await applySchema(db, schema);
  return db;
}

function search(
  tx: Transaction,
  query: string,
  options: { kind?: string | null; limit?: number } = {},
): IndexEntry[] {
  const { kind, limit = Infinity } = options;
  const filters =
    kind === undefined ? [] : [{ fieldPath: "kind", key: encodeKey([kind ?? undefined]) }];
  const request = { componentPath: "", table: "items", index: "by_text", query, filters };
  return take(tx.search(request), limit);
}

function texts(entries: readonly IndexEntry[]): unknown[] {
  return entries.map(({ document }) => (JSON.parse(document.json) as { text: unknown }).text);
}

test("documents with more, rarer and denser matches come first", async () => {
  const db = await openWithSearch();
  for (const text of ["red red chair", "a red chair of old wood", "red lamp", "green chair"]) {
    insert(db, "items", { text });
  }
  expect(texts(search(db.begin(), "lamp red"))).toEqual([
    "red lamp",
    "red red chair",
    "a red chair of old wood",
  ]);
  expect(texts(search(db.begin(), "red"))).toEqual([
    "red red chair",
    "red lamp",
    "a red chair of old wood",
  ]);
});

test("only the last word is a prefix, and whole words count twice as much", async () => {
  const db = await openWithSearch();
  for (const text of ["cupboard", "cup", "teacup", "board"]) insert(db, "items", { text });
  expect(texts(search(db.begin(), "cup"))).toEqual(["cup", "cupboard"]);
  expect(texts(search(db.begin(), "cup board"))).toEqual(["board", "cup"]);
  expect(texts(search(db.begin(), "board CUPB"))).toEqual(["board", "cupboard"]);
});

test("at most sixteen completions of the prefix are searched for, first in order", async () => {
  const db = await openWithSearch();
  for (let n = 0; n < 30; n += 1) insert(db, "items", { text: `x${String(n).padStart(2, "0")}` });
  const found = texts(search(db.begin(), "x")).toSorted();
  expect(found).toEqual(Array.from({ length: 16 }, (_, n) => `x${String(n).padStart(2, "0")}`));
});

test("a blank query and one without letters find nothing and depend on nothing", async () => {
  const db = await openWithSearch();
  insert(db, "items", { text: "a" });
  for (const query of ["", "   ", "?!"]) {
    const tx = db.begin();
    expect(search(tx, query)).toEqual([]);
    expect(tx.readSet().searches.size).toBe(0);
  }
});

test("equal scores are ordered newest first", async () => {
  const db = await openWithSearch();
  for (const text of ["red one", "red two", "red six"]) insert(db, "items", { text });
  expect(texts(search(db.begin(), "red x"))).toEqual(["red six", "red two", "red one"]);
});

test("filters are exact, and a missing field is found by undefined", async () => {
  const db = await openWithSearch();
  insert(db, "items", { text: "red a", kind: "a" });
  insert(db, "items", { text: "red b", kind: "b" });
  insert(db, "items", { text: "red none" });
  insert(db, "items", { text: "red null", kind: null });
  expect(texts(search(db.begin(), "red x", { kind: "a" }))).toEqual(["red a"]);
  expect(texts(search(db.begin(), "red x", { kind: null }))).toEqual(["red none"]);
  const two = {
    componentPath: "",
    table: "items",
    index: "by_text",
    query: "red x",
    filters: ["a", "b"].map((kind) => ({ fieldPath: "kind", key: encodeKey([kind]) })),
  };
  expect(take(db.begin().search(two))).toEqual([]);
  const wrong = { ...two, filters: [{ fieldPath: "size", key: "" }] };
  expect(() => db.begin().search(wrong)).toThrow('filter on "size" but that field isn\'t indexed');
});

test("who reads 1,024 results and asks for another is refused, whether there is one or not", async () => {
  const db = await openWithSearch();
  commit(db, (tx) => {
    for (let n = 0; n < 1025; n += 1) tx.insert("", "items", '{"text":"red"}');
  });
  expect(search(db.begin(), "red x", { limit: 1024 })).toHaveLength(1024);
  const tx = db.begin();
  let error: unknown;
  try {
    search(tx, "red x");
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(DatabaseError);
  expect((error as DatabaseError).code).toBe("SearchQueryScannedTooManyDocumentsError");
  const removeOne = () =>
    commit(db, (other) => other.remove("", search(other, "red x", { limit: 1 })[0]!.document.id));
  removeOne();
  expect(() => search(db.begin(), "red x")).toThrow(DatabaseError);
  removeOne();
  expect(search(db.begin(), "red x")).toHaveLength(1023);
});

test("of thousands that score the same, the newest are found, and no others are looked up", async () => {
  const db = await openWithSearch();
  const ids: string[] = [];
  commit(db, (tx) => {
    for (let n = 0; n < 3000; n += 1) ids.push(tx.insert("", "items", '{"text":"red"}'));
  });
  const best = insert(db, "items", { text: "red red" });
  const get = vi.spyOn(Storage.prototype, "get");
  const found = search(db.begin(), "red", { limit: 1024 }).map(({ document }) => document.id);
  expect(get.mock.calls.length).toBeLessThan(2500);
  get.mockRestore();
  expect(found).toEqual([best, ...ids.slice(-1023).reverse()]);
});

test("unknown and database indexes are no search indexes", async () => {
  const db = await openWithSearch();
  const request = { componentPath: "", table: "items", index: "nope", query: "a", filters: [] };
  expect(() => db.begin().search(request)).toThrow("Index items.nope not found.");
  const other = { ...request, table: "ghosts", index: "by_text" };
  expect(() => db.begin().search(other)).toThrow("Index ghosts.by_text not found.");
  expect(db.begin().searchIndex("", "items", "by_text")).toMatchObject({
    searchField: "text",
    filterFields: ["kind"],
  });
});

test("a search index built over existing rows, across restarts, is complete", async () => {
  const test = await openTestDatabase();
  commit(test.db, (tx) => {
    for (let n = 0; n < 500; n += 1) {
      tx.insert("", "items", JSON.stringify({ text: `red n${n}`, kind: n % 2 ? "odd" : "even" }));
    }
  });
  const preparing = test.db.prepareSchema("", schema);
  const ids = idsOf(test.db);
  commit(test.db, (tx) => {
    tx.remove("", ids[0]!);
    tx.patch("", ids[1]!, '{"text":"blue"}');
    tx.patch("", ids[2]!, '{"text":"red again"}');
    tx.insert("", "items", '{"text":"red new"}');
  });
  const prepared = await preparing;
  commit(test.db, (tx) => tx.activateSchema(prepared));
  expect(search(test.db.begin(), "red x")).toHaveLength(499);
  await test.reopen();
  expect(search(test.db.begin(), "red x")).toHaveLength(499);
  expect(search(test.db.begin(), "red x", { kind: "odd" })).toHaveLength(249);
  expect(texts(search(test.db.begin(), "blue x"))).toEqual(["blue"]);
});

test("results being walked stay those of the snapshot while others commit", async () => {
  const db = await openWithSearch();
  const ids = commit(db, (tx) =>
    Array.from({ length: 20 }, (_, n) =>
      tx.insert("", "items", JSON.stringify({ text: "red" + " and".repeat(n) })),
    ),
  );
  const request = {
    componentPath: "",
    table: "items",
    index: "by_text",
    query: "red x",
    filters: [],
  };
  const expected = search(db.begin(), "red x").map(({ document }) => document.id);
  const tx = db.begin();
  const results = tx.search(request);
  const seen = take(results, 5);
  commit(db, (other) => ids.forEach((id) => other.remove("", id)));
  seen.push(...take(results));
  expect(seen.map(({ document }) => document.id)).toEqual(expected);
});

const word = fc.constantFrom("a", "ab", "abc", "b", "ba", "é", "éa", "z");
const item = fc.record({
  text: fc.oneof(
    { weight: 8, arbitrary: fc.array(word, { maxLength: 5 }).map((words) => words.join(" ")) },
    { weight: 1, arbitrary: fc.constant(5) },
  ),
  kind: fc.constantFrom("x", "y"),
});
const change = fc.record({
  action: fc.constantFrom("insert", "replace", "remove"),
  position: fc.nat(20),
  item,
});

test("ranking is that of a naive BM25, at the latest, an older and an own state", async () => {
  const db = await openWithSearch();
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 20 }),
      fc.array(change, { maxLength: 6 }),
      fc.array(change, { maxLength: 6 }),
      fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(" ")),
      fc.option(fc.constantFrom("x", "y"), { nil: undefined }),
      async (before, own, later, query, kind) => {
        commit(db, (tx) => {
          for (const { id } of itemsOf(tx)) tx.remove("", id);
        });
        commit(db, (tx) => applyChanges(tx, before));
        await stored(db);
        const old = db.begin();
        const writing = db.begin();
        applyChanges(writing, own);
        commit(db, (tx) => applyChanges(tx, later));
        for (const tx of [old, writing, db.begin()]) {
          const options = kind === undefined ? {} : { kind };
          const found = search(tx, query, options).map(({ document }) => document.id);
          expect(found).toEqual(naiveSearch(itemsOf(tx), query, kind));
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("many blocks of postings stay in step with many changes", async () => {
  const db = await openWithSearch();
  const ids: string[] = [];
  const step = (n: number): string => `red ${n % 3 === 0 ? "blue" : "green"} n${n % 50}`;
  for (let batch = 0; batch < 6; batch += 1) {
    commit(db, (tx) => {
      for (let n = 0; n < 150; n += 1) {
        const json = JSON.stringify({ text: step(batch * 150 + n), kind: n % 2 ? "x" : "y" });
        ids.push(tx.insert("", "items", json));
      }
    });
  }
  commit(db, (tx) => ids.forEach((id, n) => (n % 5 === 1 ? tx.remove("", id) : undefined)));
  commit(db, (tx) =>
    ids.forEach((id, n) =>
      n % 5 === 2 ? tx.patch("", id, JSON.stringify({ text: `blue ${step(n + 1)}` })) : undefined,
    ),
  );
  const tx = db.begin();
  const items = itemsOf(tx);
  for (const query of ["red x", "blue x", "n4", "green n7"]) {
    for (const kind of [undefined, "x"]) {
      const found = search(tx, query, kind === undefined ? {} : { kind });
      expect(found.map(({ document }) => document.id)).toEqual(naiveSearch(items, query, kind));
    }
  }
});

function idsOf(db: EngineDatabase): string[] {
  return itemsOf(db.begin()).map(({ id }) => id);
}

function itemsOf(tx: Transaction): Item[] {
  const range = tx.range({
    componentPath: "",
    table: "items",
    index: "by_creation_time",
    interval: { lower: "", upper: null },
    order: "asc",
  });
  return take(range).map(({ document }) => {
    const { text, kind } = JSON.parse(document.json) as { text: unknown; kind: unknown };
    return { id: document.id, creationTime: document.creationTime, text, kind };
  });
}

function applyChanges(
  tx: Transaction,
  changes: readonly { action: string; position: number; item: unknown }[],
): void {
  for (const { action, position, item: value } of changes) {
    const items = itemsOf(tx);
    const existing = items[position % Math.max(1, items.length)];
    if (existing === undefined || action === "insert") {
      tx.insert("", "items", JSON.stringify(value));
    } else if (action === "remove") tx.remove("", existing.id);
    else tx.replace("", existing.id, JSON.stringify(value));
  }
}

/** BM25 with k1 = 1.2 and b = 0.75 straight from its definition. */
function naiveSearch(items: readonly Item[], query: string, kind: string | undefined): string[] {
  const documents = items.flatMap(({ id, creationTime, text, kind: itsKind }) =>
    typeof text === "string" ? [{ id, creationTime, kind: itsKind, words: tokenize(text) }] : [],
  );
  const average =
    documents.reduce((sum, { words }) => sum + words.length, 0) / Math.max(1, documents.length);
  const frequency = (term: string): number =>
    documents.filter(({ words }) => words.includes(term)).length;
  const weights = new Map<string, number>();
  const queried = tokenize(query);
  const last = queried[queried.length - 1] ?? "";
  const known = [...new Set(documents.flatMap(({ words }) => words))].sort((left, right) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  );
  const completions = known.filter((term) => term.startsWith(last) && term !== last).slice(0, 16);
  for (const term of completions) weights.set(term, 0.5);
  for (const term of queried) if (known.includes(term)) weights.set(term, 1);
  return documents
    .filter(({ kind: itsKind }) => kind === undefined || itsKind === kind)
    .map((document) => {
      let score = 0;
      for (const [term, weight] of weights) {
        const count = document.words.filter((other) => other === term).length;
        const df = frequency(term);
        const idf = Math.log(1 + (documents.length - df + 0.5) / (df + 0.5));
        const norm = 1.2 * (1 - 0.75 + (0.75 * document.words.length) / average);
        score += (weight * idf * count * 2.2) / (count + norm);
      }
      // Sums in another order differ in their last digits.
      return { ...document, score: Math.round(score * 1e9) };
    })
    .filter(({ score }) => score > 0)
    .sort(
      (left, right) =>
        right.score - left.score ||
        right.creationTime - left.creationTime ||
        (left.id < right.id ? 1 : -1),
    )
    .map(({ id }) => id);
}
