import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { DiskSpace } from "./disk-space.ts";
import { JOURNAL_FILES } from "./journal.ts";
import { metaKey, OLDEST_STORAGE_FORMAT, openLmdb } from "./open-lmdb.ts";
import { LOCK_KEY } from "./claim-store.ts";
import { Storage, type StorageOptions } from "./storage.ts";
import { temporaryFolder } from "./test-folder.ts";
import { makeFormer } from "./test-former-format.ts";

const INDEX = 7;
const BLOCK = 4096;
const MB = 2 ** 20;

/** Nothing moves to the store by itself. */
const KEPT = { keys: Infinity, bytes: Infinity, ageMs: 1_000_000 };
/** Both files are used again and again. */
const SMALL = { keys: 5, bytes: 3 * BLOCK, ageMs: 1_000_000 };

async function openStorage(folder: string, options: StorageOptions = {}): Promise<Storage> {
  const storage = await Storage.open(folder, options);
  onTestFinished(() => (storage.isStopped ? undefined : storage.close()));
  return storage;
}

function put(key: string, value: string | null) {
  return { index: INDEX, key, value: value === null ? null : Buffer.from(value) };
}

function textAt(storage: Storage, key: string): string | null {
  return storage.get(INDEX, key)?.toString() ?? null;
}

/** A copy of the folder of a process that was killed. */
function copyOf(folder: string): string {
  const copy = temporaryFolder();
  cpSync(folder, copy, { recursive: true, filter: (path) => !/\.(sock|mdb-lock)$/.test(path) });
  return copy;
}

/** Every file's bytes; LMDB's table of who reads is no data. */
function contents(folder: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder).filter((name) => name !== "lock.mdb");
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

/** The same without a note of who held it. */
async function leftBy(folder: string): Promise<string> {
  const left = copyOf(folder);
  const lmdb = openLmdb(left);
  await lmdb.remove(metaKey(LOCK_KEY));
  await lmdb.close();
  return left;
}

/** Writes each text under the same key, each one a record of its own. */
async function writeEach(storage: Storage, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const ts = storage.durableTs + 1n;
    storage.write([put("a", text), put(text, text)], ts);
    await storage.flushed(ts);
  }
}

async function recordOldestFormat(folder: string): Promise<void> {
  const lmdb = openLmdb(folder);
  const format = Buffer.alloc(4);
  format.writeUInt32BE(OLDEST_STORAGE_FORMAT);
  await lmdb.put(metaKey("format"), format);
  await lmdb.close();
}

function changeBlock(folder: string, name: string, at: number, change: (bytes: Buffer) => void) {
  const path = join(folder, name);
  const bytes = readFileSync(path);
  change(bytes.subarray(at, at + BLOCK));
  writeFileSync(path, bytes);
}

test("what is in the journal alone is there after a kill, with its time", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder, { journal: KEPT });
  await writeEach(storage, ["1", "2"]);
  storage.write([put("1", null)], 30n);
  await storage.flushed(30n);
  const after = await openStorage(await leftBy(folder), { journal: KEPT });
  expect(after.durableTs).toBe(30n);
  expect([textAt(after, "a"), textAt(after, "1"), textAt(after, "2")]).toEqual(["2", null, "2"]);
  await writeEach(after, ["3"]);
  expect(textAt(after, "3")).toBe("3");
});

test("a kill after each of many writes loses none, while the journal's files take turns", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder, { journal: SMALL });
  for (let number = 1; number <= 40; number += 1) {
    await writeEach(storage, [String(number)]);
    const after = await openStorage(await leftBy(folder), { journal: SMALL });
    expect(textAt(after, "a")).toBe(String(number));
    for (let earlier = 1; earlier <= number; earlier += 1) {
      expect(textAt(after, String(earlier))).toBe(String(earlier));
    }
    await after.close();
  }
  const sizes = JOURNAL_FILES.map((name) => statSync(join(folder, name)).size);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  expect(Math.max(...sizes)).toBeLessThan(20 * BLOCK);
}, 60_000);

test("killed again and again, a store goes on where it was", async () => {
  let folder = temporaryFolder();
  for (let number = 1; number <= 20; number += 1) {
    const storage = await openStorage(folder, { journal: number % 3 === 0 ? SMALL : KEPT });
    expect(textAt(storage, "a")).toBe(number === 1 ? null : `${number - 1}b`);
    await writeEach(storage, [`${number}a`, `${number}b`]);
    folder = await leftBy(folder);
  }
}, 60_000);

test("a record that was not written to its end is left out, and overwritten", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder, { journal: KEPT });
  await writeEach(storage, ["1", "2", "3"]);
  const left = await leftBy(folder);
  changeBlock(left, "journal-0", 3 * BLOCK, (bytes) => bytes.fill(0, 60));
  const after = await openStorage(left, { journal: KEPT });
  expect(textAt(after, "a")).toBe("2");
  await writeEach(after, ["4"]);
  const later = await openStorage(await leftBy(left));
  expect([textAt(later, "a"), textAt(later, "3")]).toEqual(["4", null]);
});

test.each([
  ["its timestamp", 31],
  ["a value", 60],
])(
  "a journal without what came before (%s changed) is refused, not half taken",
  async (_what, at) => {
    const folder = temporaryFolder();
    const storage = await openStorage(folder, { journal: KEPT });
    await writeEach(storage, ["1", "2", "3"]);
    const left = copyOf(folder);
    changeBlock(left, "journal-0", 2 * BLOCK, (bytes) => (bytes[at] = 1));
    await recordOldestFormat(left);
    const before = contents(left);
    const sentence = `The data folder ${left} cannot be opened: its journal is damaged`;
    await expect(Storage.open(left)).rejects.toThrow(sentence);
    // Nobody holds it afterwards, and an older version could take it as it is.
    await expect(Storage.open(left)).rejects.toThrow(sentence);
    expect(contents(left)).toEqual(before);
  },
);

test.each(JOURNAL_FILES)("when %s is lost after a kill, the folder is refused", async (name) => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder, { journal: KEPT });
  await writeEach(storage, ["1"]);
  const left = copyOf(folder);
  rmSync(join(left, name));
  const before = contents(left);
  const sentence = `The data folder ${left} cannot be opened: ${name} is missing; restore it from a backup.`;
  await expect(Storage.open(left)).rejects.toThrow(sentence);
  await expect(Storage.open(left)).rejects.toThrow(sentence);
  expect(contents(left)).toEqual(before);
});

test.each(JOURNAL_FILES)("when %s is emptied after a kill, the folder is refused", async (name) => {
  const folder = temporaryFolder();
  await openStorage(folder, { journal: KEPT });
  const left = copyOf(folder);
  truncateSync(join(left, name));
  const before = contents(left);
  await expect(Storage.open(left)).rejects.toThrow(
    `The data folder ${left} cannot be opened: ${name} was emptied or replaced; restore it from a backup.`,
  );
  expect(contents(left)).toEqual(before);
});

test("after a kill the journal of another store is refused", async () => {
  const [folder, other] = [temporaryFolder(), temporaryFolder()];
  await writeEach(await openStorage(folder, { journal: KEPT }), ["1"]);
  await writeEach(await openStorage(other, { journal: KEPT }), ["1", "2"]);
  const left = copyOf(folder);
  for (const name of JOURNAL_FILES) cpSync(join(other, name), join(left, name));
  await expect(Storage.open(left)).rejects.toThrow("journal-0 was emptied or replaced");
});

test("after a kill an older copy of the journal is refused", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder, { journal: KEPT });
  await writeEach(storage, ["1", "2"]);
  const older = copyOf(folder);
  await writeEach(storage, ["3"]);
  (await storage.openSnapshot()).close();
  await writeEach(storage, ["4"]);
  const left = copyOf(folder);
  for (const name of JOURNAL_FILES) cpSync(join(older, name), join(left, name));
  const before = contents(left);
  await expect(Storage.open(left)).rejects.toThrow("its journal was replaced by an older one");
  expect(contents(left)).toEqual(before);
});

test.each([
  ["lost", (path: string) => rmSync(path)],
  ["emptied", (path: string) => truncateSync(path)],
])("a journal that was %s when the folder was given free is not missed", async (_what, harm) => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder, { journal: KEPT });
  await writeEach(storage, ["1"]);
  await storage.close();
  for (const name of JOURNAL_FILES) harm(join(folder, name));
  const after = await openStorage(folder, { journal: KEPT });
  // Nor is the new one's emptiness taken for a loss.
  const idle = await openStorage(copyOf(folder));
  expect(textAt(idle, "a")).toBe("1");
  await writeEach(after, ["2"]);
  const left = copyOf(folder);
  expect(textAt(await openStorage(copyOf(left)), "a")).toBe("2");
  harm(join(left, "journal-1"));
  await expect(Storage.open(left)).rejects.toThrow(/journal-1 (is missing|was emptied)/);
});

test("a store of an earlier version that was killed is taken over with what is in its journal", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder, { journal: KEPT });
  await writeEach(storage, ["1", "2"]);
  const left = copyOf(folder);
  await makeFormer(left);
  const after = await openStorage(left, { journal: KEPT });
  expect([textAt(after, "a"), textAt(after, "1"), after.durableTs]).toEqual(["2", "1", 2n]);
  await writeEach(after, ["3"]);
  const later = copyOf(left);
  expect(textAt(await openStorage(copyOf(later)), "a")).toBe("3");
  truncateSync(join(later, "journal-0"));
  await expect(Storage.open(later)).rejects.toThrow("journal-0 was emptied or replaced");
});

test("a value that looks like a record is none", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder, { journal: KEPT });
  await writeEach(storage, ["1"]);
  // Of another store, whole and with a later number.
  const other = temporaryFolder();
  const otherStorage = await openStorage(other, { journal: KEPT });
  await writeEach(otherStorage, ["x", "y", "forged"]);
  const left = await leftBy(folder);
  const forged = readFileSync(join(other, "journal-0")).subarray(3 * BLOCK);
  appendFileSync(join(left, "journal-1"), forged);
  const after = await openStorage(left);
  expect(textAt(after, "a")).toBe("1");
});

test("writes stay in the journal while the disk has no room for the store", async () => {
  const folder = temporaryFolder();
  const space = new DiskSpace(folder, () => ({ free: 0, total: 100 * MB }));
  const storage = await openStorage(folder, { journal: { ...SMALL, ageMs: 1 }, space });
  const texts = Array.from({ length: 12 }, (_, number) => String(number));
  await writeEach(storage, texts);
  await storage.close();
  const left = copyOf(folder);
  for (const name of JOURNAL_FILES) rmSync(join(left, name));
  await expect(Storage.open(left)).rejects.toThrow("journal-0 is missing");
  const later = await openStorage(folder);
  expect(texts.map((text) => textAt(later, text))).toEqual(texts);
  (await later.openSnapshot()).close();
  expect(later.isStopped).toBe(false);
});

test("much at a time is written once, to the store alone", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder, { journal: KEPT });
  await writeEach(storage, ["before"]);
  const before = readFileSync(join(folder, "journal-0"));
  storage.write([put("a", "x".repeat(MB))], 9n);
  await storage.flushed(9n);
  expect(readFileSync(join(folder, "journal-0"))).toEqual(before);
  await writeEach(storage, ["after"]);
  const after = await openStorage(await leftBy(folder));
  expect([textAt(after, "before"), textAt(after, "a")]).toEqual(["before", "after"]);
});
