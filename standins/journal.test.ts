import { appendFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";
import * as z from "zod";

import { Journal } from "./journal.ts";
import { Table } from "./table.ts";

const vEntry = z.object({ id: z.string(), count: z.number() });

test("a table reads back its last values in their order and forgets the oldest over its limit", () => {
  const file = newFile();
  const table = openTable(file);
  for (const id of ["a", "b", "c", "d"]) table.put({ id, count: 1 });
  table.put({ id: "c", count: 2 });
  table.remove("d");

  const again = openTable(file);

  expect(again.list()).toEqual([
    { id: "b", count: 1 },
    { id: "c", count: 2 },
  ]);
  expect(again.find("a")).toBeNull();
});

test("a torn last line and an entry of another shape are left out", () => {
  const file = newFile();
  openTable(file).put({ id: "a", count: 1 });
  appendFileSync(file, '{"table":"entry","key":"x","value":{"id":"x"}}\n');
  appendFileSync(file, '{"table":"entry","key":"b","val');

  expect(openTable(file).list()).toEqual([{ id: "a", count: 1 }]);
});

test("a file does not grow with the number of writes", () => {
  const file = newFile();
  const table = openTable(file);

  for (let count = 0; count < 2_000; count += 1) table.put({ id: "a", count });

  expect(readFileSync(file, "utf8").split("\n").length).toBeLessThan(600);
  expect(openTable(file).list()).toEqual([{ id: "a", count: 1_999 }]);
});

function newFile(): string {
  return join(mkdtempSync(join(tmpdir(), "journal-")), "folder", "state.jsonl");
}

function openTable(file: string) {
  const journal = new Journal(file);
  return new Table({ journal, name: "entry", limit: 3, schema: vEntry, keyOf: ({ id }) => id });
}
