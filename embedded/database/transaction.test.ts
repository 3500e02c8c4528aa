import { getDocumentSize } from "convex/values";
import { expect, test, vi } from "vitest";

import { encodeKey } from "../values/index-key.ts";
import { DatabaseError, type DatabaseErrorCode } from "./database-error.ts";
import { commit, cursor, insert, openTestDatabase, read, rows, take } from "./test-database.ts";

function expectRefusal(action: () => unknown, code: DatabaseErrorCode, message?: string): void {
  let error: unknown = null;
  try {
    action();
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(DatabaseError);
  expect((error as DatabaseError).code).toBe(code);
  if (message !== undefined) expect((error as DatabaseError).message).toContain(message);
}

test("an inserted document is read with its system fields, by its maker before the commit", async () => {
  const { db } = await openTestDatabase();
  const tx = db.begin();
  const id = tx.insert("", "notes", '{"text":"hi","_zz":1}'.replace(',"_zz":1', ""));
  expect(read(tx, id)).toEqual({ _id: id, _creationTime: 1_700_000_000_000, text: "hi" });
  expect(db.begin().get("", id)).toBeNull();
  db.commit(tx);
  expect(read(db.begin(), id)).toEqual({ _id: id, _creationTime: 1_700_000_000_000, text: "hi" });
});

test("a document's text is canonical and its size is the official one", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "notes", { z: 1, a: { y: [null, "é"], b: true } });
  const document = db.begin().get("", id);
  const value = { z: 1, a: { y: [null, "é"], b: true }, _id: id, _creationTime: 1.7e12 };
  expect(document?.json).toBe(
    `{"_creationTime":1700000000000,"_id":"${id}","a":{"b":true,"y":[null,"é"]},"z":1}`,
  );
  expect(document?.size).toBe(getDocumentSize(value));
});

test("creation times grow within a transaction from the later of snapshot and now", async () => {
  const test = await openTestDatabase();
  const first = commit(test.db, (tx) =>
    [1, 2, 3].map((n) => tx.get("", tx.insert("", "notes", `{"n":${n}}`))?.creationTime ?? 0),
  );
  expect(first[0]).toBe(1_700_000_000_000);
  expect(first[1]).toBe(1_700_000_000_000.0002);
  expect(new Set(first).size).toBe(3);
  expect(first.toSorted((a, b) => a - b)).toEqual(first);
  test.nowMs -= 60_000;
  const id = insert(test.db, "notes", {});
  const later = test.db.begin().get("", id);
  expect(later?.creationTime).toBeGreaterThan(first[2]!);
});

test("a patched document's text is canonical, whatever the patch changes, adds and removes", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "items", { m: 1, x: { b: 1 }, Z: 2 });
  for (const patch of ['{"m":2}', '{"a":1,"y":2,"_id":"ID"}', '{"m":{"$undefined":null},"x":[]}']) {
    commit(db, (tx) => tx.patch("", id, patch.replace("ID", id)));
    const json = db.begin().get("", id)?.json ?? "";
    const value = JSON.parse(json) as Record<string, unknown>;
    const sorted = Object.keys(value).sort();
    expect(json).toBe(JSON.stringify(Object.fromEntries(sorted.map((key) => [key, value[key]]))));
  }
  expect(read(db.begin(), id)).toMatchObject({ Z: 2, a: 1, x: [], y: 2 });
});

test("a patch merges at the top and removes fields set to undefined", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "notes", { a: { x: 1 }, b: 2, c: 3 });
  commit(db, (tx) => tx.patch("", id, '{"a":{"y":2},"b":{"$undefined":null},"d":4}'));
  expect(read(db.begin(), id)).toMatchObject({ a: { y: 2 }, c: 3, d: 4 });
  expect(read(db.begin(), id)).not.toHaveProperty("b");
});

test("a replacement keeps id and creation time and may repeat them", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "notes", { a: 1 });
  const before = read(db.begin(), id);
  commit(db, (tx) => tx.replace("", id, JSON.stringify({ ...before, a: undefined, b: 2 })));
  expect(read(db.begin(), id)).toEqual({ ...before, a: undefined, b: 2 });
});

test("a removed document is gone for its remover at once and for others after the commit", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "notes", {});
  const before = db.begin();
  const tx = db.begin();
  tx.remove("", id);
  expect(tx.get("", id)).toBeNull();
  expect(rows(tx, "notes")).toEqual([]);
  expect(rows(before, "notes")).toHaveLength(1);
  db.commit(tx);
  expect(rows(before, "notes")).toHaveLength(1);
  expect(rows(db.begin(), "notes")).toEqual([]);
});

test("writing to what does not exist is refused in Convex's words", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "notes", {});
  commit(db, (tx) => tx.remove("", id));
  const tx = db.begin();
  const refusal = `nonexistent document ID ${id}`;
  expectRefusal(() => tx.patch("", id, "{}"), "NonexistentDocument", `Update on ${refusal}`);
  expectRefusal(() => tx.replace("", id, "{}"), "NonexistentDocument", `Replace on ${refusal}`);
  expectRefusal(() => tx.remove("", id), "NonexistentDocument", `Delete on ${refusal}`);
  expectRefusal(() => tx.remove("", "no id"), "NonexistentDocument");
});

test("invalid documents are refused", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "notes", { a: 1 });
  const tx = db.begin();
  const refuse = (json: string, code: DatabaseErrorCode, message?: string) =>
    expectRefusal(() => tx.insert("", "notes", json), code, message);
  refuse("5", "DocumentNotObject");
  refuse('{"$integer":"AAAAAAAAAAA="}', "DocumentNotObject");
  refuse('{"_x":1}', "FieldNameInvalid", "Field '_x' starts with an underscore");
  refuse('{"_id":"other"}', "InvalidIdError");
  refuse('{"_creationTime":1}', "InvalidCreationTimeError");
  refuse('{"a":{"$undefined":null}}', "InvalidValue");
  refuse(JSON.stringify({ a: "x".repeat(1 << 20) }), "ValueTooLarge", "maximum size 1 MiB");
  refuse(JSON.stringify(nested(16)), "TooNestedError", "17 levels deep > maximum nesting 16");
  expectRefusal(() => tx.patch("", id, '{"_creationTime":1}'), "InvalidCreationTimeError");
  expectRefusal(() => tx.insert("", "no table", "{}"), "InvalidTableName");
  expect(() => tx.insert("", "notes", JSON.stringify(nested(15)))).not.toThrow();
  expect(rows(tx, "notes")).toHaveLength(2);
});

test("a write that changes nothing is no write", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "notes", { a: 1 });
  const before = db.latestTs;
  const tx = db.begin();
  tx.patch("", id, '{"a":1}');
  tx.replace("", id, '{"a":1}');
  expect(tx.hasWrites).toBe(false);
  expect(db.commit(tx).ts).toBe(before);
  expect(db.latestTs).toBe(before);
});

test("a transaction without writes commits at its snapshot", async () => {
  const { db } = await openTestDatabase();
  insert(db, "notes", {});
  const tx = db.begin();
  rows(tx, "notes");
  insert(db, "notes", {});
  expect(db.commit(tx).ts).toBe(tx.snapshotTs);
});

test("a finished transaction is of no further use", async () => {
  const { db } = await openTestDatabase();
  const tx = db.begin();
  const id = tx.insert("", "notes", "{}");
  db.commit(tx);
  expectRefusal(() => tx.get("", id), "TransactionFinished");
  expectRefusal(() => tx.insert("", "notes", "{}"), "TransactionFinished");
  expectRefusal(() => db.commit(tx), "TransactionFinished");
});

test("reading a table that does not exist gives nothing", async () => {
  const { db } = await openTestDatabase();
  const tx = db.begin();
  expect(rows(tx, "ghosts")).toEqual([]);
  expect(tx.count("", "ghosts")).toBe(0);
  expect(tx.indexFields("", "ghosts", "by_creation_time")).toEqual(["_creationTime", "_id"]);
  expectRefusal(() => tx.indexFields("", "ghosts", "by_name"), "IndexNotFound", "ghosts.by_name");
});

test("tables are numbered by component, system tables apart", async () => {
  const { db } = await openTestDatabase();
  const ids = commit(db, (tx) => [
    tx.insert("", "first", "{}"),
    tx.insert("", "second", "{}"),
    tx.insert("a/b", "first", "{}"),
    tx.insert("", "_modules", "{}"),
    tx.insert("", "_storage", "{}"),
    tx.insert("", "_scheduled_functions", "{}"),
  ]);
  const numbers = (path: string) => db.tables(path).map(({ name, number }) => [name, number]);
  expect(numbers("")).toEqual([
    ["_modules", 513],
    ["_scheduled_functions", 539],
    ["_storage", 540],
    ["first", 10001],
    ["second", 10002],
  ]);
  expect(numbers("a/b")).toEqual([["first", 10001]]);
  const tx = db.begin();
  expect(tx.tableOf("", ids[1]!)).toBe("second");
  expect(tx.tableOf("a/b", ids[1]!)).toBeNull();
  expect(tx.tableOf("", ids[4]!)).toBe("_storage");
  expect(tx.tableOf("", "nonsense")).toBeNull();
  expect(tx.get("a/b", ids[0]!)).toBeNull();
  expect(tx.get("a/b", ids[2]!)).not.toBeNull();
  expect(db.componentPaths()).toEqual(["", "a/b"]);
});

test("a rolled back savepoint undoes writes, index entries and counts, but no reads", async () => {
  const { db } = await openTestDatabase();
  const kept = insert(db, "notes", { n: 1 });
  const gone = insert(db, "notes", { n: 2 });
  const tx = db.begin();
  tx.patch("", kept, '{"n":10}');
  const savepoint = tx.savepoint();
  tx.patch("", kept, '{"n":11}');
  tx.remove("", gone);
  const inserted = tx.insert("", "notes", '{"n":3}');
  tx.insert("", "fresh", "{}");
  expect(tx.count("", "notes")).toBe(2);
  tx.rollbackTo(savepoint);
  expect(rows(tx, "notes").map(({ n }) => n)).toEqual([10, 2]);
  expect(tx.get("", inserted)).toBeNull();
  expect(tx.count("", "notes")).toBe(2);
  db.commit(tx);
  expect(rows(db.begin(), "notes").map(({ n }) => n)).toEqual([10, 2]);
  expect(db.tables("").map(({ name }) => name)).toEqual(["notes"]);
});

test("a range sees writes made while it is walked", async () => {
  const { db } = await openTestDatabase();
  commit(db, (tx) => [1, 2, 3].forEach((n) => tx.insert("", "notes", `{"n":${n}}`)));
  const tx = db.begin();
  const range = cursor(tx, "notes");
  const first = range.next();
  tx.remove("", first!.document.id);
  tx.patch("", rows(tx, "notes")[0]!["_id"] as string, '{"n":20}');
  tx.insert("", "notes", '{"n":4}');
  const rest = take(range).map(({ document }) => (JSON.parse(document.json) as { n: number }).n);
  expect(rest).toEqual([20, 3, 4]);
});

test("a stale view shows the snapshot, records nothing and cannot write", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "notes", { n: 1 });
  const tx = db.begin();
  tx.patch("", id, '{"n":2}');
  const reads = tx.readSet();
  const stale = tx.staleView();
  expect(read(stale, id)).toMatchObject({ n: 1 });
  expect(rows(stale, "notes")).toMatchObject([{ n: 1 }]);
  expect(stale.count("", "notes")).toBe(1);
  expectRefusal(() => stale.insert("", "notes", "{}"), "ReadOnlyTransaction");
  expect(tx.readSet()).toEqual(reads);
  expect(stale.readSet().intervals.size).toBe(0);
});

test("reads are recorded exactly as far as they were consumed", async () => {
  const { db } = await openTestDatabase();
  const ids = commit(db, (tx) => [1, 2, 3].map((n) => tx.insert("", "notes", `{"n":${n}}`)));
  const keys = take(cursor(db.begin(), "notes")).map(({ key }) => key);
  const recorded = (
    order: "asc" | "desc",
    steps: number,
    lower = "",
    upper: string | null = null,
  ) => {
    const tx = db.begin();
    take(cursor(tx, "notes", "by_creation_time", { lower, upper }, order), steps);
    return [...tx.readSet().intervals.values()];
  };
  expect(recorded("asc", 0)).toEqual([]);
  expect(recorded("asc", 2)).toEqual([[{ lower: "", upper: `${keys[1]!}\0` }]]);
  expect(recorded("asc", 3)).toEqual([[{ lower: "", upper: `${keys[2]!}\0` }]]);
  expect(recorded("asc", 4)).toEqual([[{ lower: "", upper: null }]]);
  expect(recorded("desc", 1)).toEqual([[{ lower: keys[2], upper: null }]]);
  expect(recorded("desc", 9, "", keys[1])).toEqual([[{ lower: "", upper: keys[1] }]]);
  const tx = db.begin();
  tx.get("", ids[0]!);
  commit(db, (other) => other.remove("", ids[1]!));
  tx.get("", ids[1]!);
  const points = ids
    .slice(0, 2)
    .map((id) => encodeKey([id]))
    .sort();
  expect([...tx.readSet().intervals.values()]).toEqual([
    points.map((key) => ({ lower: key, upper: `${key}\0` })),
  ]);
});

test("usage counts documents and bytes of user tables", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "notes", { text: "x".repeat(100) });
  insert(db, "notes", { text: "y" });
  const system = insert(db, "_jobs", {});
  const tx = db.begin();
  tx.get("", id);
  rows(tx, "notes");
  tx.get("", system);
  tx.patch("", id, '{"text":"z"}');
  const sizes = rows(db.begin(), "notes").map((row) => getDocumentSize(row as never));
  const patched = getDocumentSize(read(tx, id) as never);
  expect(tx.usage).toEqual({
    documentsRead: 5,
    bytesRead: sizes[0]! * 3 + sizes[1]! + patched,
    // The document, once, and the range.
    databaseQueries: 2,
    documentsWritten: 1,
    bytesWritten: patched,
  });
  tx.patch("", id, '{"text":"w"}');
  expect(tx.usage).toMatchObject({ documentsWritten: 2, bytesWritten: 2 * patched });
});

test("a rolled back savepoint takes its writes off the usage and leaves the reads", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "notes", { n: 1 });
  const tx = db.begin();
  tx.insert("", "notes", "{}");
  const { documentsWritten, bytesWritten } = tx.usage;
  const savepoint = tx.savepoint();
  tx.patch("", id, '{"n":2}');
  tx.remove("", id);
  expect(tx.usage.documentsWritten).toBe(3);
  tx.rollbackTo(savepoint);
  expect(tx.usage).toMatchObject({ documentsWritten, bytesWritten, documentsRead: 2 });
});

function nested(depth: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
}

test("what was found readable is not parsed again when something fails once more", async () => {
  const { db } = await openTestDatabase();
  for (let n = 0; n < 3; n += 1) insert(db, "items", { n });
  const last = insert(db, "others", {});
  const tx = db.begin();
  rows(tx, "items");
  const parse = vi.spyOn(JSON, "parse");
  const parsesOfCheck = () => {
    parse.mockClear();
    tx.requireReadable();
    return parse.mock.calls.length;
  };
  try {
    expect(parsesOfCheck()).toBe(3);
    expect(parsesOfCheck()).toBe(0);
    tx.get("", last);
    expect(parsesOfCheck()).toBe(1);
  } finally {
    parse.mockRestore();
  }
});
