import { expect, test } from "vitest";

import { CountedKey } from "../index/test-intervals.ts";
import { afterPrefix, encodeKey } from "../values/index-key.ts";
import { applySchema, commit, insert, openTestDatabase, rows, schemaOf } from "./test-database.ts";
import type { EngineDatabase, KeyInterval, Timestamp, Transaction } from "./types.ts";

function subscribe(db: EngineDatabase, readSomething: (tx: Transaction) => unknown) {
  const told: Timestamp[] = [];
  const tx = db.begin();
  readSomething(tx);
  const subscription = db.subscribe(tx.readSet(), (ts) => told.push(ts));
  return { told, cancel: () => subscription.cancel() };
}

async function openWithIndexes(): Promise<EngineDatabase> {
  const { db } = await openTestDatabase();
  const items = {
    indexes: { by_n: ["n"] },
    search: { by_text: ["text", "kind"] },
  } as const;
  await applySchema(db, schemaOf({ items }));
  return db;
}

test("a subscription is told once, within the commit that touches it, with its timestamp", async () => {
  const db = await openWithIndexes();
  const id = insert(db, "items", { n: 1 });
  const { told } = subscribe(db, (tx) => tx.get("", id));
  insert(db, "items", { n: 2 });
  expect(told).toEqual([]);
  const tx = db.begin();
  tx.patch("", id, '{"n":3}');
  expect(told).toEqual([]);
  const { ts } = db.commit(tx);
  expect(told).toEqual([ts]);
  commit(db, (other) => other.patch("", id, '{"n":4}'));
  expect(told).toEqual([ts]);
});

test("ranges are told of what enters, changes in and leaves them, of nothing beside them", async () => {
  const db = await openWithIndexes();
  const range = { lower: encodeKey([3]), upper: afterPrefix(encodeKey([5])) };
  const watch = () => subscribe(db, (tx) => rows(tx, "items", "by_n", range)).told;
  let told = watch();
  const id = insert(db, "items", { n: 6 });
  expect(told).toHaveLength(0);
  commit(db, (tx) => tx.patch("", id, '{"n":4}'));
  expect(told).toHaveLength(1);
  told = watch();
  commit(db, (tx) => tx.patch("", id, '{"text":"same n"}'));
  expect(told).toHaveLength(1);
  told = watch();
  commit(db, (tx) => tx.patch("", id, '{"n":1}'));
  expect(told).toHaveLength(1);
  told = watch();
  commit(db, (tx) => tx.remove("", id));
  expect(told).toHaveLength(0);
});

test("a cancelled subscription is not told, and neither is one whose transaction rolled back", async () => {
  const db = await openWithIndexes();
  const id = insert(db, "items", { n: 1 });
  const { told, cancel } = subscribe(db, (tx) => tx.get("", id));
  const tx = db.begin();
  const savepoint = tx.savepoint();
  tx.patch("", id, '{"n":2}');
  tx.rollbackTo(savepoint);
  tx.insert("", "others", "{}");
  db.commit(tx);
  expect(told).toEqual([]);
  cancel();
  cancel();
  commit(db, (other) => other.remove("", id));
  expect(told).toEqual([]);
});

test("who found no table is told of its first row", async () => {
  const db = await openWithIndexes();
  const { told } = subscribe(db, (tx) => rows(tx, "ghosts"));
  insert(db, "others", {});
  expect(told).toHaveLength(0);
  insert(db, "ghosts", {});
  expect(told).toHaveLength(1);
});

test("a subscriber may subscribe again while being told", async () => {
  const db = await openWithIndexes();
  const id = insert(db, "items", { n: 1 });
  let told = 0;
  const watch = (): void => {
    const tx = db.begin();
    tx.get("", id);
    db.subscribe(tx.readSet(), () => {
      told += 1;
      watch();
    });
  };
  watch();
  for (let n = 0; n < 3; n += 1) commit(db, (tx) => tx.patch("", id, `{"n":${n + 5}}`));
  expect(told).toBe(3);
});

test("searches are told of documents with their terms that pass their filters", async () => {
  const db = await openWithIndexes();
  const search = (query: string, kind?: string) => (tx: Transaction) =>
    tx.search({
      componentPath: "",
      table: "items",
      index: "by_text",
      query,
      filters: kind === undefined ? [] : [{ fieldPath: "kind", key: encodeKey([kind]) }],
    });
  const id = insert(db, "items", { text: "red chair", kind: "a" });
  const watchers = {
    exact: subscribe(db, search("red x")).told,
    prefix: subscribe(db, search("cha")).told,
    sameKind: subscribe(db, search("chair", "a")).told,
    otherKind: subscribe(db, search("chair", "b")).told,
    otherTerm: subscribe(db, search("table")).told,
    notLast: subscribe(db, search("cha red2")).told,
  };
  commit(db, (tx) => tx.patch("", id, '{"n":1}'));
  const told = Object.entries(watchers).filter(([, { length }]) => length > 0);
  expect(told.map(([name]) => name)).toEqual(["exact", "prefix", "sameKind"]);
  commit(db, (tx) => tx.patch("", id, '{"text":"green table","kind":"b"}'));
  expect(watchers.otherTerm).toHaveLength(1);
  expect(watchers.otherKind).toHaveLength(0);
});

test("a new schema tells those who read a dropped index, or failed for want of one", async () => {
  const db = await openWithIndexes();
  insert(db, "items", { n: 1 });
  const byN = subscribe(db, (tx) => rows(tx, "items", "by_n"));
  const byTime = subscribe(db, (tx) => rows(tx, "items"));
  const missing = subscribe(db, (tx) => {
    expect(() => tx.indexFields("", "items", "by_m")).toThrow("Index items.by_m not found.");
  });
  await applySchema(db, schemaOf({ items: { indexes: { by_m: ["m"] } } }));
  expect(byN.told).toHaveLength(1);
  expect(byTime.told).toHaveLength(0);
  expect(missing.told).toHaveLength(1);
});

test("commit listeners run after the subscriptions of the commit were told", async () => {
  const db = await openWithIndexes();
  const id = insert(db, "items", { n: 1 });
  const order: string[] = [];
  const tx = db.begin();
  tx.get("", id);
  const stop = db.onCommit(() => order.push("commit"));
  db.subscribe(tx.readSet(), () => order.push("subscription"));
  commit(db, (other) => other.patch("", id, '{"n":2}'));
  stop();
  insert(db, "items", {});
  expect(order).toEqual(["subscription", "commit"]);
});

test("a commit compares its keys with few of ten thousand open queries that it does not touch", async () => {
  const { db } = await openTestDatabase();
  const ids = commit(db, (tx) =>
    Array.from({ length: 2_000 }, (_, n) => tx.insert("", "items", JSON.stringify({ n }))),
  );
  const untold = ids.slice(1).map((id) => subscribe(db, (tx) => tx.get("", id)).told);
  const read = db.begin();
  read.get("", ids[0]!);
  const [[index, [point]]] = [...read.readSet().intervals] as [[number, [KeyInterval]]];
  let told = 0;
  for (let n = 0; n < 10_000; n += 1) {
    // Ranges between the rows.
    const start = `${encodeKey([ids[n % ids.length]!])}${String(n)}`;
    const range = { lower: CountedKey.of(`${start}a`), upper: CountedKey.of(`${start}b`) };
    const readSet = { intervals: new Map([[index, [range]]]), searches: new Map() };
    db.subscribe(readSet, () => (told += 1));
  }
  const touched = subscribe(db, (tx) => tx.get("", ids[0]!)).told;
  expect(point.lower).toBe(encodeKey([ids[0]!]));
  CountedKey.looks = 0;
  commit(db, (tx) => tx.patch("", ids[0]!, JSON.stringify({ n: -1 })));
  expect(touched).toHaveLength(1);
  expect(told).toBe(0);
  expect(untold.flat()).toEqual([]);
  expect(CountedKey.looks).toBeGreaterThan(0);
  expect(CountedKey.looks).toBeLessThan(500);
});

test("a commit looks at open searches in proportion to those it touches", async () => {
  const db = await openWithIndexes();
  const id = insert(db, "items", { text: "red chair", kind: "kind 7" });
  const searched = db.begin();
  const request = { componentPath: "", table: "items", index: "by_text", filters: [] };
  searched.search({ ...request, query: "x" }).next();
  const [[index]] = [...searched.readSet().searches] as [[number, unknown]];
  let looks = 0;
  let told = 0;
  const watch = (text: string, isPrefix: boolean, kind: string | null) => {
    const filters = new Map(kind === null ? [] : [["kind", encodeKey([kind])]]);
    const condition = {
      get terms() {
        looks += 1;
        return [{ text, isPrefix }];
      },
      get filters() {
        looks += 1;
        return filters;
      },
    };
    const readSet = { intervals: new Map(), searches: new Map([[index, [condition]]]) };
    db.subscribe(readSet, () => (told += 1));
  };
  for (let n = 0; n < 3_000; n += 1) {
    watch(`word${n}`, false, null);
    watch(`pre${n}`, true, null);
    // The same words as the document's, for others than its kind.
    watch("chair", false, `kind ${n + 100}`);
    watch("cha", true, `kind ${n + 100}`);
  }
  for (const touched of [1, 20]) {
    for (let n = 0; n < touched; n += 1) watch("chair", n % 2 === 1, n % 3 === 0 ? "kind 7" : null);
    looks = 0;
    told = 0;
    commit(db, (tx) => tx.patch("", id, JSON.stringify({ n: touched })));
    expect(told).toBe(touched);
    expect(looks).toBeLessThan(touched * 10);
  }
});
