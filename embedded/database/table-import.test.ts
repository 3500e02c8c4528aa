import { v } from "convex/values";
import { expect, test, vi } from "vitest";

import { META_INDEX } from "../storage/open-lmdb.ts";
import type { Storage } from "../storage/storage.ts";
import { encodeDocumentId } from "../values/document-id.ts";
import { encodeKey } from "../values/index-key.ts";
import { indexNumbers } from "./catalog-store.ts";
import { DatabaseError, OccConflictError, type DatabaseErrorCode } from "./database-error.ts";
import { DatabaseEngine } from "./engine.ts";
import {
  applySchema,
  commit,
  cursor,
  insert,
  openTestDatabase,
  rows,
  schemaOf,
  stored,
  take,
} from "./test-database.ts";
import { ImportRefusedError, type EngineDatabase, type TableImport } from "./types.ts";

const NOTHING_SPECIAL = { requiresEmpty: false, clearsOthers: false };
const items = (number: number | null = null) => ({ componentPath: "", name: "items", number });
const typeOf = (validator: unknown) => (validator as { json: unknown }).json;
const activate = (db: EngineDatabase, tables: TableImport) =>
  commit(db, (tx) => tx.activateImport(tables));
const build = (tables: TableImport) => tables.build(() => Promise.resolve());
const numberOf = (db: EngineDatabase, table: string) =>
  db.tables("").find(({ name }) => name === table)?.number;

function refusal(action: () => unknown): [DatabaseErrorCode, string] {
  try {
    action();
  } catch (error) {
    if (error instanceof DatabaseError) return [error.code, error.message];
    throw error;
  }
  throw new Error("Expected a DatabaseError");
}

/** The database as the engine implements it, with what its contract does not show. */
function engineOf(db: EngineDatabase): DatabaseEngine {
  if (db instanceof DatabaseEngine) return db;
  throw new TypeError("Another implementation");
}

const storageOf = (db: EngineDatabase) => engineOf(db).storage;
const indexesOf = (db: EngineDatabase) => indexNumbers(engineOf(db).catalog.table("", "items")!);
const indexCount = (db: EngineDatabase) => indexesOf(db).length;

function entriesIn(storage: Storage, index: number): [string, string][] {
  const entries: [string, string][] = [];
  for (let lower = ""; ;) {
    const range = { index, lower, upper: null, isReverse: false, limit: 500 };
    const found = storage.scan(range);
    for (const { key, value } of found.entries) entries.push([key, value.toString("latin1")]);
    if (found.isEnd) return entries;
    lower = `${entries.at(-1)?.[0] ?? ""}\0`;
  }
}

/** Of every index of the table, in the order of their numbers. */
const entriesOf = (db: EngineDatabase) =>
  indexesOf(db).map((index) => entriesIn(storageOf(db), index));

/** Of all indexes that have been given out, and what is noted about them. */
function allEntries(storage: Storage): [string, string][] {
  const indexes = Array.from({ length: 60 }, (_, n) => 100 + n);
  const notes = entriesIn(storage, META_INDEX).filter(([key]) => !/^(?:clock|lock)$/.test(key));
  return [...notes, ...indexes.flatMap((index) => entriesIn(storage, index))];
}

/** In another order than that of their ids, keys and times. */
function manyRows(count: number, hasIds = false): string[] {
  return Array.from({ length: count }, (_, n) => {
    const mixed = (n * 7919) % count;
    const internalId = Buffer.alloc(16);
    internalId.writeUInt32BE(mixed);
    const row = { n: mixed % 13, text: `common word${mixed} every${n % 3} common` };
    const id = encodeDocumentId({ tableNumber: 10_077, internalId });
    return JSON.stringify(hasIds ? { _id: id, _creationTime: 1e12 + mixed, ...row } : row);
  });
}

const INDEXED = schemaOf({
  items: { indexes: { by_n: ["n"] }, search: { search_text: ["text", "n"] } },
  others: {},
});

test("an import takes the place of a table in one commit, with ids, times and indexes", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, INDEXED);
  const id = insert(db, "items", { n: 1, text: "old words" });
  const [original] = rows(db.begin(), "items");
  const tables = db.beginImport([items()], NOTHING_SPECIAL);
  const before = db.begin();
  let isTold = false;
  const reader = db.begin();
  rows(reader, "items", "by_n");
  db.subscribe(reader.readSet(), () => (isTold = true));

  await tables.write("", "items", [
    JSON.stringify({ _id: id, _creationTime: 5.5, n: 2, text: "new words" }),
    JSON.stringify({ n: 3, text: "more" }),
  ]);
  expect(rows(db.begin(), "items")).toEqual([original]);
  await build(tables);
  expect(isTold).toBe(false);
  activate(db, tables);

  expect(isTold).toBe(true);
  const imported = rows(db.begin(), "items", "by_n");
  expect(imported).toMatchObject([{ _id: id, _creationTime: 5.5, n: 2 }, { n: 3 }]);
  expect(db.begin().count("", "items")).toBe(2);
  const found = db.begin().search({
    componentPath: "",
    table: "items",
    index: "search_text",
    query: "words",
    filters: [],
  });
  expect(take(found).map(({ document }) => document.id)).toEqual([id]);
  expect(rows(before, "items")).toEqual([original]);
});

test("what an import brought is there after a restart, and goes on being indexed", async () => {
  const test = await openTestDatabase();
  await applySchema(test.db, INDEXED);
  const tables = test.db.beginImport([items(10_050)], NOTHING_SPECIAL);
  await tables.write("", "items", ['{"n":1,"text":"a"}']);
  await build(tables);
  activate(test.db, tables);
  await test.reopen();
  insert(test.db, "items", { n: 0, text: "b" });
  expect(rows(test.db.begin(), "items", "by_n").map(({ n }) => n)).toEqual([0, 1]);
  expect(numberOf(test.db, "items")).toBe(10_050);
  insert(test.db, "fresh", {});
  expect(numberOf(test.db, "fresh")).toBe(10_051);
});

test("a row that does not fit is refused by its position, and a discarded import leaves nothing", async () => {
  const { db } = await openTestDatabase();
  const type = typeOf(v.object({ n: v.number() }));
  await applySchema(db, schemaOf({ items: { type } }));
  insert(db, "items", { n: 1 });
  const tables = db.beginImport([items()], NOTHING_SPECIAL);
  await tables.write("", "items", ['{"n":5}']);
  const refused = await tables
    .write("", "items", ['{"n":1}', '{"n":"x"}'])
    .catch((e: unknown) => e);
  expect(refused).toBeInstanceOf(ImportRefusedError);
  expect((refused as ImportRefusedError).rowIndex).toBe(1);
  expect((refused as ImportRefusedError).message).toMatch(
    /^New document in table "items" does not match the schema: /,
  );
  tables.discard();
  expect(() => activate(db, tables)).toThrow();
  expect(rows(db.begin(), "items")).toMatchObject([{ n: 1 }]);
});

test("an id twice, of another table or malformed is refused", async () => {
  const { db } = await openTestDatabase();
  const foreign = insert(db, "others", {});
  const id = insert(db, "items", {});
  const tables = db.beginImport([items()], NOTHING_SPECIAL);
  const write = (_id: unknown) => tables.write("", "items", [JSON.stringify({ _id })]);
  await expect(write(foreign)).rejects.toThrow(`_id ${foreign} cannot be imported into 'items'`);
  await expect(write("nonsense")).rejects.toThrow("invalid _id 'nonsense'");
  await expect(write(7)).rejects.toThrow("invalid _id");
  await tables.write("", "items", ["{}", JSON.stringify({ _id: id }), "{}"]);
  await tables.write("", "items", ["{}", JSON.stringify({ _id: id })]);
  const refused = await build(tables).catch((e: unknown) => e);
  expect(refused).toBeInstanceOf(ImportRefusedError);
  expect(refused).toMatchObject({
    message: `Objects in table "items" have duplicate _id fields: ${id}`,
    rowIndex: 4,
    table: { componentPath: "", name: "items" },
  });
});

test("an import leaves the very entries in all indexes that inserts leave", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, INDEXED);
  const documents = manyRows(450, true);
  const tables = db.beginImport([items(10_077)], { ...NOTHING_SPECIAL, sortingMemory: 20_000 });
  for (let at = 0; at < documents.length; at += 40) {
    await tables.write("", "items", documents.slice(at, at + 40));
  }
  await build(tables);
  activate(db, tables);
  const imported = entriesOf(db);
  expect(imported.map((index) => index.length > 0)).toEqual([true, true, true, true]);
  // The postings of a word that all have do not fit into one block.
  expect(imported[3]?.filter(([key]) => key.startsWith("pcommon\0")).length).toBeGreaterThan(3);

  activate(db, db.beginImport([items(10_077)], NOTHING_SPECIAL));
  for (let at = 0; at < documents.length; at += 100) {
    commit(db, (tx) => {
      for (const json of documents.slice(at, at + 100)) tx.insertImported("", "items", json);
    });
  }
  expect(imported).toEqual(entriesOf(db));
});

test("an import that ends while its indexes are written leaves nothing, nor does a crash", async () => {
  const test = await openTestDatabase();
  await applySchema(test.db, INDEXED);
  const stored = () => allEntries(storageOf(test.db));
  await test.db.flushed(test.db.latestTs);
  const before = stored();
  for (const end of ["discarded", "crashed"]) {
    const tables = test.db.beginImport([items()], NOTHING_SPECIAL);
    await tables.write("", "items", manyRows(1500));
    expect(stored().length).toBe(before.length + indexCount(test.db));
    const ended = tables.build((done, total) => {
      expect(done).toBeLessThan(total);
      return Promise.reject(new Error("the end"));
    });
    await expect(ended).rejects.toThrow("the end");
    expect(stored().length).toBeGreaterThan(before.length + 1500);
    expect(() => activate(test.db, tables)).toThrow("not built");
    if (end === "discarded") tables.discard();
    else await test.reopen();
    await vi.waitFor(() => expect(stored()).toEqual(before), { timeout: 10_000 });
  }
});

test("building the indexes of an import leaves the event loop free and tells how far it is", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, INDEXED);
  const tables = db.beginImport([items()], { ...NOTHING_SPECIAL, sortingMemory: 200_000 });
  for (let part = 0; part < 10; part += 1) await tables.write("", "items", manyRows(300));
  let turns = 0;
  let isBuilt = false;
  const count = () => {
    turns += 1;
    if (!isBuilt) setImmediate(count);
  };
  setImmediate(count);
  const told: number[] = [];
  await tables.build((done, total) => {
    told.push(done / total);
    return Promise.resolve();
  });
  isBuilt = true;
  expect(told.length).toBeGreaterThan(2);
  expect(told).toEqual(told.toSorted((left, right) => left - right));
  expect(told.at(-1)).toBe(1);
  expect(turns).toBeGreaterThan(told.length);
  activate(db, tables);
  expect(db.begin().count("", "items")).toBe(3000);
});

test("a transaction that wrote to the replaced table conflicts", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "items", { n: 1 });
  const tables = db.beginImport([items()], NOTHING_SPECIAL);
  const reader = db.begin();
  reader.patch("", id, '{"n":2}');
  const writer = db.begin();
  writer.insert("", "items", '{"n":3}');
  activate(db, tables);
  expect(() => db.commit(reader)).toThrow(OccConflictError);
  expect(() => db.commit(writer)).toThrow(OccConflictError);
});

test("clearing the others empties tables of the schema and removes the rest", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ others: { indexes: { by_n: ["n"] } } }));
  insert(db, "others", { n: 1 });
  insert(db, "loose", { n: 1 });
  const before = numberOf(db, "others");
  activate(db, db.beginImport([items()], { requiresEmpty: false, clearsOthers: true }));
  expect(db.tables("").map(({ name, count }) => [name, count])).toEqual([
    ["items", 0],
    ["others", 0],
  ]);
  expect(numberOf(db, "others")).toBe(before);
  insert(db, "others", { n: 7 });
  expect(rows(db.begin(), "others", "by_n")).toMatchObject([{ n: 7 }]);
});

test("rows that came meanwhile, another schema or numbers that clash stop an import", async () => {
  const { db } = await openTestDatabase();
  const empty = db.beginImport([items()], { requiresEmpty: true, clearsOthers: false });
  insert(db, "items", {});
  expect(refusal(() => activate(db, empty))[0]).toBe("TableExists");

  const overtaken = db.beginImport([items()], NOTHING_SPECIAL);
  await applySchema(db, schemaOf({ items: {} }));
  expect(refusal(() => activate(db, overtaken))[0]).toBe("ImportSchemaChanged");

  insert(db, "others", {});
  const clash = () => db.beginImport([items(numberOf(db, "others"))], NOTHING_SPECIAL);
  expect(refusal(clash)).toEqual(["TableConflict", expect.stringContaining("`others`")]);
  const twice = [items(10_100), { componentPath: "", name: "more", number: 10_100 }];
  expect(refusal(() => db.beginImport(twice, NOTHING_SPECIAL))[0]).toBe("TableConflict");
});

test("a table that other rows refer to keeps its number", async () => {
  const { db } = await openTestDatabase();
  const type = typeOf(v.object({ item: v.id("items") }));
  await applySchema(db, schemaOf({ items: {}, others: { type } }));
  insert(db, "others", { item: insert(db, "items", {}) });
  const renumbered = db.beginImport([items(10_100)], NOTHING_SPECIAL);
  expect(refusal(() => activate(db, renumbered))).toEqual([
    "ImportForeignKey",
    "Import changes table 'items' which is referenced by 'others' in the schema",
  ]);
  activate(db, db.beginImport([items()], NOTHING_SPECIAL));
});

test("an import overtakes a schema that is being prepared for its tables", async () => {
  const { db } = await openTestDatabase();
  insert(db, "items", { n: 1 });
  const prepared = await db.prepareSchema("", schemaOf({ items: { indexes: { by_n: ["n"] } } }));
  activate(db, db.beginImport([items()], NOTHING_SPECIAL));
  expect(refusal(() => commit(db, (tx) => tx.activateSchema(prepared)))[0]).toBe("SchemaAborted");
});

test("imported documents can join a table that has rows", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "items", { n: 1 });
  const tx = db.begin();
  expect(refusal(() => tx.insertImported("", "items", JSON.stringify({ _id: id })))[0]).toBe(
    "DuplicateId",
  );
  tx.insertImported("", "items", '{"_creationTime":7,"n":2}');
  db.commit(tx);
  expect(rows(db.begin(), "items").map(({ n }) => n)).toEqual([2, 1]);
});

test("a snapshot of the disk stays what it was while writes go on", async () => {
  const { db } = await openTestDatabase({
    systemTables: [{ name: "_marks", indexes: [{ name: "by_name", fields: ["name"] }] }],
  });
  const ids = commit(db, (tx) =>
    Array.from({ length: 25 }, (_, n) => tx.insert("", "items", `{"n":${n}}`)),
  );
  insert(db, "_marks", { name: "a" });
  const snapshot = await db.openDiskSnapshot();
  expect(snapshot.ts).toBe(db.latestTs);
  commit(db, (tx) => {
    for (const id of ids) tx.remove("", id);
    tx.insert("", "late", "{}");
  });
  await stored(db);

  const table = snapshot.tables.find(({ name }) => name === "items");
  expect(snapshot.tables.map(({ name, count }) => [name, count])).toEqual([
    ["_marks", 1],
    ["items", 25],
  ]);
  const marks = snapshot.tables.find(({ name }) => name === "_marks");
  const find = (name: string) => snapshot.find(marks!, "by_name", encodeKey([name]));
  expect(find("a")).toMatchObject([{ json: expect.stringContaining('"name":"a"') as unknown }]);
  expect(find("b")).toEqual([]);
  const seen: string[] = [];
  for (;;) {
    const page = snapshot.documents(table!, seen.at(-1) ?? null, 10);
    seen.push(...page.map(({ id }) => id));
    if (page.length === 0) break;
  }
  expect(seen).toEqual(ids.toSorted());
  snapshot.close();
  snapshot.close();
  expect(() => snapshot.documents(table!, null, 1)).toThrow("closed");
  expect(take(cursor(db.begin(), "items"))).toEqual([]);
});
