import fc from "fast-check";
import { expect, test } from "vitest";

import { resolveCommitTs } from "../values/commit-ts.ts";
import { encodeKey } from "../values/index-key.ts";
import { encodeInt64, type JsonObject, type JsonValue } from "../values/json-value.ts";
import { NaiveStore } from "./test-naive-store.ts";
import { applySchema, cursor, openTestDatabase, schemaOf, take } from "./test-database.ts";
import type { EngineDatabase, StoredDocument, Transaction } from "./types.ts";

const PLACEHOLDER: JsonValue = { $commitTs: null };

const stamps: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(PLACEHOLDER) },
  fc.constant([PLACEHOLDER, { inner: PLACEHOLDER }]),
  fc.constantFrom(0n, 1n, 2n ** 63n - 1n, -(2n ** 63n)).map(encodeInt64),
  fc.constantFrom<JsonValue>(null, "text", 5),
);

const writes = fc.oneof(
  fc.record({ kind: fc.constant("insert" as const), at: stamps }),
  fc.record({ kind: fc.constant("patch" as const), at: stamps, pick: fc.nat() }),
  fc.record({ kind: fc.constant("replace" as const), at: stamps, pick: fc.nat() }),
  fc.record({ kind: fc.constant("touch" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("remove" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("rollback" as const), at: stamps }),
);

type Write = typeof writes extends fc.Arbitrary<infer T> ? T : never;

const transactions = fc.array(
  fc.record({ writes: fc.array(writes, { maxLength: 5 }), isAbandoned: fc.boolean() }),
  { minLength: 1, maxLength: 8 },
);

test("placeholders are ordered, read back and committed as those of a naive store", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ items: { indexes: { by_at: ["at"] } } }));
  fc.assert(
    fc.property(transactions, (plan) => {
      emptyTable(db);
      let model = new NaiveStore();
      for (const { writes: wanted, isAbandoned } of plan) {
        const tx = db.begin();
        let next = model;
        for (const write of wanted) next = apply(tx, next, write);
        expect(contentOf(tx)).toEqual(expected(next));
        if (isAbandoned) continue;
        const { ts } = db.commit(tx);
        model = resolved(next, ts);
        expect(contentOf(db.begin())).toEqual(expected(model));
      }
      expect(JSON.stringify(contentOf(db.begin()))).not.toContain("$commitTs");
    }),
    { numRuns: 150 },
  );
});

test("later commits have later timestamps, and an index over them is the order of commits", async () => {
  const test = await openTestDatabase();
  await applySchema(test.db, schemaOf({ items: { indexes: { by_at: ["at"] } } }));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 20 }), (clockSteps) => {
      emptyTable(test.db);
      const names: string[] = [];
      for (const [position, step] of clockSteps.entries()) {
        test.nowMs += step;
        const tx = test.db.begin();
        names.push(`${position}`);
        tx.insert("", "items", JSON.stringify({ name: `${position}`, at: PLACEHOLDER }));
        test.db.commit(tx);
      }
      const found = take(cursor(test.db.begin(), "items", "by_at"));
      expect(found.map(({ document }) => valueOf(document)["name"])).toEqual(names);
    }),
    { numRuns: 50 },
  );
});

function apply(tx: Transaction, model: NaiveStore, write: Write): NaiveStore {
  if (write.kind === "rollback") {
    const savepoint = tx.savepoint();
    tx.insert("", "items", JSON.stringify({ at: write.at }));
    tx.rollbackTo(savepoint);
    return model;
  }
  if (write.kind === "insert") {
    return noted(tx, model, tx.insert("", "items", JSON.stringify({ at: write.at })));
  }
  const ids = [...model.documents.keys()];
  const id = ids[write.pick % Math.max(1, ids.length)];
  if (id === undefined) return model;
  if (write.kind === "remove") {
    tx.remove("", id);
    return model.without(id);
  }
  if (write.kind === "touch") tx.patch("", id, JSON.stringify({ touched: write.pick }));
  else tx[write.kind]("", id, JSON.stringify({ at: write.at }));
  const before = model.documents.get(id)?.value ?? {};
  const value =
    write.kind === "touch" ? { ...before, touched: write.pick } : { ...before, at: write.at };
  const after = noted(tx, model, id);
  // What was written and what was there before, not what the database says.
  const isWhole = write.kind === "replace";
  expect(fieldsOf(after, id)).toEqual(isWhole ? { at: write.at } : withoutSystem(value));
  return after;
}

function noted(tx: Transaction, model: NaiveStore, id: string): NaiveStore {
  const document = tx.get("", id);
  if (document === null) throw new Error(`${id} was written and is not there`);
  return model.with({ id, creationTime: document.creationTime, value: valueOf(document) });
}

function resolved(model: NaiveStore, ts: bigint): NaiveStore {
  let next = model;
  for (const document of model.documents.values()) {
    const json = resolveCommitTs(JSON.stringify(document.value), ts);
    next = next.with({ ...document, value: JSON.parse(json) as JsonObject });
  }
  return next;
}

/** Ids by stamp, in both directions, with the documents, and those whose stamp is the largest. */
function contentOf(tx: Transaction): unknown {
  const ids = (order: "asc" | "desc") =>
    take(cursor(tx, "items", "by_at", undefined, order)).map(({ document }) => document.id);
  const key = encodeKey([PLACEHOLDER]);
  const largest = take(cursor(tx, "items", "by_at", { lower: key, upper: `${key}\xff` }));
  const documents = take(cursor(tx, "items")).map(({ document }) => valueOf(document));
  return [ids("asc"), ids("desc"), largest.map(({ document }) => document.id), documents];
}

function expected(model: NaiveStore): unknown {
  const everything = { lower: "", upper: null };
  const key = encodeKey([PLACEHOLDER]);
  const documents = model.range([], everything, "asc").map((id) => model.documents.get(id)?.value);
  return [
    model.range(["at"], everything, "asc"),
    model.range(["at"], everything, "desc"),
    model.range(["at"], { lower: key, upper: `${key}\xff` }, "asc"),
    documents,
  ];
}

function fieldsOf(model: NaiveStore, id: string): unknown {
  return withoutSystem(model.documents.get(id)?.value ?? {});
}

function withoutSystem(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([field]) => !field.startsWith("_")));
}

function valueOf(document: StoredDocument): JsonObject {
  return JSON.parse(document.json) as JsonObject;
}

function emptyTable(db: EngineDatabase): void {
  const tx = db.begin();
  for (const { document } of take(cursor(tx, "items"))) tx.remove("", document.id);
  db.commit(tx);
}
