import fc from "fast-check";
import { expect, test } from "vitest";

import { encodeKey } from "../values/index-key.ts";
import { OccConflictError } from "./database-error.ts";
import { NaiveStore } from "./test-naive-store.ts";
import { applySchema, cursor, openTestDatabase, schemaOf, stored, take } from "./test-database.ts";
import type { EngineDatabase, KeyInterval, Savepoint, Transaction } from "./types.ts";

/** Operations address documents by position among all ids ever given out, so that they meet. */
type Operation =
  | { readonly kind: "get" | "remove"; readonly target: number }
  | { readonly kind: "patch"; readonly target: number; readonly n: number }
  | { readonly kind: "insert"; readonly n: number }
  | { readonly kind: "count" | "savepoint" | "rollback" }
  | {
      readonly kind: "range";
      readonly lower: number;
      readonly upper: number;
      readonly order: "asc" | "desc";
      readonly limit: number;
    };

const smallNumber = fc.integer({ min: 0, max: 5 });
const target = fc.nat(7);
const reads: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("get" as const), target }),
  fc.constant({ kind: "count" as const }),
  fc.record({
    kind: fc.constant("range" as const),
    lower: smallNumber,
    upper: smallNumber,
    order: fc.constantFrom("asc" as const, "desc" as const),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
);
const operations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: reads },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("insert" as const), n: smallNumber }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("patch" as const), target, n: smallNumber }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), target }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: "savepoint" }, { kind: "rollback" }) },
);
const steps = fc.array(
  fc.record({
    slot: fc.nat(2),
    action: fc.oneof(
      { weight: 6, arbitrary: operations },
      { weight: 2, arbitrary: fc.constant("commit" as const) },
    ),
    isStored: fc.boolean(),
  }),
  { minLength: 10, maxLength: 60, size: "max" },
);

interface Performed {
  readonly operation: Operation;
  readonly outcome: unknown;
  /** Id that the target stood for, or that an insertion gave. */
  readonly id: string | null;
  readonly creationTime: number;
}

interface OpenTransaction {
  readonly tx: Transaction;
  /** State when it began. */
  readonly model: NaiveStore;
  readonly performed: Performed[];
  readonly savepoints: Savepoint[];
}

const intervalOf = (lower: number, upper: number): KeyInterval => ({
  lower: encodeKey([lower]),
  upper: encodeKey([upper]),
});

test("concurrent histories are those of some serial order, the order of their commits", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ items: { indexes: { by_n: ["n"] } } }));
  let conflicts = 0;
  let commits = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const ids = startAgain(db);
      let model = stateOf(db);
      const slots = new Map<number, OpenTransaction>();
      for (const { slot, action, isStored } of script) {
        let open = slots.get(slot);
        if (open === undefined) {
          open = { tx: db.begin(), model, performed: [], savepoints: [] };
          slots.set(slot, open);
        }
        if (action !== "commit") {
          open.performed.push(perform(open, action, ids));
          continue;
        }
        slots.delete(slot);
        const isReadOnly = !open.tx.hasWrites;
        try {
          db.commit(open.tx);
        } catch (error) {
          if (!(error instanceof OccConflictError)) throw error;
          conflicts += 1;
          continue;
        }
        commits += 1;
        const after = replay(isReadOnly ? open.model : model, open.performed);
        if (!isReadOnly) model = after;
        if (isStored) await stored(db);
        expectSameState(db, model);
      }
    }),
    { numRuns: 100 },
  );
  expect(conflicts).toBeGreaterThan(20);
  expect(commits).toBeGreaterThan(200);
});

test("a subscription that was not told would still read the same", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ items: { indexes: { by_n: ["n"] } } }));
  let kept = 0;
  fc.assert(
    fc.property(
      fc.array(reads, { minLength: 1, maxLength: 5 }),
      fc.array(fc.array(operations, { minLength: 1, maxLength: 3 }), { maxLength: 8, size: "max" }),
      (queries, writers) => {
        const ids = startAgain(db);
        const watches = queries.map((operation) => watch(db, operation, ids));
        for (const writer of writers) {
          const tx = db.begin();
          const open = { tx, model: new NaiveStore(), performed: [], savepoints: [] };
          for (const operation of writer) perform(open, operation, ids);
          db.commit(tx);
          for (const [position, watched] of watches.entries()) {
            if (watched.isTold) {
              watches[position] = watch(db, watched.operation, ids, watched.id);
              continue;
            }
            kept += 1;
            expect(run(db.begin(), watched.operation, watched.id)).toEqual(watched.outcome);
          }
        }
      },
    ),
    { numRuns: 120 },
  );
  expect(kept).toBeGreaterThan(500);
});

/** Four documents and nothing else; returns their ids. */
function startAgain(db: EngineDatabase): string[] {
  const tx = db.begin();
  for (const { document } of take(cursor(tx, "items"))) tx.remove("", document.id);
  const ids = [0, 1, 3, 5].map((n) => tx.insert("", "items", JSON.stringify({ n })));
  db.commit(tx);
  return ids;
}

function stateOf(db: EngineDatabase): NaiveStore {
  let model = new NaiveStore();
  for (const { document } of take(cursor(db.begin(), "items"))) {
    const { n } = JSON.parse(document.json) as { n: number };
    model = model.with({ id: document.id, creationTime: document.creationTime, value: { n } });
  }
  return model;
}

function watch(
  db: EngineDatabase,
  operation: Operation,
  ids: readonly string[],
  knownId?: string | null,
) {
  const id = knownId ?? targetOf(operation, ids);
  const tx = db.begin();
  const watched = { operation, id, outcome: run(tx, operation, id), isTold: false };
  db.subscribe(tx.readSet(), () => (watched.isTold = true));
  return watched;
}

function targetOf(operation: Operation, ids: readonly string[]): string | null {
  return "target" in operation ? (ids[operation.target % Math.max(1, ids.length)] ?? null) : null;
}

function perform(open: OpenTransaction, operation: Operation, ids: string[]): Performed {
  const { tx, savepoints } = open;
  const id = targetOf(operation, ids);
  if (operation.kind === "savepoint") savepoints.push(tx.savepoint());
  if (operation.kind === "rollback") {
    const savepoint = savepoints.pop();
    if (savepoint !== undefined) tx.rollbackTo(savepoint);
  }
  const outcome = run(tx, operation, id);
  if (operation.kind !== "insert") return { operation, outcome, id, creationTime: 0 };
  const inserted = String(outcome);
  ids.push(inserted);
  const creationTime = tx.get("", inserted)?.creationTime ?? 0;
  return { operation, outcome: null, id: inserted, creationTime };
}

/** What the database answers; refusals of missing documents are answers too. */
function run(tx: Transaction, operation: Operation, id: string | null): unknown {
  switch (operation.kind) {
    case "get":
      return id === null ? null : (tx.get("", id)?.json ?? null);
    case "count":
      return tx.count("", "items");
    case "range": {
      const interval = intervalOf(operation.lower, operation.upper);
      const found = take(cursor(tx, "items", "by_n", interval, operation.order), operation.limit);
      return found.map(({ document }) => document.id);
    }
    case "insert":
      return tx.insert("", "items", JSON.stringify({ n: operation.n }));
    case "patch":
      return attempt(id, (known) => tx.patch("", known, JSON.stringify({ n: operation.n })));
    case "remove":
      return attempt(id, (known) => tx.remove("", known));
    default:
      return null;
  }
}

function attempt(id: string | null, write: (id: string) => void): string {
  if (id === null) return "none";
  try {
    write(id);
    return "done";
  } catch {
    return "missing";
  }
}

/** Does the same on the model and compares every answer; returns the state afterwards. */
function replay(start: NaiveStore, performed: readonly Performed[]): NaiveStore {
  let model = start;
  const savepoints: NaiveStore[] = [];
  for (const { operation, outcome, id, creationTime } of performed) {
    const document = id === null ? undefined : model.documents.get(id);
    switch (operation.kind) {
      case "get":
        expect(outcome === null).toBe(document === undefined);
        if (document !== undefined) {
          expect(JSON.parse(String(outcome))).toMatchObject(document.value);
        }
        break;
      case "count":
        expect(outcome).toBe(model.documents.size);
        break;
      case "range": {
        const { lower, upper, order, limit } = operation;
        const expected = model.range(["n"], intervalOf(lower, upper), order);
        expect(outcome).toEqual(expected.slice(0, limit));
        break;
      }
      case "insert":
        model = model.with({ id: id!, creationTime, value: { n: operation.n } });
        break;
      case "patch":
        expect(outcome).toBe(answer(id, document));
        if (document !== undefined) model = model.with({ ...document, value: { n: operation.n } });
        break;
      case "remove":
        expect(outcome).toBe(answer(id, document));
        if (document !== undefined) model = model.without(document.id);
        break;
      case "savepoint":
        savepoints.push(model);
        break;
      case "rollback":
        model = savepoints.pop() ?? model;
    }
  }
  return model;
}

function answer(id: string | null, document: unknown): string {
  if (id === null) return "none";
  return document === undefined ? "missing" : "done";
}

function expectSameState(db: EngineDatabase, model: NaiveStore): void {
  const tx = db.begin();
  const everything = { lower: "", upper: null };
  expect(take(cursor(tx, "items", "by_n")).map(({ document }) => document.id)).toEqual(
    model.range(["n"], everything, "asc"),
  );
  expect(tx.count("", "items")).toBe(model.documents.size);
}
