import { expect, test } from "vitest";

import { afterPrefix, encodeKey } from "../values/index-key.ts";
import { OccConflictError } from "./database-error.ts";
import {
  applySchema,
  commit,
  cursor,
  insert,
  openTestDatabase,
  read,
  rows,
  schemaOf,
  stored,
  take,
} from "./test-database.ts";
import type { EngineDatabase, Transaction } from "./types.ts";

/** Whether a transaction that read something and wrote elsewhere conflicts with what others did. */
function conflicts(
  db: EngineDatabase,
  readSomething: (tx: Transaction) => unknown,
  meanwhile: (tx: Transaction) => unknown,
): OccConflictError | null {
  const tx = db.begin();
  readSomething(tx);
  tx.insert("", "log", "{}");
  commit(db, meanwhile);
  try {
    db.commit(tx);
    return null;
  } catch (error) {
    if (error instanceof OccConflictError) return error;
    throw error;
  }
}

async function openWithIndex(): Promise<EngineDatabase> {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ items: { indexes: { by_n: ["n"] } }, log: {} }));
  insert(db, "log", {});
  return db;
}

const numbers = (from: number, to: number) => ({
  lower: encodeKey([from]),
  upper: afterPrefix(encodeKey([to])),
});

test("of two that read and write the same document, the later one conflicts", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "items", { n: 1 });
  const first = db.begin();
  const second = db.begin();
  for (const tx of [first, second]) {
    tx.patch("", id, JSON.stringify({ n: (read(tx, id)?.["n"] as number) + 1 }));
  }
  db.commit(first);
  const failure = () => db.commit(second);
  expect(failure).toThrow(OccConflictError);
  expect(failure).toThrow(
    'Documents read from or written to the "items" table changed while this mutation was being run ' +
      "and on every subsequent retry. See https://docs.convex.dev/error#1",
  );
  expect(read(db.begin(), id)).toMatchObject({ n: 2 });
});

test("a conflict names table and document", async () => {
  const db = await openWithIndex();
  const id = insert(db, "items", { n: 1 });
  const conflict = conflicts(
    db,
    (tx) => tx.get("", id),
    (tx) => tx.patch("", id, '{"n":2}'),
  );
  expect(conflict).toMatchObject({
    code: "OptimisticConcurrencyControlFailure",
    table: "items",
    documentId: id,
  });
});

test("a missing document that appears is a conflict for who looked for it", async () => {
  const db = await openWithIndex();
  insert(db, "items", { n: 1 });
  const inserting = db.begin();
  const id = inserting.insert("", "items", "{}");
  const looking = db.begin();
  expect(looking.get("", id)).toBeNull();
  looking.insert("", "log", "{}");
  db.commit(inserting);
  expect(() => db.commit(looking)).toThrow(OccConflictError);
});

test("old and new keys of a change conflict with ranges that held one of them", async () => {
  const db = await openWithIndex();
  const id = insert(db, "items", { n: 5 });
  const readRange = (from: number, to: number) => (tx: Transaction) =>
    rows(tx, "items", "by_n", numbers(from, to));
  const move = (n: number) => (tx: Transaction) => tx.patch("", id, `{"n":${n}}`);
  expect(conflicts(db, readRange(4, 6), move(20))).not.toBeNull();
  expect(conflicts(db, readRange(4, 6), move(5))).not.toBeNull();
  expect(conflicts(db, readRange(7, 9), move(6))).toBeNull();
  expect(conflicts(db, readRange(6, 6), (tx) => tx.patch("", id, '{"other":1}'))).not.toBeNull();
  expect(conflicts(db, readRange(7, 9), (tx) => tx.remove("", id))).toBeNull();
});

test("an empty range conflicts with what is put into it", async () => {
  const db = await openWithIndex();
  const readRange = (tx: Transaction) => rows(tx, "items", "by_n", numbers(1, 3));
  const put = (n: number) => (tx: Transaction) => tx.insert("", "items", `{"n":${n}}`);
  expect(conflicts(db, readRange, put(4))).toBeNull();
  expect(conflicts(db, readRange, put(2))).not.toBeNull();
});

test("a range conflicts only as far as it was walked", async () => {
  const db = await openWithIndex();
  commit(db, (tx) => [1, 3, 5].forEach((n) => tx.insert("", "items", `{"n":${n}}`)));
  const firstTwo = (tx: Transaction) => take(cursor(tx, "items", "by_n"), 2);
  const lastTwo = (tx: Transaction) => take(cursor(tx, "items", "by_n", undefined, "desc"), 2);
  const put = (n: number) => (tx: Transaction) => tx.insert("", "items", `{"n":${n}}`);
  expect(conflicts(db, firstTwo, put(4))).toBeNull();
  expect(conflicts(db, firstTwo, put(2))).not.toBeNull();
  expect(conflicts(db, lastTwo, put(2.5))).toBeNull();
  expect(conflicts(db, lastTwo, put(9))).not.toBeNull();
});

test("the first insert into a table conflicts with who found no table", async () => {
  const db = await openWithIndex();
  const readGhosts = (tx: Transaction) => rows(tx, "ghosts");
  expect(conflicts(db, readGhosts, (tx) => tx.insert("", "others", "{}"))).toBeNull();
  expect(conflicts(db, readGhosts, (tx) => tx.insert("", "ghosts", "{}"))).toMatchObject({
    table: null,
  });
});

test("two that create different tables do not conflict and get different numbers", async () => {
  const { db } = await openTestDatabase();
  const [first, second] = [db.begin(), db.begin()];
  first.insert("", "a", "{}");
  second.insert("", "b", "{}");
  db.commit(first);
  db.commit(second);
  expect(new Set(db.tables("").map(({ number }) => number)).size).toBe(2);
});

test("a count conflicts with insertions and removals, not with changes", async () => {
  const db = await openWithIndex();
  const id = insert(db, "items", { n: 1 });
  const count = (tx: Transaction) => tx.count("", "items");
  expect(conflicts(db, count, (tx) => tx.patch("", id, '{"n":2}'))).toBeNull();
  expect(conflicts(db, count, (tx) => tx.insert("", "items", "{}"))).not.toBeNull();
  expect(conflicts(db, count, (tx) => tx.remove("", id))).not.toBeNull();
});

test("inserting under a schema conflicts with its replacement", async () => {
  const db = await openWithIndex();
  const prepared = await db.prepareSchema("", schemaOf({ items: {}, log: {} }));
  const insertItem = (tx: Transaction) => tx.insert("", "items", "{}");
  expect(conflicts(db, insertItem, (tx) => tx.activateSchema(prepared))).not.toBeNull();
});

test("reading an index conflicts with its removal", async () => {
  const db = await openWithIndex();
  const tx = db.begin();
  rows(tx, "items", "by_n");
  tx.insert("other", "log", "{}");
  await applySchema(db, schemaOf({ items: {}, log: {} }));
  expect(() => db.commit(tx)).toThrow(OccConflictError);
});

test("an old snapshot shows the values, ranges and counts of its time", async () => {
  const db = await openWithIndex();
  const ids = commit(db, (tx) => [1, 2, 3].map((n) => tx.insert("", "items", `{"n":${n}}`)));
  const ts = db.latestTs;
  const held = db.begin();
  commit(db, (tx) => tx.patch("", ids[0]!, '{"n":9}'));
  commit(db, (tx) => tx.patch("", ids[0]!, '{"n":8}'));
  commit(db, (tx) => tx.remove("", ids[1]!));
  insert(db, "items", { n: 0 });
  await stored(db);
  for (const tx of [held, db.begin({ ts })]) {
    expect(rows(tx, "items", "by_n").map(({ n }) => n)).toEqual([1, 2, 3]);
    expect(rows(tx, "items", "by_n", undefined, "desc").map(({ n }) => n)).toEqual([3, 2, 1]);
    expect(read(tx, ids[1]!)).toMatchObject({ n: 2 });
    expect(tx.count("", "items")).toBe(3);
  }
  expect(rows(db.begin(), "items", "by_n").map(({ n }) => n)).toEqual([0, 3, 8]);
});

test("a range walked across commits stays in its snapshot", async () => {
  const db = await openWithIndex();
  const ids = commit(db, (tx) =>
    Array.from({ length: 60 }, (_, n) => tx.insert("", "items", `{"n":${n}}`)),
  );
  const range = cursor(db.begin(), "items", "by_n");
  const seen = take(range, 10);
  for (const id of ids) commit(db, (tx) => tx.patch("", id, '{"n":-1}'));
  await stored(db);
  commit(db, (tx) => ids.slice(0, 30).forEach((id) => tx.remove("", id)));
  await stored(db);
  const all = [...seen, ...take(range)].map(
    ({ document }) => (JSON.parse(document.json) as { n: number }).n,
  );
  expect(all).toEqual(Array.from({ length: 60 }, (_, n) => n));
});

test("snapshots older than the retention, or in the future, are refused", async () => {
  const test = await openTestDatabase({ retention: { commits: 3, ageMs: 60_000 } });
  const { db } = test;
  insert(db, "items", { n: 1 });
  const ts = db.latestTs;
  const held = db.begin();
  held.insert("", "items", "{}");
  for (let n = 0; n < 3; n += 1) insert(db, "items", { n });
  expect(db.begin({ ts }).count("", "items")).toBe(1);
  insert(db, "items", { n: 3 });
  expect(db.oldestTs > ts).toBe(true);
  expect(() => db.begin({ ts })).toThrow("is too old to be read");
  expect(() => rows(held, "items")).toThrow("is too old to be read");
  expect(() => db.commit(held)).toThrow(OccConflictError);
  expect(() => db.begin({ ts: db.latestTs + 1n })).toThrow("is later than the latest one");
  test.nowMs += 61_000;
  insert(db, "items", { n: 4 });
  insert(db, "items", { n: 5 });
  expect(() => db.begin({ ts: db.oldestTs })).not.toThrow();
});

test("big documents shorten what is kept of the past", async () => {
  const { db } = await openTestDatabase({ retention: { textLength: 10_000 } });
  const id = insert(db, "items", { text: "x".repeat(4000) });
  const ts = db.latestTs;
  commit(db, (tx) => tx.patch("", id, '{"n":1}'));
  expect(db.begin({ ts }).get("", id)).not.toBeNull();
  commit(db, (tx) => tx.patch("", id, '{"n":2}'));
  expect(() => db.begin({ ts })).toThrow("is too old to be read");
});

test("timestamps grow when the clock goes back and across restarts", async () => {
  const test = await openTestDatabase();
  insert(test.db, "items", {});
  const first = test.db.latestTs;
  expect(first).toBeGreaterThanOrEqual(1_700_000_000_000_000_000n);
  test.nowMs -= 3_600_000;
  insert(test.db, "items", {});
  const second = test.db.latestTs;
  expect(second).toBeGreaterThan(first);
  await test.reopen();
  expect(test.db.latestTs).toBe(second);
  insert(test.db, "items", {});
  expect(test.db.latestTs).toBeGreaterThan(second);
});

test("documents, tables, indexes and counts are there after a restart", async () => {
  const test = await openTestDatabase();
  await applySchema(test.db, schemaOf({ items: { indexes: { by_n: ["n"] } } }));
  const ids = commit(test.db, (tx) => [3, 1, 2].map((n) => tx.insert("", "items", `{"n":${n}}`)));
  commit(test.db, (tx) => tx.remove("", ids[0]!));
  const tables = test.db.tables("");
  await test.reopen();
  expect(test.db.tables("")).toEqual(tables);
  expect(test.db.tables("")[0]?.count).toBe(2);
  expect(rows(test.db.begin(), "items", "by_n").map(({ n }) => n)).toEqual([1, 2]);
  const id = insert(test.db, "fresh", {});
  expect(test.db.tables("").map(({ number }) => number)).toEqual([10002, 10001]);
  expect(test.db.begin().tableOf("", id)).toBe("fresh");
});

test("whether something read has changed can be asked later", async () => {
  const db = await openWithIndex();
  const id = insert(db, "items", { n: 1 });
  const tx = db.begin();
  tx.get("", id);
  const since = db.latestTs;
  expect(db.isUnchanged(tx.readSet(), since)).toBe(true);
  insert(db, "items", { n: 2 });
  expect(db.isUnchanged(tx.readSet(), since)).toBe(true);
  commit(db, (other) => other.patch("", id, '{"n":3}'));
  expect(db.isUnchanged(tx.readSet(), since)).toBe(false);
  expect(db.isUnchanged(tx.readSet(), db.latestTs)).toBe(true);
  expect(db.isUnchanged(tx.readSet(), 1n)).toBe(false);
});
