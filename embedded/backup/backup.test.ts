import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openPromise } from "yauzl";
import { ZipFile } from "yazl";

import { fixtureSources, startTestBackend, type TestBackend } from "../test-backend.ts";
import { decodeTimestamp } from "../values/timestamp.ts";
import { MANIFEST, STORE_FILE, type Manifest } from "./backup-layout.ts";

interface Stored {
  readonly balances: readonly number[];
  readonly counters: Readonly<Record<string, number>>;
  readonly byToken: readonly { readonly token: string }[];
  readonly byBucket: readonly unknown[];
  readonly byId: readonly string[];
  readonly tallies: readonly { readonly count: number }[];
  readonly files: readonly { readonly token: string; readonly url: string }[];
}

const torture = {
  open: makeFunctionReference<"mutation">("torture:open"),
  transfer: makeFunctionReference<"mutation">("torture:transfer"),
  add: makeFunctionReference<"mutation">("torture:add"),
  uploadUrl: makeFunctionReference<"mutation", Record<string, never>, string>("torture:uploadUrl"),
  saveFile: makeFunctionReference<"mutation">("torture:saveFile"),
  everything: makeFunctionReference<"query", { round: number }, Stored>("torture:everything"),
};

const SCRIPT = fileURLToPath(new URL("../../scripts/backup.ts", import.meta.url));
const ROUND = { round: 0 };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "backup-"));
  file = join(folder, "shop.backup");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command in a process of its own; returns its exit code and everything it printed. */
function run(command: "backup" | "restore", data: string, from = file) {
  const args = ["--import", "tsx", SCRIPT, command, from, "--data", data];
  return new Promise<{ code: number; text: string }>((resolve) => {
    const child = execFile(process.execPath, args, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, text: `${stdout}${stderr}`.trim() });
    });
  });
}

async function startFilled(data: string): Promise<TestBackend> {
  const backend = await startTestBackend({ folder: data });
  await backend.deploy(fixtureSources("torture"));
  await clientOf(backend).mutation(torture.open, { ...ROUND, accounts: 4, balance: 100 });
  return backend;
}

function clientOf(backend: TestBackend): ConvexHttpClient {
  return new ConvexHttpClient(backend.url, { logger: false });
}

async function storeFile(backend: TestBackend, token: string): Promise<void> {
  const client = clientOf(backend);
  const address = await client.mutation(torture.uploadUrl, {});
  const response = await fetch(address, { method: "POST", body: `bytes of ${token}` });
  const { storageId } = (await response.json()) as { storageId: string };
  await client.mutation(torture.saveFile, { ...ROUND, token, storageId, sha256: "" });
}

/** Writes in several ways until told to stop; returns what stops it. */
function keepWriting(backend: TestBackend): () => Promise<void> {
  let isOver = false;
  const client = clientOf(backend);
  const lanes = Array.from({ length: 4 }, async (_, lane) => {
    for (let number = 0; !isOver; number += 1) {
      const token = `${lane}-${number}`;
      await client.mutation(torture.transfer, {
        ...ROUND,
        from: lane,
        to: (lane + 1) % 4,
        amount: 7,
      });
      await client.mutation(torture.add, { ...ROUND, token, bucket: lane, counter: "all" });
      if (number % 5 === 0) await storeFile(backend, token);
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(lanes);
  };
}

test("a backup made during writes restores to one moment, with everything before it", async () => {
  const original = await startFilled(join(folder, "data"));
  for (const token of ["first", "second"]) {
    await clientOf(original).mutation(torture.add, { ...ROUND, token, bucket: 9, counter: "all" });
    await storeFile(original, token);
  }
  const stopWriting = keepWriting(original);
  const made = await run("backup", original.folder);
  await stopWriting();
  expect(made.text).toMatch(/shop\.backup: .* with \d+ stored files, [\d.]+ MB$/);
  expect(made.code).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(["data", "shop.backup"]);
  const latest = await original.post("/api/query_ts", {});
  const { adminKey } = original;
  await original.close();

  const restored = join(folder, "restored");
  expect((await run("restore", restored)).text).toMatch(/restored from shop\.backup of 20/);
  const backend = await startTestBackend({ folder: restored });
  expect(backend.adminKey).toBe(adminKey);
  const stored = await clientOf(backend).query(torture.everything, ROUND);
  expect(stored.balances.reduce((sum, balance) => sum + balance, 0)).toBe(400);
  const entries = stored.byToken.length;
  expect(stored.byToken.map(({ token }) => token)).toEqual(
    expect.arrayContaining(["first", "second"]),
  );
  expect([stored.byBucket.length, stored.byId.length, stored.counters["all"]]).toEqual([
    entries,
    entries,
    entries,
  ]);
  expect(stored.tallies.reduce((sum, { count }) => sum + count, 0)).toBe(entries);
  expect(stored.files.length).toBeGreaterThanOrEqual(2);
  for (const { token, url } of stored.files) {
    expect(await (await fetch(url)).text()).toBe(`bytes of ${token}`);
  }
  // Clients of the original saw later commits than the backup has.
  const resumed = await backend.post("/api/query_ts", {});
  expect(timestampIn(resumed.body)).toBeGreaterThan(timestampIn(latest.body)!);
  await backend.close();
}, 120_000);

function timestampIn(body: unknown): bigint | null {
  return decodeTimestamp((body as { ts: string }).ts);
}

test("a stopped shop is backed up with what lies beside its deployment", async () => {
  const data = join(folder, "data");
  const backend = await startFilled(join(data, "backend"));
  await storeFile(backend, "one");
  await backend.close();
  writeFileSync(join(data, "secrets.json"), "{}");
  writeFileSync(join(data, "paypal-standin.jsonl"), '{"whole":1}\n{"torn":');
  mkdirSync(join(data, "cache"));
  expect((await run("backup", data)).code).toBe(0);
  const restored = join(folder, "restored");
  mkdirSync(restored);
  expect((await run("restore", restored)).code).toBe(0);
  expect(readdirSync(restored).sort()).toEqual(["backend", "paypal-standin.jsonl", "secrets.json"]);
  expect(readFileSync(join(restored, "paypal-standin.jsonl"), "utf8")).toBe('{"whole":1}\n');
  const again = await startTestBackend({ folder: join(restored, "backend") });
  const { files } = await clientOf(again).query(torture.everything, ROUND);
  expect(files.map(({ token }) => token)).toEqual(["one"]);
  await again.close();
}, 120_000);

test("what cannot be backed up or restored is said in a sentence, and nothing is left", async () => {
  const data = join(folder, "data");
  await (await startFilled(data)).close();
  expect((await run("backup", data)).code).toBe(0);
  const bytes = readFileSync(file);
  const torn = join(folder, "torn.backup");
  writeFileSync(torn, bytes.subarray(0, bytes.length / 2));
  const flipped = join(folder, "flipped.backup");
  copyFileSync(file, flipped);
  const middle = Math.floor(bytes.length / 2);
  writeFileSync(
    flipped,
    Buffer.concat([
      bytes.subarray(0, middle),
      Buffer.from([bytes[middle]! ^ 1]),
      bytes.subarray(middle + 1),
    ]),
  );
  const other = join(folder, "other");
  const cases = [
    [() => run("backup", data), /shop\.backup exists already; name another file\.$/],
    [() => run("backup", other, join(folder, "x")), /^There is no deployment in /],
    [() => run("backup", data, join(folder, "no", "x")), /cannot be written \(ENOENT\)\.$/],
    [() => run("restore", data), /data is not empty; move it away or name another folder\.$/],
    [() => run("restore", other, join(folder, "x")), /x does not exist\.$/],
    [() => run("restore", other, torn), /torn\.backup is no whole backup\.$/],
    [() => run("restore", other, flipped), /flipped\.backup is damaged: nothing was restored\.$/],
  ] as const;
  const before = readdirSync(folder).sort();
  for (const [attempt, sentence] of cases) {
    const { code, text } = await attempt();
    expect(text).toMatch(sentence);
    expect(text.split("\n")).toHaveLength(1);
    expect(code).toBe(1);
  }
  expect(readdirSync(folder).sort()).toEqual(before);
}, 120_000);

/** Overwrites what follows the last place of a text in a data folder's data file. */
function damageAt(data: string, text: string, bytes: Buffer): void {
  const path = join(data, "database", "data.mdb");
  const at = readFileSync(path).lastIndexOf(text);
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

test("a database with a damaged row is not backed up, and a check finds it", async () => {
  const data = join(folder, "data");
  await (await startFilled(data)).close();
  expect((await run("backup", data, "--check")).text).toMatch(
    /data: the database is sound, 0 stored files are there$/,
  );
  damageAt(data, '"balance":100', Buffer.from('"balance"\0'));
  for (const target of [file, "--check"]) {
    const { code, text } = await run("backup", data, target);
    expect(text).toMatch(
      /data\.mdb is damaged \(the row \w{32} of accounts cannot be read\): .* Keep the earlier backups/,
    );
    expect(text.split("\n")).toHaveLength(1);
    expect(code).toBe(1);
  }
  expect(readdirSync(folder)).toEqual(["data"]);
}, 120_000);

/** Overwrites a text in the database of a backup, whose digests then say that it is whole. */
async function damageBackup(text: string, bytes: Buffer): Promise<void> {
  const contents = new Map<string, Buffer>();
  const zip = await openPromise(file, { lazyEntries: true });
  for await (const entry of zip.eachEntry()) {
    contents.set(entry.fileName, await buffer(await zip.openReadStreamPromise(entry)));
  }
  const store = contents.get(STORE_FILE)!;
  bytes.copy(store, store.lastIndexOf(text));
  const manifest = JSON.parse(contents.get(MANIFEST)!.toString()) as Manifest;
  const digest = createHash("sha256").update(store).digest("hex");
  const digests = { ...manifest.digests, [STORE_FILE]: digest };
  contents.set(MANIFEST, Buffer.from(JSON.stringify({ ...manifest, digests })));
  const damaged = new ZipFile();
  for (const [path, content] of contents) damaged.addBuffer(content, path);
  damaged.end();
  writeFileSync(file, await buffer(damaged.outputStream));
}

test("a backup of a database that was damaged already is not restored", async () => {
  const data = join(folder, "data");
  await (await startFilled(data)).close();
  expect((await run("backup", data)).code).toBe(0);
  await damageBackup('"balance":100', Buffer.from('"balance"\0'));
  const { code, text } = await run("restore", join(folder, "restored"));
  expect(text).toMatch(
    /is of a database that was damaged already \(the row \w{32} of accounts cannot be read\): nothing was restored/,
  );
  expect(text.split("\n")).toHaveLength(1);
  expect(code).toBe(1);
  expect(readdirSync(folder).sort()).toEqual(["data", "shop.backup"]);
}, 120_000);

test("bytes of a file that are lost are left out of a backup, with a warning then and later", async () => {
  const data = join(folder, "data");
  const backend = await startFilled(data);
  for (const token of ["kept", "lost"]) await storeFile(backend, token);
  await backend.close();
  const lost = readdirSync(join(data, "files"), { recursive: true, encoding: "utf8" })
    .map((name) => join(data, "files", name))
    .find(
      (path) => /\/[0-9a-f-]{36}$/.test(path) && readFileSync(path, "utf8") === "bytes of lost",
    );
  rmSync(lost ?? "");

  const warning =
    /^WARNING: the bytes of 1 stored files are missing\. .* ids in _storage: \w{32}$/m;
  const made = await run("backup", data);
  expect(made.text).toMatch(warning);
  expect(made.text).toMatch(/ with 1 stored files, /);
  expect(made.code).toBe(0);
  const restored = join(folder, "restored");
  const back = await run("restore", restored);
  expect(back.text).toMatch(warning);
  expect(back.code).toBe(0);
  const again = await startTestBackend({ folder: restored });
  const { files } = await clientOf(again).query(torture.everything, ROUND);
  expect(files).toHaveLength(2);
  const answers = await Promise.all(files.map(async ({ url }) => (await fetch(url)).status));
  expect(answers.filter((status) => status === 200)).toHaveLength(1);
  await again.close();
}, 120_000);
