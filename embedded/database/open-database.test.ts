import { expect, test, vi } from "vitest";

import { Storage } from "../storage/storage.ts";
import { applySchema, commit, insert, openTestDatabase, rows, schemaOf } from "./test-database.ts";

const TRANSACTION_SIZE = 1_000;

/** Entries read while a database with so many rows is opened again. */
async function entriesReadToOpen(rowCount: number): Promise<number> {
  const test = await openTestDatabase();
  await applySchema(
    test.db,
    schemaOf({ items: { indexes: { by_n: ["n"] } }, empty: { indexes: {} } }),
  );
  for (let from = 0; from < rowCount; from += TRANSACTION_SIZE) {
    commit(test.db, (tx) => {
      const to = Math.min(rowCount, from + TRANSACTION_SIZE);
      for (let n = from; n < to; n += 1) tx.insert("", "items", JSON.stringify({ n }));
    });
  }
  let entries = 0;
  const scan = vi.spyOn(Storage.prototype, "scan");
  const points = [vi.spyOn(Storage.prototype, "get"), vi.spyOn(Storage.prototype, "decode")];
  await test.reopen();
  for (const { value } of scan.mock.results) {
    entries += (value as ReturnType<Storage["scan"]>).entries.length;
  }
  for (const point of points) entries += point.mock.calls.length;
  vi.restoreAllMocks();
  expect(test.db.begin().count("", "items")).toBe(rowCount);
  expect(rows(test.db.begin(), "items", "by_n")).toHaveLength(rowCount);
  return entries;
}

test("opening a database reads as little of many rows as of few", async () => {
  const few = await entriesReadToOpen(10);
  const many = await entriesReadToOpen(100_000);
  expect(few).toBeGreaterThan(0);
  expect(many).toBe(few);
}, 180_000);

test("a document that is read again is not decoded again, until it has changed", async () => {
  const test = await openTestDatabase();
  const id = insert(test.db, "items", { n: 1 });
  await test.reopen();
  const decode = vi.spyOn(Storage.prototype, "decode");
  const decodings = (read: () => unknown): number => {
    decode.mockClear();
    read();
    return decode.mock.calls.length;
  };
  expect(decodings(() => test.db.begin().get("", id))).toBe(1);
  expect(decodings(() => test.db.begin().get("", id))).toBe(0);
  expect(decodings(() => rows(test.db.begin(), "items", "by_id"))).toBe(0);
  commit(test.db, (tx) => tx.patch("", id, '{"n":2}'));
  expect(test.db.begin().get("", id)?.json).toContain('"n":2');
});
