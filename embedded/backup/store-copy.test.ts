import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { JOURNAL_FILES } from "../storage/journal.ts";
import { Storage } from "../storage/storage.ts";
import { DataFolderError } from "../storage/storage-error.ts";
import { temporaryFolder } from "../storage/test-folder.ts";
import { copyStore, partFromOriginal } from "./store-copy.ts";

const INDEX = 7;
/** Nothing moves to the store by itself. */
const KEPT = { keys: Infinity, bytes: Infinity, ageMs: 1_000_000 };

async function createStore(): Promise<{ folder: string; file: string; target: string }> {
  const folder = join(temporaryFolder(), "database");
  const storage = await Storage.open(folder);
  storage.write([], 5n);
  await storage.flushed(5n);
  await storage.close();
  return { folder, file: join(folder, "data.mdb"), target: join(temporaryFolder(), "copy") };
}

test("a store of which pages were written while they were looked at is looked at again", async () => {
  const { folder, file, target } = await createStore();
  const sound = readFileSync(file);
  writeFileSync(file, Buffer.alloc(sound.length, 7));
  const copied = copyStore(folder, target, () => undefined);
  writeFileSync(file, sound);
  expect((await copied).ts).toBeGreaterThanOrEqual(5n);
});

test("a store that stays damaged is not copied", async () => {
  const { folder, file, target } = await createStore();
  writeFileSync(file, Buffer.alloc(readFileSync(file).length, 7));
  const copied = copyStore(folder, target, () => undefined);
  await expect(copied).rejects.toBeInstanceOf(DataFolderError);
});

test.each([
  ["lost", "journal-0 is missing", (path: string) => rmSync(path)],
  ["emptied", "journal-0 was emptied or replaced", (path: string) => truncateSync(path)],
])("a store whose journal was %s is not copied", async (_what, problem, harm) => {
  const { folder, target } = await createStore();
  const storage = await Storage.open(folder);
  onTestFinished(() => storage.close());
  for (const name of JOURNAL_FILES) harm(join(folder, name));
  const copied = copyStore(folder, target, () => undefined);
  await expect(copied).rejects.toThrow(`${folder} cannot be opened: ${problem}`);
});

test("a store with an older copy of its journal is not copied", async () => {
  const { folder, target } = await createStore();
  const storage = await Storage.open(folder, { journal: KEPT });
  onTestFinished(() => storage.close());
  const older = temporaryFolder();
  for (const name of JOURNAL_FILES) cpSync(join(folder, name), join(older, name));
  storage.write([], 6n);
  await storage.flushed(6n);
  (await storage.openSnapshot()).close();
  for (const name of JOURNAL_FILES) cpSync(join(older, name), join(folder, name));
  const copied = copyStore(folder, target, () => undefined);
  await expect(copied).rejects.toThrow("its journal was replaced by an older one");
});

test("a restored store takes nothing from the journal of its original", async () => {
  const { folder } = await createStore();
  const restored = join(temporaryFolder(), "database");
  cpSync(folder, restored, { recursive: true });
  const original = await Storage.open(folder, { journal: KEPT });
  onTestFinished(() => original.close());
  for (const ts of [6n, 7n, 8n]) {
    original.write([{ index: INDEX, key: "later", value: Buffer.from("x") }], ts);
    await original.flushed(ts);
  }
  await partFromOriginal(dirname(restored), 1);
  for (const name of JOURNAL_FILES) cpSync(join(folder, name), join(restored, name));
  const storage = await Storage.open(restored);
  onTestFinished(() => storage.close());
  expect(storage.get(INDEX, "later")).toBeNull();
  expect(storage.durableTs).toBe(1_000_000n);
});
