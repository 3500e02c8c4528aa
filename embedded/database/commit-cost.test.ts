import { expect, onTestFinished, test, vi } from "vitest";

import { Storage } from "../storage/storage.ts";
import { CatalogState } from "./catalog-state.ts";
import { OccConflictError } from "./database-error.ts";
import { applySchema, commit, insert, openTestDatabase, schemaOf, take } from "./test-database.ts";
import type { EngineDatabase, Transaction } from "./types.ts";

const ITEM = { n: 1, text: "a red chair", kind: "wood", stock: 5 };

async function openWithItem(): Promise<{ db: EngineDatabase; id: string }> {
  const { db } = await openTestDatabase();
  const items = { indexes: { by_n: ["n"] }, search: { by_text: ["text", "kind"] } } as const;
  await applySchema(db, schemaOf({ items }));
  return { db, id: insert(db, "items", ITEM) };
}

/** How often a commit reads the store and how many keys it writes there. */
function countStorage(action: () => void): { reads: number; writes: number } {
  const get = vi.spyOn(Storage.prototype, "get");
  const scan = vi.spyOn(Storage.prototype, "scan");
  const write = vi.spyOn(Storage.prototype, "write");
  onTestFinished(() => void vi.restoreAllMocks());
  action();
  const counted = {
    reads: get.mock.calls.length + scan.mock.calls.length,
    writes: write.mock.calls.flatMap(([writes]) => [...writes]).length,
  };
  vi.restoreAllMocks();
  return counted;
}

function search(tx: Transaction, query: string): void {
  take(tx.search({ componentPath: "", table: "items", index: "by_text", query, filters: [] }));
}

test("a change outside of every index writes the document and looks at nothing else", async () => {
  const { db, id } = await openWithItem();
  const patched = (value: object) =>
    countStorage(() => {
      commit(db, (tx) => tx.patch("", id, JSON.stringify(value)));
    });
  expect(patched({ stock: 4 })).toEqual({ reads: 0, writes: 1 });
  expect(patched({ ...ITEM, stock: 3 })).toEqual({ reads: 0, writes: 1 });
  expect(patched({ n: 2 })).toEqual({ reads: 0, writes: 3 });
  expect(patched({ text: "a blue chair" }).writes).toBeGreaterThan(3);
});

test("tables made in one transaction cost as much each, however many they are", async () => {
  const { db } = await openTestDatabase();
  const looks = vi.spyOn(CatalogState.prototype, "allTables");
  const copies = vi.spyOn(CatalogState.prototype, "withTables");
  onTestFinished(() => void vi.restoreAllMocks());
  const ids = commit(db, (tx) =>
    Array.from({ length: 50 }, (_, n) => {
      const id = tx.insert(n % 2 === 0 ? "" : "inner", `t${n}`, "{}");
      expect(tx.get(n % 2 === 0 ? "" : "inner", id)).not.toBeNull();
      return id;
    }),
  );
  expect(looks).toHaveBeenCalledTimes(1);
  // Once for each component.
  expect(copies).toHaveBeenCalledTimes(2);
  expect(ids.map((id, n) => db.begin().tableOf(n % 2 === 0 ? "" : "inner", id))).toEqual(
    ids.map((_, n) => `t${n}`),
  );
});

test("whoever searched for a row is told of a change in what the search does not look at", async () => {
  const { db, id } = await openWithItem();
  const told: string[] = [];
  for (const query of ["red", "green"]) {
    const tx = db.begin();
    search(tx, query);
    db.subscribe(tx.readSet(), () => told.push(query));
  }
  const tx = db.begin();
  search(tx, "red");
  tx.insert("", "items", "{}");
  commit(db, (other) => other.patch("", id, '{"stock":4}'));
  expect(told).toEqual(["red"]);
  expect(() => db.commit(tx)).toThrow(OccConflictError);
});
