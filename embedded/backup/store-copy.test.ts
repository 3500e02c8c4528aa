import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { JOURNAL_FILES } from "../storage/journal.ts";
import { Storage } from "../storage/storage.ts";
import { DataFolderError } from "../storage/storage-error.ts";
import { temporaryFolder } from "../storage/test-folder.ts";
import { copyStore } from "./store-copy.ts";

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

test("a store whose journal was lost is not copied", async () => {
  const { folder, target } = await createStore();
  const storage = await Storage.open(folder);
  onTestFinished(() => storage.close());
  for (const name of JOURNAL_FILES) rmSync(join(folder, name));
  const copied = copyStore(folder, target, () => undefined);
  await expect(copied).rejects.toThrow(`${folder} cannot be opened: journal-0 is missing`);
});
