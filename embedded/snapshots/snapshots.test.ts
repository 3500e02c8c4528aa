import { ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { encodeDocumentId } from "../values/document-id.ts";
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
  schema: `
    import { defineSchema, defineTable } from "convex/server";
    import { v } from "convex/values";
    export default defineSchema({
      values: defineTable({ name: v.string(), value: v.any() }).index("by_name", ["name"]),
      links: defineTable({ to: v.id("values"), file: v.optional(v.id("_storage")) }),
      people: defineTable({ name: v.string(), age: v.number(), nick: v.optional(v.string()) }),
    });
  `,
  rows: `
    import { queryGeneric, mutationGeneric, actionGeneric } from "convex/server";
    export const all = queryGeneric((ctx, { table }) => ctx.db.query(table).collect());
    export const byName = queryGeneric((ctx, { name }) =>
      ctx.db.query("values").withIndex("by_name", (q) => q.eq("name", name)).collect());
    export const insert = mutationGeneric((ctx, { table, row }) => ctx.db.insert(table, row));
    export const pair = mutationGeneric(async (ctx) => {
      const to = await ctx.db.insert("values", { name: "pair", value: null });
      await ctx.db.insert("links", { to });
    });
    export const later = mutationGeneric((ctx) => ctx.scheduler.runAfter(1e6, "rows:insert", {}));
    export const store = actionGeneric((ctx, { text, type }) =>
      ctx.storage.store(type === null ? new Blob([text]) : new Blob([text], { type })));
    export const url = queryGeneric((ctx, { id }) => ctx.storage.getUrl(id));
    export const files = queryGeneric((ctx) => ctx.db.system.query("_storage").collect());
  `,
};

const VALUES: Readonly<Record<string, unknown>> = {
  integer: 9_007_199_254_740_993n,
  negative: -(2n ** 63n),
  float: 0.1,
  whole: 5,
  huge: 1e300,
  minusZero: -0,
  nan: NaN,
  infinity: -Infinity,
  bytes: new Uint8Array([0, 255, 7]).buffer,
  text: 'a "quoted" \\ line\n with 12 digits, ünïcode 🙂 and {"$integer":"no"}',
  nothing: null,
  nested: { list: [1n, 1, "1", { deep: [new Uint8Array([1]).buffer, true] }] },
};

let open: TestBackend[] = [];
let backend: TestBackend;

beforeEach(async () => {
  backend = await start();
}, 60_000);
afterEach(async () => {
  for (const each of open) await each.dispose();
  open = [];
});

async function start(): Promise<TestBackend> {
  const started = await startTestBackend();
  open.push(started);
  await started.deploy(SOURCES);
  return started;
}

async function restart(): Promise<void> {
  open = open.filter((each) => each !== backend);
  backend = await backend.restart();
  open.push(backend);
}

const clientOf = (of: TestBackend) => new ConvexHttpClient(of.url, { logger: false });
const { rows } = anyApi;
type Row = Readonly<Record<string, unknown>> & { readonly _id: string };
const all = (of: TestBackend, table: string): Promise<Row[]> =>
  clientOf(of).query(rows!["all"]!, { table });
const insert = (table: string, row: object): Promise<string> =>
  clientOf(backend).mutation(rows!["insert"]!, { table, row });
const store = (text: string, type: string | null): Promise<string> =>
  clientOf(backend).action(rows!["store"]!, { text, type });
const urlOf = (of: TestBackend, id: string): Promise<string> =>
  clientOf(of).query(rows!["url"]!, { id });
const people = { tableName: "people", format: "jsonLines" } as const;

test("what is exported is the same in a deployment that imports it, files included", async () => {
  for (const [name, value] of Object.entries(VALUES)) await insert("values", { name, value });
  const text = await store("some text", "text/plain");
  const typeless = await store("", null);
  const [first] = await all(backend, "values");
  await insert("links", { to: first!._id, file: text });
  await clientOf(backend).mutation(rows!["later"]!, {});

  const files = await exportZip(backend, true);
  expect([...files.keys()].sort()).toEqual(
    [
      "README.md",
      `_storage/${text}.txt`,
      `_storage/${typeless}`,
      "_storage/documents.jsonl",
      "_tables/documents.jsonl",
      ...["links", "people", "values"].flatMap((table) => [
        `${table}/documents.jsonl`,
        `${table}/generated_schema.jsonl`,
      ]),
    ].sort(),
  );
  const copy = await start();
  const state = await importFile(copy, await zipOf(files), { format: "zip" });
  expect(state).toMatchObject({ state: "completed", num_rows_written: 13n });

  for (const table of ["values", "links", "people"]) {
    expect(await all(copy, table)).toEqual(await all(backend, table));
  }
  const stored = await clientOf(copy).query(rows!["files"]!, {});
  expect(stored).toEqual(await clientOf(backend).query(rows!["files"]!, {}));
  const response = await fetch(await urlOf(copy, text));
  expect(await response.text()).toBe("some text");
  expect(response.headers.get("content-type")).toBe("text/plain");
  expect(new URL(await urlOf(copy, text)).pathname).toBe(
    new URL(await urlOf(backend, text)).pathname,
  );
  const found = await clientOf(copy).query(rows!["byName"]!, { name: "integer" });
  expect(found).toMatchObject([{ value: 9_007_199_254_740_993n }]);
  const again = await exportZip(copy, true);
  again.delete("README.md");
  for (const [path, content] of again) expect([path, content]).toEqual([path, files.get(path)]);
});

test("a snapshot as the cloud writes it is read to the letter", async () => {
  const number = 10_021;
  const id = encodeDocumentId({ tableNumber: number, internalId: Buffer.alloc(16, 7) });
  const zip = await zipOf([
    ["snapshot/_tables/documents.jsonl", `{"id":${number},"name":"loose"}\n`],
    [
      "snapshot/loose/documents.jsonl",
      `{"_creationTime":1700000000000.25,"_id":"${id}",` +
        '"big":12345678901234567890,"f":-0.0,"i":-0,"n":7,' +
        '"s":{"$bytes":"AAE="},"t":"7 \\" 8","w":1e3,"x":{"$float":"AAAAAAAA+H8="}}\n',
    ],
    ["snapshot/loose/generated_schema.jsonl", '"uniform"\n'],
    ["snapshot/_scheduled_functions/documents.jsonl", '{"anything":1}\n'],
    ["snapshot/plain/documents.jsonl", '{"n":7}\n'],
  ]);
  expect(await importFile(backend, zip, { format: "zip" })).toMatchObject({ state: "completed" });
  const [row] = await all(backend, "loose");
  expect(row).toEqual({
    _id: id,
    _creationTime: 1_700_000_000_000.25,
    big: 1.2345678901234567e19,
    f: -0,
    i: -0,
    n: 7n,
    s: new Uint8Array([0, 1]).buffer,
    t: '7 " 8',
    w: 1000,
    x: NaN,
  });
  expect(await all(backend, "plain")).toMatchObject([{ n: 7 }]);
  const files = await exportZip(backend, false);
  expect(files.get("_tables/documents.jsonl")?.toString()).toContain(
    `{"name":"loose","id":${number}}`,
  );
});

test("rows of CSV, JSON and JSON lines become documents", async () => {
  const csv = 'name, age,nick\n"Ada, ""A""",36,\r\n\r\nBob,2.5e1,"two\nlines"\nNaN,1,x';
  await importFile(backend, csv, { tableName: "people", format: "csv", partBytes: 7 });
  expect(await all(backend, "people")).toMatchObject([
    { name: 'Ada, "A"', age: 36 },
    { name: "Bob", age: 25, nick: "two\nlines" },
    { name: "NaN", age: 1, nick: "x" },
  ]);
  expect((await all(backend, "people"))[0]).not.toHaveProperty("nick");
  const array = '[{"name":"Cleo","age":1}]';
  const appended = await importFile(backend, array, {
    tableName: "people",
    format: "jsonArray",
    mode: "append",
  });
  expect(appended).toMatchObject({ state: "completed", num_rows_written: 1n });
  expect(await all(backend, "people")).toHaveLength(4);
  await importFile(backend, '{"name":"Dan","age":2}', { ...people, mode: "replace" });
  expect(await all(backend, "people")).toMatchObject([{ name: "Dan" }]);
  await importFile(backend, "", { ...people, mode: "replace" });
  expect(await all(backend, "people")).toEqual([]);
});

const FAULTS = [
  ['{"name":"a","age":1}\n{"name":', "jsonLines", /Row 2 wasn't valid JSON: /],
  ['{"name":"a","age":1}\n7', "jsonLines", /Row 2 wasn't an object/],
  ['{"name":"a","age":{"$integer":"AAAAAAAAAAA="}}', "jsonLines", /Row 1 .*\$integer starts with/],
  ['{"name":"a","age":1}\n{"name":"b"}', "jsonLines", /Row 2 of "people": .* does not match the/],
  ['{"name":"a","age":1,"_id":"x"}', "jsonLines", /Row 1 of "people": invalid _id 'x'/],
  ['{"name":"a","age":1}', "jsonArray", /Not a JSON array/],
  ["[", "jsonArray", /Not valid JSON: /],
  ["name,age\na,1\nb\n", "csv", /CSV row 3 doesn't have all of the fields/],
  ["$name,age\na,1\n", "csv", /CSV header "\$name" isn't a valid field name/],
  [Buffer.from([0x22, 0xff, 0x0a]), "jsonLines", /wasn't valid UTF8/],
  ["no zip at all, not even nearly", "zip", /invalid zip file: /],
] as const;

test("a file with a fault is refused with the reason, and nothing changes", async () => {
  await insert("people", { name: "Zoe", age: 9 });
  for (const [bytes, format, reason] of FAULTS) {
    const table = format === "zip" ? {} : { tableName: "people" };
    for (const mode of ["replace", "append"] as const) {
      const state = await importFile(backend, Buffer.from(bytes), { format, mode, ...table });
      expect(state).toMatchObject({ state: "failed" });
      expect(state["error_message"]).toMatch(/^Hit an error while importing:\n/);
      expect(state["error_message"]).toMatch(reason);
    }
  }
  expect(await all(backend, "people")).toMatchObject([{ name: "Zoe" }]);
});

test("a table with rows is left alone unless something else is asked for", async () => {
  await insert("people", { name: "Zoe", age: 9 });
  await insert("values", { name: "kept", value: 1 });
  const refused = await importFile(backend, '{"name":"Dan","age":2}', people);
  expect(refused["error_message"]).toMatch(/Table people already exists\. Please choose/);

  const importId = await upload(backend, Buffer.from('{"name":"Dan","age":2}'), {
    ...people,
    mode: "replaceAll",
  });
  expect(await stableImport(backend, importId)).toEqual({
    state: "waiting_for_confirmation",
    require_manual_confirmation: true,
    message_to_confirm:
      "Import change summary:\n" +
      "table  | create | delete |\n" +
      "--------------------------\n" +
      "links  | 0      | 0 of 0 |\n" +
      "people | 1      | 1 of 1 |\n" +
      "values | 0      | 1 of 1 |\n" +
      "Once the import has started, it will run in the background.\n" +
      "Interrupting `npx convex import` will not cancel it.",
  });
  await confirm(backend, importId);
  await stableImport(backend, importId, "waiting_for_confirmation");
  expect(await all(backend, "people")).toMatchObject([{ name: "Dan" }]);
  expect(await all(backend, "values")).toEqual([]);
});

test("files that are not what their row says are refused", async () => {
  const id = await store("content", "text/plain");
  const files = await exportZip(backend, true);
  const damaged = new Map(files).set(`_storage/${id}.txt`, Buffer.from("c0ntent"));
  const copy = await start();
  const state = await importFile(copy, await zipOf(damaged), { format: "zip" });
  expect(state["error_message"]).toMatch(`_storage file ${id} has the SHA-256`);
  expect(await clientOf(copy).query(rows!["files"]!, {})).toEqual([]);
});

test("importing a snapshot again replaces rows and files", async () => {
  const id = await store("one", "text/plain");
  await insert("links", { to: await insert("values", { name: "a", value: 1 }), file: id });
  const zip = await zipOf(await exportZip(backend, true));
  await store("two", null);
  await insert("values", { name: "b", value: 2 });
  const state = await importFile(backend, zip, { format: "zip", mode: "replace" });
  expect(state).toMatchObject({ state: "completed", num_rows_written: 2n });
  expect(await clientOf(backend).query(rows!["files"]!, {})).toMatchObject([{ _id: id }]);
  expect(await (await fetch(await urlOf(backend, id))).text()).toBe("one");
  expect(await all(backend, "values")).toMatchObject([{ name: "a" }]);
  const records = await systemQuery(backend, "cli/tableData", {
    table: "_stored_files",
    order: "asc",
    paginationOpts: { cursor: null, numItems: 10 },
  });
  expect(records).toMatchObject({ page: [{ storageId: id }], isDone: true });
});

test("readers see the rows before an import or those after it, never some of both", async () => {
  const lines = (name: string) => `${JSON.stringify({ name, age: 1 })}\n`.repeat(1500);
  await importFile(backend, lines("old"), people);
  const importId = await upload(backend, Buffer.from(lines("new")), { ...people, mode: "replace" });
  await stableImport(backend, importId);
  const seen = new Set<string>();
  const look = async () => {
    const names = (await all(backend, "people")).map(({ name }) => name);
    seen.add(`${names.length} ${[...new Set(names)].join()}`);
  };
  await look();
  const done = confirm(backend, importId).then(() =>
    stableImport(backend, importId, "waiting_for_confirmation"),
  );
  const progress = { isDone: false };
  void done.finally(() => (progress.isDone = true));
  while (!progress.isDone) await look();
  expect(await done).toMatchObject({ state: "completed" });
  await look();
  expect([...seen]).toEqual(["1500 old", "1500 new"]);
});

test("an append that a restart interrupts goes on behind the rows that are there", async () => {
  const count = 3_000;
  const lines = Array.from({ length: count }, (_, n) => `{"name":"person ${n}","age":${n}}\n`);
  const importId = await upload(backend, Buffer.from(lines.join("")), {
    ...people,
    mode: "append",
    partBytes: 1 << 20,
  });
  await stableImport(backend, importId);
  await confirm(backend, importId);
  await vi.waitFor(async () => expect((await all(backend, "people")).length).toBeGreaterThan(0), {
    timeout: 10_000,
    interval: 5,
  });
  await restart();
  expect(await stableImport(backend, importId)).toMatchObject({
    state: "completed",
    num_rows_written: BigInt(count),
  });
  const names = (await all(backend, "people")).map(({ name }) => name);
  expect(names).toEqual(Array.from({ length: count }, (_, n) => `person ${n}`));
});

test("an export shows one moment, whatever is written meanwhile", async () => {
  const row = `${JSON.stringify({ name: "x".repeat(200), value: 1 })}\n`;
  await importFile(backend, row.repeat(3000), {
    format: "jsonLines",
    tableName: "values",
    partBytes: 1 << 20,
  });
  const progress = { isDone: false, pairs: 0 };
  const exported = exportZip(backend, true).finally(() => (progress.isDone = true));
  while (!progress.isDone) {
    await clientOf(backend).mutation(rows!["pair"]!, {});
    progress.pairs += 1;
  }
  const files = await exported;
  const count = (table: string) =>
    files.get(`${table}/documents.jsonl`)!.toString().split("\n").length - 1;
  // The smaller table is read long before the larger one.
  expect(count("values")).toBe(3000 + count("links"));
  expect(progress.pairs).toBeGreaterThan(count("links"));
});

test("two exports at once are one too many, and the second is told so", async () => {
  const request = () => exportZip(backend, false);
  const [first, second] = await Promise.allSettled([request(), request()]);
  expect([first.status, second.status].sort()).toEqual(["fulfilled", "rejected"]);
  const refused = [first, second].find(({ status }) => status === "rejected");
  expect(String((refused as PromiseRejectedResult).reason)).toMatch("ExportInProgress");
});

test("tables and files of components come back where they were", async () => {
  const id = await store("shared", "text/plain");
  await insert("values", { name: "a", value: 1 });
  const files = await exportZip(backend, true);
  const nested = [...files].map(([path, content]): [string, Buffer] => [
    path === "README.md" ? path : `_components/inner/_components/core/${path}`,
    content,
  ]);
  const imported = await importFile(backend, await zipOf(nested), { format: "zip" });
  expect(imported).toMatchObject({ state: "completed" });
  const again = await exportZip(backend, true);
  for (const [path, content] of [...files, ...nested]) {
    if (path.endsWith("_storage/documents.jsonl") || path === "README.md") continue;
    expect([path, again.get(path)?.toString()]).toEqual([path, content.toString()]);
  }
  expect(again.has(`_components/inner/_components/core/_storage/${id}.txt`)).toBe(true);
  expect(await (await fetch(await urlOf(backend, id))).text()).toBe("shared");
});

test("an import that a restart interrupted is done after it", async () => {
  const lines = Array.from({ length: 3000 }, (_, n) => `{"name":"p${n}","age":${n}}\n`).join("");
  const importId = await upload(backend, Buffer.from(lines), { ...people, partBytes: 1 << 20 });
  await stableImport(backend, importId);
  await confirm(backend, importId);
  await restart();
  expect(await stableImport(backend, importId)).toMatchObject({
    state: "completed",
    num_rows_written: 3000n,
  });
  const found = await all(backend, "people");
  expect(found).toHaveLength(3000);
  expect(new Set(found.map(({ _id }) => _id)).size).toBe(3000);
});
