import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { LOCK_KEY } from "./storage/claim-store.ts";
import { metaKey, openLmdb } from "./storage/open-lmdb.ts";
import { recordNewerFormat } from "./storage/test-newer-format.ts";
import { startTestBackend } from "./test-backend.ts";
import { runProgram, startProgram, type StartedProgram } from "./test-program.ts";

const NOBODY = 65534;

let folder: string;
/** A data folder with a little in it, which tests copy. */
let filled: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "data-folder-"));
  filled = join(folder, "filled");
  const backend = await startTestBackend({ folder: filled });
  await backend.setVariables({ COLOUR: "green" });
  await backend.close();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function copyOfFilled(): string {
  const copy = mkdtempSync(join(folder, "copy-"));
  cpSync(filled, copy, { recursive: true });
  return copy;
}

/** Every file's bytes; LMDB's table of who reads is no data. */
function contents(data: string): Record<string, string> {
  const names = readdirSync(data, { recursive: true, encoding: "utf8" });
  return Object.fromEntries(
    names
      .filter((name) => statSync(join(data, name)).isFile() && !name.endsWith("lock.mdb"))
      .map((name) => [name, readFileSync(join(data, name)).toString("base64")]),
  );
}

const databaseOf = (data: string) => join(data, "database", "data.mdb");

const damages: readonly (readonly [string, (data: string) => void | Promise<void>, RegExp])[] = [
  [
    "noise in the data file",
    (data) => writeFileSync(databaseOf(data), Buffer.alloc(100_000, "noise ")),
    /data\.mdb is damaged or no database; restore it from a backup\.$/,
  ],
  [
    "noise behind its first pages",
    (data) => {
      const bytes = readFileSync(databaseOf(data));
      bytes.fill(0xa5, 8192);
      writeFileSync(databaseOf(data), bytes);
    },
    /data\.mdb is damaged or no database/,
  ],
  [
    "a data file that is cut off",
    (data) => truncateSync(databaseOf(data), 12_288),
    /data\.mdb is damaged or no database/,
  ],
  [
    "a journal that was emptied after a kill",
    async (data) => {
      const lmdb = openLmdb(join(data, "database"));
      await lmdb.put(metaKey(LOCK_KEY), Buffer.from("lock-killed.sock"));
      await lmdb.close();
      truncateSync(join(data, "database", "journal-0"));
    },
    /journal-0 was emptied or replaced; restore it from a backup\.$/,
  ],
  ["a newer format", recordNewerFormat, /was written by a newer version .* start that version/],
  [
    "a damaged identity",
    (data) => writeFileSync(join(data, "instance.json"), "{"),
    /instance\.json is damaged; restore it from a backup\.$/,
  ],
  [
    "a lost identity",
    (data) => rmSync(join(data, "instance.json")),
    /instance\.json is missing, .* restore it from a backup, or start once with --new-identity\.$/,
  ],
  [
    "a file where stored files belong",
    (data) => {
      rmSync(join(data, "files"), { recursive: true });
      writeFileSync(join(data, "files"), "");
    },
    /files cannot be written to \(EEXIST\)\.$/,
  ],
];

test.each(damages)(
  "%s is refused in a sentence, and left as it is",
  async (_what, damage, sentence) => {
    const data = copyOfFilled();
    await damage(data);
    const before = contents(data);
    const { code, text } = await runProgram(["--port", "0", "--data", data]);
    expect(text).toMatch(sentence);
    expect(text.split("\n")).toHaveLength(1);
    expect(code).toBe(/data\.mdb is damaged|journal-0/.test(text) ? 65 : 1);
    expect(contents(data)).toEqual(before);
  },
  60_000,
);

test("a folder that may not be written is refused in a sentence, and left as it is", async () => {
  const data = copyOfFilled();
  const before = contents(data);
  const names = readdirSync(data, { recursive: true, encoding: "utf8" });
  const paths = [data, ...names.map((name) => join(data, name))];
  const isRoot = process.getuid?.() === 0;
  for (const path of paths) {
    if (isRoot) chownSync(path, NOBODY, NOBODY);
    chmodSync(path, statSync(path).isDirectory() ? 0o555 : 0o444);
  }
  chmodSync(folder, 0o755);
  // Root may write anywhere, so that somebody else has to try.
  const options = isRoot ? { uid: NOBODY } : {};
  const { code, text } = await runProgram(["--port", "0", "--data", data], options);
  for (const path of paths) chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644);
  expect(text).toMatch(/^The data folder .* cannot be written to \(EACCES\)\.$/);
  expect(code).toBe(1);
  expect(contents(data)).toEqual(before);
}, 60_000);

test("in a folder that all may look into, what the deployment makes is its owner's only", async () => {
  const data = mkdtempSync(join(folder, "open-"));
  chmodSync(data, 0o755);
  const backend = await startTestBackend({ folder: data });
  await backend.deploy({
    files: `
      import { action } from "./_generated/server";
      export const keep = action({ handler: (ctx) => ctx.storage.store(new Blob(["bytes"])) });
    `,
  });
  await backend.run("files:keep");
  await backend.close();
  const names = readdirSync(data, { recursive: true, encoding: "utf8" });
  expect(names).toContain(join("database", "data.mdb"));
  const othersMay = names.filter((name) => (statSync(join(data, name)).mode & 0o077) !== 0);
  expect(othersMay).toEqual([]);
  expect(statSync(data).mode & 0o777).toBe(0o755);
}, 60_000);

test("a file in the place of the folder is refused in a sentence", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "mine");
  const { code, text } = await runProgram(["--port", "0", "--data", file]);
  expect(text).toMatch(/^The data folder .* cannot be created: EEXIST\.$/);
  expect(code).toBe(1);
  expect(readFileSync(file, "utf8")).toBe("mine");
}, 60_000);

test("an identity that was lost is made anew when that is asked for, and rows stay", async () => {
  const data = copyOfFilled();
  const before = await startProgram(["--port", "0", "--data", data]);
  const variables = await variablesOf(before);
  before.child.kill("SIGTERM");
  await before.exited;
  rmSync(join(data, "instance.json"));
  const after = await startProgram(["--port", "0", "--data", data, "--new-identity"]);
  expect(after.adminKey).not.toBe(before.adminKey);
  expect(variables).toContain("green");
  expect(await variablesOf(after)).toEqual(variables);
}, 60_000);

async function variablesOf({ url, adminKey }: StartedProgram): Promise<string> {
  const response = await fetch(`${url}/api/query`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Convex ${adminKey}` },
    body: JSON.stringify({ path: "_system/cli/queryEnvironmentVariables", args: {} }),
  });
  return response.text();
}

test("with a taken port no folder is made", async () => {
  const { url } = await startProgram(["--port", "0", "--data", copyOfFilled()]);
  const missing = join(folder, "missing");
  const { code, text } = await runProgram(["--port", new URL(url).port, "--data", missing]);
  expect(text).toMatch(/^Port \d+ of 127\.0\.0\.1 is taken by another program\.$/);
  expect(code).toBe(1);
  expect(existsSync(missing)).toBe(false);
}, 60_000);

test.runIf(process.platform === "linux")(
  "a folder that takes no names is refused",
  async () => {
    const { code, text } = await runProgram(["--port", "0", "--data", "/proc/deployment"]);
    expect(text).toBe("The data folder /proc/deployment cannot be created: ENOENT.");
    expect(code).toBe(1);
  },
  60_000,
);

test("a second process on the same folder is refused and changes nothing", async () => {
  const data = copyOfFilled();
  await startProgram(["--port", "0", "--data", data]);
  const before = contents(data);
  const { code, text } = await runProgram(["--port", "0", "--data", data]);
  expect(text).toMatch(/^The data folder .* is in use by another process; stop that one first\.$/);
  expect(code).toBe(1);
  expect(contents(data)).toEqual(before);
}, 60_000);
