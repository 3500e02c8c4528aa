import { v } from "convex/values";
import { expect, test } from "vitest";

import { encodeKey } from "../values/index-key.ts";
import { DatabaseError, type DatabaseErrorCode } from "./database-error.ts";
import {
  applySchema,
  commit,
  insert,
  openTestDatabase,
  read,
  rows,
  schemaOf,
} from "./test-database.ts";

async function refusal(action: () => unknown): Promise<[DatabaseErrorCode, string]> {
  try {
    await action();
  } catch (error) {
    if (error instanceof DatabaseError) return [error.code, error.message];
    throw error;
  }
  throw new Error("Expected a DatabaseError");
}

const typeOf = (validator: unknown) => (validator as { json: unknown }).json;
const named = typeOf(v.object({ name: v.string(), owner: v.optional(v.id("users")) }));

test("an index added by a schema holds the rows that exist and those written meanwhile", async () => {
  const { db } = await openTestDatabase();
  const ids = commit(db, (tx) =>
    Array.from({ length: 450 }, (_, n) => tx.insert("", "items", `{"n":${n % 7}}`)),
  );
  const preparing = db.prepareSchema("", schemaOf({ items: { indexes: { by_n: ["n"] } } }));
  commit(db, (tx) => {
    tx.remove("", ids[0]!);
    tx.patch("", ids[1]!, '{"n":100}');
    tx.insert("", "items", '{"n":-1}');
  });
  const prepared = await preparing;
  commit(db, (tx) => tx.patch("", ids[2]!, '{"n":101}'));
  expect(() => rows(db.begin(), "items", "by_n")).toThrow("Index items.by_n not found.");
  commit(db, (tx) => tx.activateSchema(prepared));
  const indexed = rows(db.begin(), "items", "by_n");
  expect(indexed).toHaveLength(450);
  expect(indexed.map(({ n }) => n)).toEqual(
    rows(db.begin(), "items")
      .map(({ n }) => n as number)
      .sort((left, right) => left - right),
  );
});

test("missing and nested fields are indexed as undefined and by their path", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ items: { indexes: { by_ab: ["a.b"] } } }));
  commit(db, (tx) => {
    for (const json of ['{"a":{"b":1}}', "{}", '{"a":5}', '{"a":{"b":null}}']) {
      tx.insert("", "items", json);
    }
  });
  const strip = (row: Record<string, unknown>) => row["a"];
  expect(rows(db.begin(), "items", "by_ab").map(strip)).toEqual([
    undefined,
    5,
    { b: null },
    { b: 1 },
  ]);
  expect(db.begin().indexFields("", "items", "by_ab")).toEqual(["a.b", "_creationTime", "_id"]);
});

test("the difference lists added, dropped, enabled and disabled indexes", async () => {
  const { db } = await openTestDatabase();
  await applySchema(
    db,
    schemaOf({
      items: {
        indexes: { same: ["a"], changed: ["b"], later: ["c"] },
        staged: { now: ["d"] },
        search: { text: ["t", "x", "y"] },
      },
    }),
  );
  const next = schemaOf({
    items: {
      indexes: { same: ["a"], changed: ["b", "c"], now: ["d"] },
      staged: { later: ["c"] },
      search: { text: ["t", "y", "x"] },
    },
  });
  const diff = db.diffSchema("", next);
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
  expect(names(diff.addedIndexes)).toEqual(["changed"]);
  expect(names(diff.droppedIndexes)).toEqual(["changed"]);
  expect(names(diff.enabledIndexes)).toEqual(["now"]);
  expect(names(diff.disabledIndexes)).toEqual(["later"]);
  expect(diff.addedIndexes[0]).toEqual({
    table: "items",
    name: "changed",
    staged: false,
    definition: { kind: "database", fields: ["b", "c"] },
  });
});

test("a staged index is built but cannot be read until it is enabled", async () => {
  const { db } = await openTestDatabase();
  insert(db, "items", { n: 2 });
  await applySchema(db, schemaOf({ items: { staged: { by_n: ["n"] } } }));
  insert(db, "items", { n: 1 });
  expect(() => rows(db.begin(), "items", "by_n")).toThrow("Index items.by_n is currently staged");
  const diff = db.diffSchema("", schemaOf({ items: { indexes: { by_n: ["n"] } } }));
  expect(diff.addedIndexes).toEqual([]);
  await applySchema(db, schemaOf({ items: { indexes: { by_n: ["n"] } } }));
  expect(rows(db.begin(), "items", "by_n").map(({ n }) => n)).toEqual([1, 2]);
});

test("an unchanged index is kept, not built again", async () => {
  const { db } = await openTestDatabase();
  const schema = schemaOf({ items: { indexes: { by_n: ["n"] } } });
  await applySchema(db, schema);
  const before = db.begin();
  rows(before, "items", "by_n");
  await applySchema(db, schemaOf({ items: { indexes: { by_n: ["n"], by_m: ["m"] } } }));
  const after = db.begin();
  rows(after, "items", "by_n");
  expect([...after.readSet().intervals.keys()]).toEqual([...before.readSet().intervals.keys()]);
});

test("a row that does not fit refuses the schema by its id and leaves the old one", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ items: {} }));
  insert(db, "items", { name: "fits" });
  const bad = insert(db, "items", { name: 5 });
  const [code, message] = await refusal(() =>
    db.prepareSchema("", schemaOf({ items: { type: named, indexes: { by_name: ["name"] } } })),
  );
  expect(code).toBe("SchemaValidationFailed");
  expect(message).toBe(
    `Document with ID "${bad}" in table "items" does not match the schema: Value does not match ` +
      "validator.\nPath: .name\nValue: 5.0\nValidator: v.string()",
  );
  expect(db.schemaJson("")).toBe(schemaOf({ items: {} }));
  expect(db.tables("")[0]?.indexes).toEqual([]);
  expect(() => insert(db, "items", { name: 6 })).not.toThrow();
});

test("a row written after the check refuses the activation", async () => {
  const { db } = await openTestDatabase();
  const id = insert(db, "items", { name: "fits" });
  const prepared = await db.prepareSchema("", schemaOf({ items: { type: named } }));
  commit(db, (tx) => tx.patch("", id, '{"name":5}'));
  const activate = () => commit(db, (tx) => tx.activateSchema(prepared));
  const [code, message] = await refusal(activate);
  expect(code).toBe("SchemaValidationFailed");
  expect(message).toContain(`Document with ID "${id}"`);
  commit(db, (tx) => tx.patch("", id, '{"name":"again"}'));
  expect(activate).not.toThrow();
});

test("a transaction that activates a schema is checked against it itself", async () => {
  const { db } = await openTestDatabase();
  const prepared = await db.prepareSchema("", schemaOf({ items: { type: named } }));
  const [code] = await refusal(() =>
    commit(db, (tx) => {
      tx.insert("", "items", '{"name":5}');
      tx.activateSchema(prepared);
    }),
  );
  expect(code).toBe("SchemaValidationFailed");
});

test("writes must fit the active schema, without their system fields", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ items: { type: named }, users: {} }));
  const user = insert(db, "users", {});
  const item = insert(db, "items", { name: "a", owner: user });
  const [code, message] = await refusal(() => insert(db, "items", { name: "b", owner: item }));
  expect(code).toBe("SchemaEnforcementError");
  expect(message).toBe(
    'Failed to insert or update a document in table "items" because it does not match the schema: ' +
      `Found ID "${item}" from table \`items\`, which does not match the table name in validator ` +
      '`v.id("users")`.Path: .owner',
  );
  const patch = (json: string) => commit(db, (tx) => tx.patch("", item, json));
  expect((await refusal(() => patch('{"extra":1}')))[0]).toBe("SchemaEnforcementError");
  expect((await refusal(() => patch('{"name":{"$undefined":null}}')))[0]).toBe(
    "SchemaEnforcementError",
  );
  patch('{"owner":{"$undefined":null}}');
  expect(read(db.begin(), item)).not.toHaveProperty("owner");
});

test("without schema validation documents are free and indexes exist", async () => {
  const { db } = await openTestDatabase();
  const schema = schemaOf({ items: { type: named, indexes: { by_x: ["x"] } } }, false);
  await applySchema(db, schema);
  insert(db, "items", { x: 1 });
  expect(rows(db.begin(), "items", "by_x")).toHaveLength(1);
});

test("system tables are not checked and have the indexes they were declared with", async () => {
  const systemTables = [{ name: "_jobs", indexes: [{ name: "by_at", fields: ["at"] }] }];
  const test = await openTestDatabase({ systemTables });
  await applySchema(test.db, schemaOf({ items: { type: named } }));
  for (const at of [3, 1, 2]) insert(test.db, "_jobs", { at });
  expect(rows(test.db.begin(), "_jobs", "by_at").map(({ at }) => at)).toEqual([1, 2, 3]);
  await test.reopen([{ name: "_jobs", indexes: [{ name: "by_minus", fields: ["at", "x"] }] }]);
  expect(rows(test.db.begin(), "_jobs", "by_minus").map(({ at }) => at)).toEqual([1, 2, 3]);
  expect(() => rows(test.db.begin(), "_jobs", "by_at")).toThrow("not found");
});

test("a later preparation overtakes an earlier one, and a discarded one cannot be activated", async () => {
  const { db } = await openTestDatabase();
  insert(db, "items", { n: 1 });
  const first = await db.prepareSchema("", schemaOf({ items: { indexes: { by_a: ["a"] } } }));
  const second = await db.prepareSchema("", schemaOf({ items: { indexes: { by_b: ["b"] } } }));
  expect((await refusal(() => commit(db, (tx) => tx.activateSchema(first))))[0]).toBe(
    "SchemaAborted",
  );
  db.discardSchema(second);
  db.discardSchema(second);
  expect((await refusal(() => commit(db, (tx) => tx.activateSchema(second))))[0]).toBe(
    "SchemaAborted",
  );
  // More rows than are indexed in one turn.
  commit(db, (tx) => Array.from({ length: 250 }, () => tx.insert("", "items", "{}")));
  const running = db.prepareSchema("", schemaOf({ items: { indexes: { by_c: ["c"] } } }));
  const overtaking = db.prepareSchema("", schemaOf({ items: {} }));
  expect((await refusal(() => running))[0]).toBe("SchemaAborted");
  const last = await overtaking;
  expect(() => commit(db, (tx) => tx.activateSchema(last))).not.toThrow();
});

test("a schema in preparation leaves nothing behind when the process ends", async () => {
  const test = await openTestDatabase();
  insert(test.db, "items", { n: 1 });
  await test.db.prepareSchema("", schemaOf({ items: { indexes: { by_n: ["n"] } } }));
  await test.reopen();
  expect(() => rows(test.db.begin(), "items", "by_n")).toThrow("not found");
  await applySchema(test.db, schemaOf({ items: { indexes: { by_n: ["n"] } } }));
  expect(rows(test.db.begin(), "items", "by_n")).toHaveLength(1);
});

test("the schema and its enforcement survive a restart", async () => {
  const test = await openTestDatabase();
  const schema = schemaOf({ items: { type: named } });
  await applySchema(test.db, schema);
  await test.reopen();
  expect(test.db.schemaJson("")).toBe(schema);
  expect(() => insert(test.db, "items", { name: 5 })).toThrow("does not match the schema");
});

test("components have schemas of their own", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ items: { type: named } }), "a/b");
  expect(() => insert(db, "items", { name: 5 })).not.toThrow();
  const write = () => commit(db, (tx) => tx.insert("a/b", "items", '{"name":5}'));
  expect(write).toThrow("does not match the schema");
  expect(db.componentPaths()).toEqual(["", "a/b"]);
});

test("preparing a big schema leaves the event loop free", async () => {
  const { db } = await openTestDatabase();
  for (let batch = 0; batch < 10; batch += 1) {
    commit(db, (tx) => {
      for (let n = 0; n < 500; n += 1) tx.insert("", "items", `{"n":${n}}`);
    });
  }
  let turns = 0;
  let isApplied = false;
  const count = () => {
    turns += 1;
    if (!isApplied) setImmediate(count);
  };
  setImmediate(count);
  await applySchema(db, schemaOf({ items: { indexes: { by_n: ["n"] } } }));
  isApplied = true;
  expect(turns).toBeGreaterThan(5);
  const range = { lower: encodeKey([7]), upper: encodeKey([8]) };
  expect(rows(db.begin(), "items", "by_n", range)).toHaveLength(10);
});

test.for([
  ["no JSON", "{", "not valid JSON"],
  ["no tables", "{}", "isn't a Convex schema"],
  ["a reserved table name", schemaOf({ _items: {} }), "_items is a reserved table name."],
  ["a bad table name", schemaOf({ "a b": {} }), 'Invalid table name: "a b"'],
  ["a reserved index name", schemaOf({ t: { indexes: { by_id: ["a"] } } }), "name is reserved"],
  ["an index without fields", schemaOf({ t: { indexes: { x: [] } } }), "at least one field"],
  ["an index on _id", schemaOf({ t: { indexes: { x: ["_id"] } } }), "`_id` is not a valid"],
  [
    "an index on _creationTime",
    schemaOf({ t: { indexes: { x: ["_creationTime"] } } }),
    "is automatically added",
  ],
  ["a field twice", schemaOf({ t: { indexes: { x: ["a", "a"] } } }), "Duplicate field a"],
  [
    "two indexes on the same fields",
    schemaOf({ t: { indexes: { x: ["a"], y: ["a"] } } }),
    'index "x" and index "y" have the same fields',
  ],
  [
    "a name twice",
    schemaOf({ t: { indexes: { x: ["a"] }, search: { x: ["b"] } } }),
    'two or more definitions of index "x"',
  ],
  [
    "a field that documents cannot have",
    schemaOf({ t: { type: named, indexes: { x: ["nope"] } } }),
    "references the field nope that does not exist",
  ],
  [
    "a document that is no object",
    schemaOf({ t: { type: { type: "string" } } }),
    "must be an object",
  ],
  [
    "seventeen fields",
    schemaOf({ t: { indexes: { x: Array.from({ length: 17 }, (_, n) => `f${n}`) } } }),
    "up to 16 fields",
  ],
] as const)("a schema with %s is refused", async ([, json, message]) => {
  const { db } = await openTestDatabase();
  const [code, text] = await refusal(() => db.diffSchema("", json));
  expect(code).toBe("InvalidSchema");
  expect(text).toContain(message);
});
