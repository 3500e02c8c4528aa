import { Readable } from "node:stream";

import { expect, test } from "vitest";

import { openTestDatabase, rows, type TestDatabase } from "../database/test-database.ts";
import { openBlobFolder } from "../storage/blob-folder.ts";
import { temporaryFolder } from "../storage/test-folder.ts";
import { encodeDocumentId } from "../values/document-id.ts";
import { executeImport, type ImportContext } from "./import-execution.ts";
import type { ImportSource } from "./import-source.ts";
import type { ImportedFile } from "./import-table.ts";

class Killed extends Error {}

const table = (name: string, lines: readonly string[]): ImportSource["tables"][number] => ({
  componentPath: "",
  name,
  encoding: "plain",
  isUntyped: false,
  rows: () => Readable.from(lines) as AsyncIterable<string>,
});
const idOf = (position: number) =>
  encodeDocumentId({ tableNumber: 10_055, internalId: Buffer.alloc(16, position) });
const file = (position: number): ImportedFile => ({
  componentPath: "",
  storageId: encodeDocumentId({ tableNumber: 540, internalId: Buffer.alloc(16, position) }),
  open: () => Promise.resolve(Readable.from([Buffer.from(`file ${position}`)])),
});
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

function contextOf({ db }: TestDatabase, more: Partial<ImportContext>): ImportContext {
  return {
    database: db,
    blobs: openBlobFolder(temporaryFolder()),
    mode: "append",
    appended: 0,
    onAppend: () => undefined,
    onProgress: () => Promise.resolve(),
    onCheckpoint: () => Promise.resolve(),
    addFile: () => undefined,
    replaceFiles: () => undefined,
    onCommit: () => undefined,
    ...more,
  };
}

test("an append goes on where it was interrupted, wherever that was", async () => {
  const source: ImportSource = {
    tables: [
      table(
        "plain",
        numbers(600).map((n) => `{"n":${n}}`),
      ),
      table(
        "named",
        numbers(3).map((n) => `{"_id":"${idOf(n)}","n":${n}}`),
      ),
      table("_storage", []),
    ],
    files: numbers(3).map(file),
    close: () => undefined,
  };
  const database = await openTestDatabase();
  let appended = 0;
  const progress = { isOver: false };
  let runs = 0;
  while (!progress.isOver) {
    runs += 1;
    // Each run gets one commit further than the one before.
    let commits = 0;
    const context = contextOf(database, {
      appended,
      onAppend: (transaction, count) => {
        if (commits === 1) throw new Killed();
        commits += 1;
        transaction.insert("", "noted", JSON.stringify({ count }));
      },
      onCommit: (_transaction, rowCount) => {
        expect(rowCount).toBe(603);
        progress.isOver = true;
      },
    });
    await executeImport(source, context).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    appended = Number(rows(database.db.begin(), "noted").at(-1)?.["count"] ?? 0);
  }
  const tx = database.db.begin();
  expect(rows(tx, "plain").map(({ n }) => n)).toEqual(numbers(600));
  expect(rows(tx, "named").map(({ n }) => n)).toEqual(numbers(3));
  expect(tx.count("", "_storage")).toBe(3);
  expect(runs).toBeGreaterThan(6);
});

test("a row whose id an earlier one has is refused by its number", async () => {
  const database = await openTestDatabase();
  const ids = [...numbers(90), 41, ...numbers(9).map((n) => n + 100)];
  const source: ImportSource = {
    tables: [
      table(
        "named",
        ids.map((n) => `{"_id":"${idOf(n)}"}`),
      ),
    ],
    files: [],
    close: () => undefined,
  };
  await expect(executeImport(source, contextOf(database, { mode: "replace" }))).rejects.toThrow(
    `Row 91 of "named": Objects in table "named" have duplicate _id fields: ${idOf(41)}`,
  );
  expect(database.db.tables("")).toEqual([]);
});
