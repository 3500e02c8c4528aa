import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import type { Value } from "convex/values";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));

let backend: TestBackend;
let project: string;

beforeAll(async () => {
  backend = await startTestBackend();
  project = mkdtempSync(join(tmpdir(), "project-"));
  cpSync(join(REPOSITORY, "tests/fixtures/components"), project, { recursive: true });
  symlinkSync(join(REPOSITORY, "node_modules"), join(project, "node_modules"));
});
afterAll(async () => {
  await backend.dispose();
  rmSync(project, { recursive: true, force: true });
});

/** Runs the unmodified `npx convex` against the backend. */
function convex(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["node_modules/convex/bin/main.js", ...args], {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        HOME: project,
        CONVEX_SELF_HOSTED_URL: backend.url,
        CONVEX_SELF_HOSTED_ADMIN_KEY: backend.adminKey,
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
const query = (path: string, args: Record<string, Value> = {}) =>
  client().query(makeFunctionReference<"query">(path), args) as Promise<unknown>;
const mutation = (path: string, args: Record<string, Value>) =>
  client().mutation(makeFunctionReference<"mutation">(path), args) as Promise<unknown>;

interface Tokens {
  readonly roomToken: string;
  readonly sessionToken: string;
}

// The tests below build on each other, as the days of one project do.

test("codegen types the components of the app and of other components", async () => {
  const { code, err } = await convex("codegen", "--typecheck", "disable");
  expect(err).not.toMatch(/error/i);
  expect(code).toBe(0);
  const generated = (path: string) => readFileSync(join(project, "convex", path), "utf8");
  const api = generated("_generated/api.d.ts");
  expect(api).toContain('import("@convex-dev/rate-limiter/_generated/component.js").ComponentApi');
  expect(api).toMatch(/first: import\("\.\.\/counter\/_generated\/component\.js"\)/);
  const component = generated("counter/_generated/component.ts");
  expect(component).toMatch(/ledgerTotal: FunctionReference<\s*"query"/);
  expect(component).not.toMatch(/hidden|secret/);
  expect(generated("counter/_generated/server.ts")).toMatch(/LABEL: string/);
}, 120_000);

test("deploy checks the types, installs every mount and says so", async () => {
  const { code, err } = await convex("deploy", "--yes");
  for (const component of [
    "first",
    "first/ledger",
    "second",
    "second/ledger",
    "rateLimiter",
    "rateLimiter/batchWorker",
    "totals",
    "totals/batchWorker",
    "presence",
    "presence/batchWorker",
    "migrations",
  ]) {
    expect(err).toContain(`Installed component ${component}.`);
  }
  expect(err).toMatch(/Deployed Convex functions to/);
  expect(code).toBe(0);
}, 120_000);

test("a deploy of what is deployed changes nothing", async () => {
  const { code, err } = await convex("deploy", "--yes", "--typecheck", "disable");
  expect(err).not.toMatch(/component|\[[+-]\]/i);
  expect(code).toBe(0);
}, 120_000);

test("rate limits hold per key", async () => {
  const orders = [];
  for (let count = 0; count < 3; count += 1) {
    orders.push(await mutation("limits:order", { shopper: "ada" }));
  }
  expect(orders).toEqual([true, true, false]);
  expect(await mutation("limits:order", { shopper: "bob" })).toBe(true);
});

test("aggregates count, sum and rank rows as they are written", async () => {
  for (const [index, points] of [5, 30, 10, 20, 15].entries()) {
    await mutation("scores:add", { player: `player ${index}`, points });
  }
  expect(await query("scores:statistics", {})).toEqual({
    count: 5,
    sum: 80,
    highest: 30,
    above10: 3,
  });
});

test("presence follows heartbeats and goodbyes", async () => {
  const join = (userId: string) =>
    mutation("presence:heartbeat", {
      roomId: "lobby",
      userId,
      sessionId: `session of ${userId}`,
      interval: 10_000,
    });
  const { roomToken, sessionToken } = (await join("ada")) as Tokens;
  await join("bob");
  const online = async () => {
    const users = await query("presence:list", { roomToken });
    return (users as { userId: string; online: boolean }[])
      .filter((user) => user.online)
      .map(({ userId }) => userId)
      .toSorted();
  };
  expect(await online()).toEqual(["ada", "bob"]);
  await mutation("presence:disconnect", { sessionToken });
  await vi.waitFor(async () => expect(await online()).toEqual(["bob"]), { timeout: 10_000 });
});

test("a migration goes through a table in batches that schedule each other", async () => {
  expect((await convex("run", "scores:startMigration")).code).toBe(0);
  await vi.waitFor(
    async () => {
      const state = await query("scores:migrationState", {});
      expect(state).toEqual({ state: "success", processed: 5 });
    },
    { timeout: 20_000 },
  );
  expect(await query("scores:levels", {})).toEqual(["low", "high", "low", "high", "high"]);
}, 60_000);

test("run calls functions of a component, and lists them when there is no such one", async () => {
  const added = await convex("run", "app:add", '{"which":"first","name":"cli","amount":7}');
  expect(added.out.trim()).toBe("1");
  const inComponent = ["--component", "first"];
  const counted = await convex("run", ...inComponent, "public:get", '{"name":"cli"}');
  expect(counted.out.trim()).toBe("1");
  const total = await convex(
    "run",
    "--component",
    "first/ledger",
    "entries:total",
    '{"name":"cli"}',
  );
  expect(total.out.trim()).toBe("7");
  const missing = await convex("run", ...inComponent, "public:nothing");
  expect(missing.code).toBe(1);
  expect(missing.err).toMatch(/ledgerTotal/);
}, 120_000);

test("data shows a component's tables and rows", async () => {
  const inLedger = ["--component", "first/ledger"];
  expect((await convex("data", ...inLedger)).out.split("\n")).toContain("entries");
  const rows = await convex("data", "entries", ...inLedger, "--format", "jsonLines");
  expect(rows.out).toMatch(/"name": ?"cli"/);
  expect((await convex("data")).out).not.toMatch(/entries/);
}, 120_000);

test("dev --once pushes a change of a component, and tells what is mounted and unmounted", async () => {
  edit("counter/hidden.ts", "?? 0) + 1", "?? 0) + 10");
  edit("convex.config.ts", 'app.use(counter, { name: "second"', 'app.use(counter, { name: "third"');
  edit("app.ts", 'v.literal("second")', 'v.literal("third")');
  const { code, err } = await convex("dev", "--once", "--typecheck", "disable");
  expect(err).toMatch(/Installed component third\./);
  expect(err).toMatch(/Unmounted component second\./);
  expect(err).toMatch(/Unmounted component second\/ledger\./);
  expect(err).toMatch(/Convex functions ready/);
  expect(code).toBe(0);
  expect(await mutation("app:add", { which: "first", name: "cli" })).toBe(11);
  expect(await mutation("app:add", { which: "third", name: "cli" })).toBe(10);
}, 120_000);

test("a deploy without a variable that a component needs is refused in words", async () => {
  edit("convex.config.ts", ', env: { LABEL: "two" }', "");
  const { code, err } = await convex("deploy", "--yes", "--typecheck", "disable");
  expect(code).toBe(1);
  expect(err).toMatch(/"third" is missing required env var "LABEL"/);
}, 120_000);
