import { readdirSync } from "node:fs";
import { join } from "node:path";

import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";

import { fixtureSources, startTestBackend, type TestBackend } from "./test-backend.ts";
import { createCliProject, type CliProject } from "./test-cli-project.ts";
import { files, notes } from "./test-functions.ts";

let backend: TestBackend;
let project: CliProject;

beforeAll(async () => {
  backend = await startTestBackend();
  await backend.deploy(fixtureSources("notes"));
  project = createCliProject("notes", () => backend);
});
afterAll(async () => {
  await backend.dispose();
  project.dispose();
});

const convex = (...args: string[]) => project.convex(...args);
const client = () => new ConvexHttpClient(backend.url, { logger: false });
const lines = (text: string) => text.trim().split("\n");

// The tests below build on each other.

test("import takes rows of JSON lines, and data lists them in pages and either order", async () => {
  const rows = Array.from({ length: 1205 }, (_, n) => `{"name":"c${n}","value":${n}}\n`);
  const file = project.write("counters.jsonl", rows.join(""));
  const imported = await convex("import", "--table", "counters", "--replace", "--yes", file);
  expect(imported.err).toMatch(/Added 1205 documents to table "counters"/);
  expect(imported.code).toBe(0);

  const asc = await convex("data", "counters", "--order", "asc", "--limit", "1204");
  const names = lines(asc.out).flatMap((line) => /"c\d+"/.exec(line)?.[0] ?? []);
  expect(names).toEqual(Array.from({ length: 1204 }, (_, n) => `"c${n}"`));
  expect(asc.err).toMatch(/Showing the 1204 oldest created documents/);
  const desc = await convex("data", "counters", "--format", "jsonl", "--limit", "2");
  expect(lines(desc.out).map((line) => /"value": (\d+)/.exec(line)?.[1])).toEqual(["1204", "1203"]);
}, 120_000);

test("import refuses a table with rows and rows with faults, by row and reason", async () => {
  const csv = project.write("counters.csv", "name,value\nada,1\nbob,many\n");
  const occupied = await convex("import", "--table", "counters", csv);
  expect(occupied.code).toBe(1);
  expect(occupied.err).toMatch(/Table counters already exists/);
  const unfit = await convex("import", "--table", "counters", "--replace", "--yes", csv);
  expect(unfit.code).toBe(1);
  expect(unfit.err).toMatch(/Row 2 of "counters": .* does not match the schema/);
  expect((await convex("data", "counters", "--limit", "1")).out).toMatch(/"c1204"/);

  const json = project.write("counters.json", '[{"name":"ada","value":1}]');
  const appended = await convex("import", "--table", "counters", "--append", json);
  expect(appended.err).toMatch(/Added 1 documents to table "counters"/);
}, 120_000);

test("export and import move everything to another deployment, files included", async () => {
  await client().mutation(notes.add, { author: "cli", text: "to be moved" });
  const uploadUrl = await client().mutation(files.generateUploadUrl, {});
  const uploaded = await fetch(uploadUrl, {
    method: "POST",
    headers: { "Content-Type": "text/plain" },
    body: "a file",
  });
  const { storageId } = (await uploaded.json()) as { readonly storageId: string };
  const exported = await convex("export", "--include-file-storage", "--path", project.folder);
  expect(exported.err).toMatch(/Downloaded snapshot export to/);
  const zip = readdirSync(project.folder).find((name) => /^snapshot_.*_\d+\.zip$/.test(name));
  expect(zip).toBeDefined();

  const other = await startTestBackend();
  try {
    const path = join(project.folder, zip!);
    const imported = await project.convexAt(other, "import", "--replace-all", "--yes", path);
    expect(imported.err).toMatch(/Imported "_storage" \(1 files\)/);
    expect(imported.err).toMatch(/Added 120\d documents/);
    await other.deploy(fixtureSources("notes"));
    const there = new ConvexHttpClient(other.url, { logger: false });
    expect(await there.query(notes.list, { author: "cli" })).toEqual(
      await client().query(notes.list, { author: "cli" }),
    );
    const url = (await other.run("files:url", { storageId })) as string;
    expect(await (await fetch(url)).text()).toBe("a file");
  } finally {
    await other.dispose();
  }
}, 120_000);

test("logs prints what functions said, failed with and succeeded at", async () => {
  await client().query(notes.list, { author: "cli" });
  await client()
    .mutation(notes.crash, {})
    .catch(() => undefined);
  await fetch(`${backend.url}/http/echo`, { method: "POST", body: "x" });
  const watching = project.start("logs", "--history", "5", "--success");
  const history = await watching.until(/H\(POST \/echo\)\] Function executed/);
  expect(history).toMatch(/\[CONVEX Q\(notes:list\)\] Function executed in \d+ ms/);
  expect(history).toMatch(/\[CONVEX M\(notes:crash\)\] .*crashed on purpose/s);
  await client().mutation(notes.add, { author: "cli", text: "while watching" });
  await watching.until(/\[CONVEX M\(notes:add\)\] Function executed/);
  await watching.end();

  const jsonl = project.start("logs", "--history", "1", "--jsonl");
  const output = await jsonl.until(/\{.*\}\n/);
  expect(JSON.parse(/\{.*\}/.exec(output)?.[0] ?? "")).toMatchObject({
    kind: "Completion",
    udfType: "Mutation",
    identifier: "notes:add",
  });
  await jsonl.end();
}, 120_000);

test("run --watch prints a query's result again when it changes", async () => {
  const count = (await convex("run", "notes:count")).out.trim();
  const watching = project.start("run", "--watch", "notes:count");
  await watching.until(new RegExp(`^${count}$`, "m"));
  await client().mutation(notes.add, { author: "cli", text: "one more" });
  await watching.until(new RegExp(`^${Number(count) + 1}$`, "m"));
  await watching.end();
}, 120_000);

test("dev pushes once when it starts, and once more when a file changes", async () => {
  const dev = project.start("dev", "--typecheck", "disable", "--tail-logs", "disable");
  await dev.until(/Convex functions ready/);
  project.write(
    "convex/numbers.ts",
    'import { query } from "./_generated/server";\nexport const seven = query(() => 7);\n',
  );
  await dev.until(/(?:Convex functions ready[\s\S]*){2}/);
  expect(await backend.run("numbers:seven")).toBe(7);
  expect(dev.output.match(/Convex functions ready/g)).toHaveLength(2);
  await dev.end();
}, 120_000);
