/** What imports of each mode bring and leave, and exports with and without files. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestBackend, type TestBackend } from "../test-backend.ts";
import {
  confirm,
  exportZip,
  importFile,
  stableImport,
  systemQuery,
  upload,
  zipOf,
} from "../test-transfer.ts";

const SOURCES = {
  rows: `
    import { actionGeneric, mutationGeneric, queryGeneric } from "convex/server";
    export const insert = mutationGeneric((ctx, { table, row }) => ctx.db.insert(table, row));
    export const names = queryGeneric(async (ctx, { table }) =>
      (await ctx.db.query(table).collect()).map(({ name }) => name));
    export const store = actionGeneric((ctx, { text }) => ctx.storage.store(new Blob([text])));
    export const url = queryGeneric((ctx, { id }) => ctx.storage.getUrl(id));
  `,
};

let backend: TestBackend;
beforeAll(async () => {
  backend = await startTestBackend();
  await backend.deploy(SOURCES);
}, 60_000);
afterAll(() => backend.dispose());

const lines = (names: readonly unknown[]) =>
  names.map((name) => `${JSON.stringify({ name })}\n`).join("");
const insert = (table: string, name: string) =>
  backend.run("rows:insert", { table, row: { name } });
const namesIn = (table: string) => backend.run("rows:names", { table });
const store = async (text: string) => (await backend.run("rows:store", { text })) as string;

async function textOf(storageId: string): Promise<string | null> {
  const url = (await backend.run("rows:url", { id: storageId })) as string | null;
  return url === null ? null : await (await fetch(url)).text();
}

test("an export has the files' bytes and rows only when they are asked for", async () => {
  const id = await store("some bytes");
  const hasFiles = (files: Map<string, Buffer>) =>
    [...files.keys()].some((path) => path.startsWith("_storage/"));
  const [whole, rows] = [await exportZip(backend, true), await exportZip(backend, false)];
  expect([hasFiles(whole), hasFiles(rows)]).toEqual([true, false]);
  expect(whole.get(`_storage/${id}`)?.toString()).toBe("some bytes");
}, 60_000);

test("rows that are appended come behind those that are there, and so do files", async () => {
  const moved = await store("moved");
  await insert("appended", "first");
  const zip = await exportZip(backend, true);
  const copy = await startTestBackend();
  const tables = [...zip].filter(([path]) => !path.startsWith("_tables/"));
  try {
    await copy.deploy(SOURCES);
    const own = (await copy.run("rows:store", { text: "own" })) as string;
    await copy.run("rows:insert", { table: "appended", row: { name: "own" } });
    const rows = tables.map(([path, content]): [string, Buffer | string] => [
      path,
      path === "appended/documents.jsonl" ? lines(["second", "third"]) : content,
    ]);
    const state = await importFile(copy, await zipOf(rows), { format: "zip", mode: "append" });
    expect(state).toMatchObject({ state: "completed" });
    expect(await copy.run("rows:names", { table: "appended" })).toEqual(["own", "second", "third"]);
    for (const [id, text] of [
      [own, "own"],
      [moved, "moved"],
    ]) {
      const url = (await copy.run("rows:url", { id })) as string;
      expect(await (await fetch(url)).text()).toBe(text);
    }
    const listed = await systemQuery(copy, "cli/tableSize", { tableName: "_storage" });
    expect(listed).toBe(tables.filter(([path]) => /^_storage\/[^.]+$/.test(path)).length + 1);
  } finally {
    await copy.dispose();
  }
}, 60_000);

test("of an append with a fault in its last row nothing is written", async () => {
  await insert("checked", "first");
  const faulty = lines(Array.from({ length: 1_200 }, (_, n) => n)) + '{"_id":"x"}\n';
  const options = { format: "jsonLines", tableName: "checked", partBytes: 1 << 20 } as const;
  const state = await importFile(backend, faulty, { ...options, mode: "append" });
  expect(state["error_message"]).toMatch(/Row 1201 of "checked": invalid _id 'x'/);
  expect(await namesIn("checked")).toEqual(["first"]);
}, 60_000);

test("an import into a component leaves the app's table of that name alone", async () => {
  await insert("placed", "of the app");
  const into = { componentPath: "part", mode: "replace" } as const;
  await importFile(backend, lines(["a line"]), {
    ...into,
    format: "jsonLines",
    tableName: "placed",
  });
  const zip = await zipOf([["zipped/documents.jsonl", lines(["a row"])]]);
  await importFile(backend, zip, { ...into, format: "zip" });
  const files = await exportZip(backend, false);
  const tableAt = (path: string) => files.get(`${path}/documents.jsonl`)?.toString() ?? null;
  expect(tableAt("_components/part/placed")).toMatch(/"a line"/);
  expect(tableAt("_components/part/zipped")).toMatch(/"a row"/);
  expect(tableAt("zipped")).toBeNull();
  expect(await namesIn("placed")).toEqual(["of the app"]);
}, 60_000);

test("a file whose length is not what its row says is refused", async () => {
  const id = await store("content");
  const files = await exportZip(backend, true);
  const row = JSON.stringify({ _id: id, size: 8 });
  const state = await importFile(
    backend,
    await zipOf([
      ["_storage/documents.jsonl", `${row}\n`],
      [`_storage/${id}`, files.get(`_storage/${id}`)!],
    ]),
    { format: "zip", mode: "replace" },
  );
  expect(state["error_message"]).toMatch(
    `_storage file ${id} has 7 bytes, not 8 as _storage/documents.jsonl says`,
  );
  expect(await textOf(id)).toBe("content");
}, 60_000);

test("an import that is canceled changes nothing, before it is confirmed and under way", async () => {
  await insert("canceled", "first");
  const options = { format: "jsonLines", tableName: "canceled", mode: "replace" } as const;
  const start = async (count: number) => {
    const rows = Buffer.from(lines(Array.from({ length: count }, (_, n) => n)));
    const importId = await upload(backend, rows, { ...options, partBytes: 1 << 20 });
    await stableImport(backend, importId);
    return importId;
  };
  const cancel = (importId: string) =>
    backend.post(
      "/api/cancel_import",
      { importId },
      { Authorization: `Convex ${backend.adminKey}` },
    );
  const waiting = await start(1);
  expect(await cancel(waiting)).toMatchObject({ status: 200 });
  await confirm(backend, waiting);
  const underWay = await start(10_000);
  const confirmed = confirm(backend, underWay);
  await confirmed;
  expect(await cancel(underWay)).toMatchObject({ status: 200 });
  // Imports take place one after the other: when this one is over, so is what was canceled.
  await importFile(backend, lines(["behind"]), { format: "jsonLines", tableName: "behind" });
  for (const importId of [waiting, underWay]) {
    expect(await stableImport(backend, importId)).toMatchObject({
      state: "failed",
      error_message: "Import canceled",
    });
    expect(await cancel(importId)).toMatchObject({ body: { code: "CannotCancelImport" } });
  }
  expect(await namesIn("canceled")).toEqual(["first"]);
}, 60_000);
