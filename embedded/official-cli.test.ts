import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";
import { createCliProject, type CliProject } from "./test-cli-project.ts";
import { notes } from "./test-functions.ts";

let backend: TestBackend;
let project: CliProject;

beforeAll(async () => {
  backend = await startTestBackend();
  project = createCliProject("notes", () => backend);
});
afterAll(async () => {
  await backend.dispose();
  project.dispose();
});

const convex = (...args: string[]) => project.convex(...args);
const edit = (file: string, from: string, to: string) => project.edit(file, from, to);
const client = () => new ConvexHttpClient(backend.url, { logger: false });

/** Lines of a dry run's report that tell of something added or removed. */
async function dryRunDifferences(): Promise<string[]> {
  const { code, err } = await convex("deploy", "--yes", "--dry-run", "--typecheck", "disable");
  expect(err).toMatch(/Would have deployed Convex functions to/);
  expect(code).toBe(0);
  return [...err.matchAll(/\[[+-]\].*/g)].map(([line]) => line.trim());
}

// The tests below build on each other, as the days of one project do.

test("env set, get, list and remove manage variables", async () => {
  expect((await convex("env", "set", "GREETING", "hello there")).code).toBe(0);
  expect((await convex("env", "set", "JWKS", '{"keys":[]}')).code).toBe(0);
  expect((await convex("env", "get", "GREETING")).out.trim()).toBe("hello there");
  expect((await convex("env", "list", "--names-only")).out.trim().split("\n").sort()).toEqual([
    "GREETING",
    "JWKS",
  ]);
  expect((await convex("env", "remove", "GREETING")).code).toBe(0);
  expect((await convex("env", "get", "GREETING")).out.trim()).toBe("");
  expect((await convex("env", "list", "--names-only")).out.trim()).toBe("JWKS");
  expect((await convex("env", "set", "CONVEX_SITE_URL", "x")).code).toBe(1);
}, 120_000);

test("codegen writes typed code and leaves the deployment as it was", async () => {
  const { code, err } = await convex("codegen", "--typecheck", "disable");
  expect(err).not.toMatch(/error/i);
  expect(code).toBe(0);
  const generated = readFileSync(join(project.folder, "convex/_generated/api.d.ts"), "utf8");
  expect(generated).toContain('import type * as notes from "../notes.js"');
  expect(generated).toContain('import type * as digest from "../digest.js"');
  await expect(client().query(notes.int64, {})).rejects.toThrow(/Could not find public function/);
}, 120_000);

test("deploy brings functions, indexes, auth and crons", async () => {
  const { code, err } = await convex("deploy", "--yes");
  expect(err).toMatch(/Deployed Convex functions to/);
  expect(err).toMatch(/\[\+\] notes\.by_author/);
  expect(err).toMatch(/\[\+\] notes\.search_text/);
  expect(code).toBe(0);
  await client().mutation(notes.add, { author: "cli", text: "deployed" });
  expect(await client().query(notes.list, { author: "cli" })).toMatchObject([{ text: "deployed" }]);
  expect(await client().query(notes.search, { words: "deploy" })).toEqual(["deployed"]);
}, 120_000);

test("a deploy of what is deployed changes nothing", async () => {
  const { code, err } = await convex("deploy", "--yes", "--typecheck", "disable");
  expect(err).not.toMatch(/\[[+-]\]/);
  expect(code).toBe(0);
}, 120_000);

test("a dry run of what is deployed shows no difference", async () => {
  expect(await dryRunDifferences()).toEqual([]);
}, 120_000);

test("a dry run shows what would change, and changes nothing", async () => {
  const convexJson = project.write("convex.json", '{"node":{"nodeVersion":"22"}}');
  edit("notes.ts", "handler: async () => 42n", "handler: async () => 43n");
  edit("schema.ts", "    .searchIndex(", '    .index("by_stars", ["stars"])\n    .searchIndex(');
  const differences = await dryRunDifferences();
  expect(differences).toEqual(["[+] 22", expect.stringMatching(/^\[\+\] notes\.by_stars /)]);
  expect(await client().query(notes.int64, {})).toBe(42n);
  rmSync(convexJson);
  edit("notes.ts", "handler: async () => 43n", "handler: async () => 42n");
  edit("schema.ts", '    .index("by_stars", ["stars"])\n', "");
  expect(await dryRunDifferences()).toEqual([]);
}, 120_000);

test("run calls any function, and lists them when there is no such one", async () => {
  expect((await convex("run", "notes:count")).out.trim()).toBe("2");
  expect((await convex("run", "notes:viewer", "--identity", '{"subject":"ada"}')).out.trim()).toBe(
    '"ada"',
  );
  const crash = await convex("run", "notes:crash");
  expect([crash.code, crash.err]).toEqual([1, expect.stringMatching(/crashed on purpose/)]);
  const missing = await convex("run", "notes:nothing");
  expect(missing.code).toBe(1);
  expect(missing.err).toMatch(/Available functions:[\s\S]*notes:[\s\S]*increment/);
}, 120_000);

test("data lists tables and prints rows", async () => {
  expect((await convex("data")).out.split("\n")).toContain("notes");
  const rows = await convex("data", "notes", "--format", "jsonLines", "--limit", "1");
  expect(rows.out).toMatch(/"text": "(?:deployed|the hour has come)"/);
}, 120_000);

test("a schema that rows do not fit is refused by their id, and the old code goes on", async () => {
  const [row] = await client().query(notes.list, { author: "cli" });
  edit("schema.ts", "text: v.string()", 'text: v.literal("the hour has come")');
  const { code, err } = await convex("deploy", "--yes", "--typecheck", "disable");
  expect(code).toBe(1);
  expect(err).toMatch(/Schema validation failed/);
  expect(err).toContain(
    `Document with ID "${row?._id}" in table "notes" does not match the schema`,
  );
  expect(await client().query(notes.list, { author: "cli" })).toHaveLength(1);
  edit("schema.ts", 'text: v.literal("the hour has come")', "text: v.string()");
}, 120_000);

test("code that throws while it is loaded is refused with its error", async () => {
  edit(
    "jobs.ts",
    "export const addByAction",
    'throw new Error("broken module");\nexport const addByAction',
  );
  const { code, err } = await convex("deploy", "--yes", "--typecheck", "disable");
  expect(code).toBe(1);
  expect(err).toMatch(/broken module/);
  expect(await client().query(notes.int64, {})).toBe(42n);
  edit("jobs.ts", 'throw new Error("broken module");\n', "");
}, 120_000);

test("an auth config that reads an unset variable is refused by its name", async () => {
  edit("auth.config.ts", "process.env.CONVEX_SITE_URL!", "process.env.AUTH_DOMAIN!");
  const { code, err } = await convex("deploy", "--yes", "--typecheck", "disable");
  expect(code).toBe(1);
  expect(err).toMatch(/AUTH_DOMAIN/);
  edit("auth.config.ts", "process.env.AUTH_DOMAIN!", "process.env.CONVEX_SITE_URL!");
}, 120_000);

test("dev --once pushes a change, and a dropped index is told", async () => {
  edit("notes.ts", "stars: note.stars + 1 }", "stars: note.stars + 10 }");
  edit(
    "schema.ts",
    '    .searchIndex("search_text"',
    '    .index("by_stars", ["stars"])\n    .searchIndex("search_text"',
  );
  const { code, err } = await convex("dev", "--once", "--typecheck", "disable");
  expect(err).toMatch(/Convex functions ready/);
  expect(err).toMatch(/\[\+\] notes\.by_stars/);
  expect(code).toBe(0);
  const [note] = await client().query(notes.list, { author: "cli" });
  await client().mutation(notes.star, { id: note!._id });
  expect(await client().query(notes.list, { author: "cli" })).toMatchObject([{ stars: 10 }]);
  edit("schema.ts", '    .index("by_stars", ["stars"])\n', "");
  const dropped = await convex("dev", "--once", "--typecheck", "disable");
  expect(dropped.err).toMatch(/\[-\] notes\.by_stars/);
}, 120_000);

test("a wrong admin key is refused", async () => {
  const { code, err } = await project.convexAt({ adminKey: "embedded|00" }, "run", "notes:count");
  expect(code).toBe(1);
  expect(err).toMatch(/BadAdminKey/);
}, 120_000);
