import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";
import { notes } from "./test-functions.ts";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));

let backend: TestBackend;
let project: string;

beforeAll(async () => {
  backend = await startTestBackend();
  project = mkdtempSync(join(tmpdir(), "project-"));
  cpSync(join(REPOSITORY, "tests/fixtures/notes"), project, { recursive: true });
  symlinkSync(join(REPOSITORY, "node_modules"), join(project, "node_modules"));
});
afterAll(async () => {
  await backend.dispose();
  rmSync(project, { recursive: true, force: true });
});

/** Runs the unmodified `npx convex` against the backend. */
const convex = (...args: string[]) => convexWith(backend.adminKey, ...args);

function convexWith(
  adminKey: string,
  ...args: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["node_modules/convex/bin/main.js", ...args], {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        HOME: project,
        CONVEX_SELF_HOSTED_URL: backend.url,
        CONVEX_SELF_HOSTED_ADMIN_KEY: adminKey,
      },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

const edit = (file: string, from: string, to: string) => {
  const path = join(project, "convex", file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
};
const client = () => new ConvexHttpClient(backend.url, { logger: false });

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
  expect((await convex("env", "set", "CONVEX_SITE_URL", "x")).code).toBe(1);
}, 60_000);

test("codegen writes typed code and leaves the deployment as it was", async () => {
  const { code, err } = await convex("codegen");
  expect(err).not.toMatch(/error/i);
  expect(code).toBe(0);
  const generated = readFileSync(join(project, "convex/_generated/api.d.ts"), "utf8");
  expect(generated).toContain('import type * as notes from "../notes.js"');
  expect(generated).toContain('import type * as digest from "../digest.js"');
  await expect(client().query(notes.int64, {})).rejects.toThrow(/Could not find public function/);
}, 60_000);

test("deploy brings functions, indexes, auth and crons", async () => {
  const { code, err } = await convex("deploy", "--yes");
  expect(err).toMatch(/Deployed Convex functions to/);
  expect(err).toMatch(/\[\+\] notes\.by_author/);
  expect(err).toMatch(/\[\+\] notes\.search_text/);
  expect(code).toBe(0);
  await client().mutation(notes.add, { author: "cli", text: "deployed" });
  expect(await client().query(notes.list, { author: "cli" })).toMatchObject([{ text: "deployed" }]);
  expect(await client().query(notes.search, { words: "deploy" })).toEqual(["deployed"]);
}, 60_000);

test("a deploy of what is deployed changes nothing", async () => {
  const { code, err } = await convex("deploy", "--yes");
  expect(err).not.toMatch(/\[[+-]\]/);
  expect(code).toBe(0);
}, 60_000);

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
}, 60_000);

test("data lists tables and prints rows", async () => {
  expect((await convex("data")).out.split("\n")).toContain("notes");
  const rows = await convex("data", "notes", "--format", "jsonLines", "--limit", "1");
  expect(rows.out).toMatch(/"text": "(?:deployed|the hour has come)"/);
}, 60_000);

test("a schema that rows do not fit is refused by name, and the old code goes on", async () => {
  edit("schema.ts", "stars: v.number()", "stars: v.string()");
  const { code, err } = await convex("deploy", "--yes", "--typecheck", "disable");
  expect(code).toBe(1);
  expect(err).toMatch(/Schema validation failed/);
  expect(err).toMatch(/notes/);
  expect(await client().query(notes.list, { author: "cli" })).toHaveLength(1);
  edit("schema.ts", "stars: v.string()", "stars: v.number()");
}, 60_000);

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
}, 60_000);

test("an auth config that reads an unset variable is refused by its name", async () => {
  edit("auth.config.ts", "process.env.CONVEX_SITE_URL!", "process.env.AUTH_DOMAIN!");
  const { code, err } = await convex("deploy", "--yes", "--typecheck", "disable");
  expect(code).toBe(1);
  expect(err).toMatch(/AUTH_DOMAIN/);
  edit("auth.config.ts", "process.env.AUTH_DOMAIN!", "process.env.CONVEX_SITE_URL!");
}, 60_000);

test("dev --once pushes a change, and a dropped index is told", async () => {
  edit("notes.ts", "stars: note.stars + 1 }", "stars: note.stars + 10 }");
  edit(
    "schema.ts",
    '    .searchIndex("search_text"',
    '    .index("by_stars", ["stars"])\n    .searchIndex("search_text"',
  );
  const { code, err } = await convex("dev", "--once");
  expect(err).toMatch(/Convex functions ready/);
  expect(err).toMatch(/\[\+\] notes\.by_stars/);
  expect(code).toBe(0);
  const [note] = await client().query(notes.list, { author: "cli" });
  await client().mutation(notes.star, { id: note!._id });
  expect(await client().query(notes.list, { author: "cli" })).toMatchObject([{ stars: 10 }]);
  edit("schema.ts", '    .index("by_stars", ["stars"])\n', "");
  const dropped = await convex("dev", "--once");
  expect(dropped.err).toMatch(/\[-\] notes\.by_stars/);
}, 90_000);

test("a wrong admin key is refused", async () => {
  const { code, err } = await convexWith("embedded|00", "run", "notes:count");
  expect(code).toBe(1);
  expect(err).toMatch(/BadDeployKey/);
}, 60_000);
