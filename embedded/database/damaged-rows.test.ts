import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import {
  blockKey,
  ordinalKey,
  postingsPrefix,
  STATISTICS_KEY,
  termKey,
} from "../search/search-layout.ts";
import { Storage, type StorageWrite } from "../storage/storage.ts";
import { DataDamagedError } from "../storage/storage-error.ts";
import { temporaryFolder } from "../storage/test-folder.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import { NumberAllocator } from "./catalog-state.ts";
import { loadCatalog } from "./catalog-store.ts";
import { openDatabase } from "./open-database.ts";
import { applySchema, commit, insert, read, rows, schemaOf, take } from "./test-database.ts";
import type { EngineDatabase } from "./types.ts";

interface Places {
  readonly byId: number;
  readonly search: number;
  readonly key: string;
  readonly row: Buffer;
}

/** A database with three rows, whose store was changed behind its back; the id is the second's. */
async function openDamaged(damage: (places: Places) => StorageWrite) {
  const folder = temporaryFolder();
  const sound = await openDatabase({ folder });
  await applySchema(sound, schemaOf({ notes: { search: { by_text: ["text"] } } }));
  const ids = ["one", "two", "three"].map((text) => insert(sound, "notes", { text }));
  await sound.close();
  const id = ids[1] ?? "";
  const storage = await Storage.open(folder);
  const snapshot = await storage.openSnapshot();
  const table = loadCatalog(snapshot, new NumberAllocator()).catalog.table("", "notes");
  snapshot.close();
  const key = encodeKeyPart(id);
  const byId = table?.byId.number ?? 0;
  const search = table?.searchIndexes[0]?.number ?? 0;
  const row = Buffer.from(storage.get(byId, key) ?? []);
  const ts = storage.durableTs + 1_000n;
  storage.write([damage({ byId, search, key, row })], ts);
  await storage.flushed(ts);
  await storage.close();
  const db = await openDatabase({ folder });
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await db.close();
  };
  onTestFinished(close);
  return { db, folder, id, close };
}

/** Nothing is read or written any more, not even that the folder is free. */
async function expectStopped({ db, folder, close }: Awaited<ReturnType<typeof openDamaged>>) {
  expect(() => insert(db, "notes", { text: "more" })).toThrow(DataDamagedError);
  const before = readFileSync(join(folder, "data.mdb"));
  await close();
  expect(readFileSync(join(folder, "data.mdb")).equals(before)).toBe(true);
}

function search(db: EngineDatabase, query: string) {
  const request = { componentPath: "", table: "notes", index: "by_text", query, filters: [] };
  return take(db.begin().search(request));
}

test("an index entry without its row stops the database, and nothing more is written to the file", async () => {
  const damaged = await openDamaged(({ byId, key }) => ({ index: byId, key, value: null }));
  const { db, id } = damaged;
  const told = new Promise((resolve) => db.onStopped(resolve));
  const problem = `an index of notes names the row ${id}, which is missing`;
  expect(() => rows(db.begin(), "notes")).toThrow(problem);
  expect(await told).toBeInstanceOf(DataDamagedError);
  await expectStopped(damaged);
});

test("a search index that names a row it does not know stops the database", async () => {
  const key = ordinalKey(1);
  const damaged = await openDamaged((places) => ({ index: places.search, key, value: null }));
  expect(search(damaged.db, "one")).toHaveLength(1);
  expect(() => search(damaged.db, "two")).toThrow("names a row that is missing");
  await expectStopped(damaged);
});

test("a search that finds a row which is missing stops the database", async () => {
  const damaged = await openDamaged(({ byId, key }) => ({ index: byId, key, value: null }));
  const { db, id } = damaged;
  const problem = `an index of notes names the row ${id}, which is missing`;
  expect(search(db, "one")).toHaveLength(1);
  expect(() => search(db, "two")).toThrow(problem);
  await expectStopped(damaged);
});

test("a search passes over what its transaction removed since it began", async () => {
  const { db, id } = await openDamaged(({ byId, key, row }) => ({ index: byId, key, value: row }));
  const tx = db.begin();
  const request = { componentPath: "", table: "notes", index: "by_text", filters: [] };
  const found = tx.search({ ...request, query: "one two three" });
  expect(take(found, 1)).toHaveLength(1);
  const others = take(tx.search({ ...request, query: "two" }));
  expect(others.map(({ document }) => document.id)).toEqual([id]);
  tx.remove("", id);
  expect(take(found).map(({ document }) => document.id)).not.toContain(id);
});

test.each([
  ["the statistics", STATISTICS_KEY],
  ["the frequency of a term", termKey("two")],
  ["the postings of a term", blockKey(postingsPrefix("two"), 1)],
  ["the name of a document", ordinalKey(1)],
])("a search index of which %s lost the end stops the database", async (_what, key) => {
  const value = Buffer.from("end");
  const damaged = await openDamaged((places) => ({ index: places.search, key, value }));
  expect(() => search(damaged.db, "two")).toThrow("has not the length that it was given");
  await expectStopped(damaged);
});

test("a write stops the database when it meets a damaged entry of a search index", async () => {
  const value = Buffer.from("end");
  const key = termKey("two");
  const damaged = await openDamaged((places) => ({ index: places.search, key, value }));
  expect(() => insert(damaged.db, "notes", { text: "two" })).toThrow(DataDamagedError);
  await expectStopped(damaged);
});

test("a row whose text is none stops the database once somebody asks why it could not be used", async () => {
  const damaged = await openDamaged(({ byId, key, row }) => ({
    index: byId,
    key,
    value: row.fill(0, 20, 24),
  }));
  const { db, id } = damaged;
  const unaware = db.begin();
  unaware.requireReadable();
  expect(unaware.get("", id)).not.toBeNull();
  commit(db, (tx) => tx.insert("", "notes", "{}"));
  expect(() => unaware.requireReadable()).toThrow(`the row ${id} cannot be read`);
  await expectStopped(damaged);
});

test("a row with too few bytes is refused when it is read", async () => {
  const { db, id } = await openDamaged(({ byId, key, row }) => ({
    index: byId,
    key,
    value: row.subarray(0, 8),
  }));
  expect(() => read(db.begin(), id)).toThrow(`the row ${id} cannot be read`);
});
