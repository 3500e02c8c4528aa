/** In which order what is written reaches journal and store, with a disk that waits to be told. */
import { cpSync, truncateSync, type NoParamCallback } from "node:fs";
import { basename, join } from "node:path";

import { afterEach, expect, onTestFinished, test, vi } from "vitest";

import { metaKey, openLmdb } from "./open-lmdb.ts";
import { LOCK_KEY } from "./claim-store.ts";
import { Storage } from "./storage.ts";
import { StorageStoppedError } from "./storage-error.ts";
import { temporaryFolder } from "./test-folder.ts";

const INDEX = 7;
const BLOCK = 4096;
/** More than goes to the journal. */
const LARGE = "x".repeat(300_000);

/** What keeps the disk, and how it answers. */
const disk = vi.hoisted(() => ({
  syncs: null as (() => void)[] | null,
  moves: null as (() => void)[] | null,
  failure: null as Error | null,
  mostWritten: Infinity,
  /** Paths of open files, and of those that were synced and read whole, in order. */
  paths: new Map<number, string>(),
  done: [] as string[],
}));

afterEach(() =>
  Object.assign(disk, { syncs: null, moves: null, failure: null, mostWritten: Infinity }),
);

vi.mock(import("node:fs"), async (importOriginal) => {
  const fs = await importOriginal();
  const fdatasync = (descriptor: number, done: NoParamCallback): void => {
    if (disk.syncs === null) fs.fdatasync(descriptor, done);
    else disk.syncs.push(() => fs.fdatasync(descriptor, done));
  };
  const write = (
    descriptor: number,
    bytes: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: NodeJS.ErrnoException | null, written: number, bytes: Buffer) => void,
  ): void => {
    if (disk.failure !== null) done(disk.failure, 0, bytes);
    else fs.write(descriptor, bytes, offset, Math.min(length, disk.mostWritten), position, done);
  };
  const openSync = (path: string, ...rest: [string | number]): number => {
    const descriptor = fs.openSync(path, ...rest);
    disk.paths.set(descriptor, basename(path));
    return descriptor;
  };
  const fdatasyncSync = (descriptor: number): void => {
    fs.fdatasyncSync(descriptor);
    disk.done.push(`sync ${disk.paths.get(descriptor) ?? ""}`);
  };
  const readFileSync = (path: string, ...rest: []): Buffer => {
    disk.done.push(`read ${basename(path)}`);
    return fs.readFileSync(path, ...rest);
  };
  return { ...fs, fdatasync, write, openSync, fdatasyncSync, readFileSync } as typeof fs;
});

vi.mock(import("./lmdb-batch.ts"), async (importOriginal) => {
  const batches = await importOriginal();
  return {
    ...batches,
    writeBatch: async (...batch) => {
      const { moves } = disk;
      if (moves !== null) await new Promise<void>((resolve) => moves.push(resolve));
      await batches.writeBatch(...batch);
    },
  };
});

/** Journal files of two records each; five keys move to the store. */
async function openStorage(folder: string): Promise<Storage> {
  const journal = { keys: 5, bytes: 2 * BLOCK, ageMs: 1_000_000 };
  const storage = await Storage.open(folder, { journal });
  onTestFinished(() => (storage.isStopped ? undefined : storage.close()));
  return storage;
}

function put(key: string, value: string) {
  return { index: INDEX, key, value: Buffer.from(value) };
}

/** Writes numbers one after the other, each acknowledged before the next. */
async function writeNumbers(storage: Storage, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number += 1) {
    storage.write([put(`key ${number}`, String(number))], BigInt(number));
    await storage.flushed(BigInt(number));
  }
}

/** The numbers that are there after a kill at this moment. */
async function numbersLeft(folder: string): Promise<number[]> {
  const left = temporaryFolder();
  cpSync(folder, left, { recursive: true, filter: (path) => !/\.(sock|mdb-lock)$/.test(path) });
  const lmdb = openLmdb(left);
  await lmdb.remove(metaKey(LOCK_KEY));
  await lmdb.close();
  const storage = await openStorage(left);
  const request = { index: INDEX, lower: "key ", upper: "key!", isReverse: false, limit: 1_000 };
  const { entries } = storage.scan(request);
  return entries.map(({ value }) => Number(value)).sort((one, other) => one - other);
}

/** Whether a promise has settled after all that can go on by itself has gone on. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  const note = () => void (isOver = true);
  promise.then(note, note);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  return isOver;
}

function release(held: (() => void)[]): void {
  for (const go of held.splice(0)) go();
}

const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

test("a write is acknowledged once the disk has synced it, and closing waits for that", async () => {
  const storage = await openStorage(temporaryFolder());
  const syncs = (disk.syncs = []);
  storage.write([put("key 1", "1")], 1n);
  const flushed = storage.flushed(1n);
  await vi.waitFor(() => expect(syncs).toHaveLength(1));
  expect(await isSettled(flushed)).toBe(false);
  const moves = (disk.moves = []);
  const closed = storage.close();
  expect(await isSettled(closed)).toBe(false);
  // The journal is at work still.
  expect(moves).toEqual([]);
  disk.syncs = null;
  disk.moves = null;
  release(syncs);
  await flushed;
  await closed;
});

test("while a move to the store takes its time, the journal keeps what is moved and what came after", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder);
  const moves = (disk.moves = []);
  await writeNumbers(storage, 1, 20);
  expect(moves).toHaveLength(1);
  disk.moves = null;
  expect(await numbersLeft(folder)).toEqual(upTo(20));
  release(moves);
});

test("once a move has ended the journal still keeps what came during it", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder);
  const moves = (disk.moves = []);
  await writeNumbers(storage, 1, 12);
  release(moves);
  await vi.waitFor(() => expect(moves).toHaveLength(1));
  await writeNumbers(storage, 13, 24);
  expect(moves).toHaveLength(1);
  disk.moves = null;
  expect(await numbersLeft(folder)).toEqual(upTo(24));
  release(moves);
});

test("what goes to the store alone waits for the move before it, and what comes after waits with it", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder);
  const moves = (disk.moves = []);
  await writeNumbers(storage, 1, 5);
  storage.write([put("large", LARGE)], 6n);
  const large = storage.flushed(6n);
  await isSettled(large);
  storage.write([put("key 7", "7")], 7n);
  const small = storage.flushed(7n);
  expect([await isSettled(large), await isSettled(small)]).toEqual([false, false]);
  release(moves);
  await vi.waitFor(() => expect(moves).toHaveLength(1));
  expect([await isSettled(large), await isSettled(small)]).toEqual([false, false]);
  disk.moves = null;
  release(moves);
  await Promise.all([large, small]);
  expect(await numbersLeft(folder)).toEqual([1, 2, 3, 4, 5, 7]);
});

test("what moved to the store before the journal had it on the disk is not missed in the journal", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder);
  await writeNumbers(storage, 1, 1);
  const syncs = (disk.syncs = []);
  storage.write([put("key 2", "2")], 2n);
  await vi.waitFor(() => expect(syncs).toHaveLength(1));
  (await storage.openSnapshot()).close();
  const left = temporaryFolder();
  cpSync(folder, left, { recursive: true, filter: (path) => !/\.(sock|mdb-lock)$/.test(path) });
  disk.syncs = null;
  release(syncs);
  // Its record is the third block.
  truncateSync(join(left, "journal-0"), 2 * BLOCK);
  expect((await openStorage(left)).get(INDEX, "key 2")?.toString()).toBe("2");
});

test("a record that the system takes in pieces is written to its end", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder);
  disk.mostWritten = 1_000;
  storage.write([put("long", "x".repeat(3_000)), put("key 1", "1")], 1n);
  await storage.flushed(1n);
  disk.mostWritten = Infinity;
  expect(await numbersLeft(folder)).toEqual([1]);
});

test("when the journal cannot be written, what waits is told, and nothing is acknowledged any more", async () => {
  const storage = await openStorage(temporaryFolder());
  const told = new Promise((resolve) => storage.onStopped(resolve));
  disk.failure = new Error("EIO");
  storage.write([put("key 1", "1")], 1n);
  await expect(storage.flushed(1n)).rejects.toThrow(StorageStoppedError);
  expect(await told).toBeInstanceOf(StorageStoppedError);
  disk.failure = null;
  expect(() => storage.write([put("key 2", "2")], 2n)).toThrow(StorageStoppedError);
  await storage.close();
});

test("what a killed process wrote is on the disk before it is taken for durable", async () => {
  const folder = temporaryFolder();
  const storage = await openStorage(folder);
  await writeNumbers(storage, 1, 3);
  disk.done.length = 0;
  expect(await numbersLeft(folder)).toEqual(upTo(3));
  for (const name of ["journal-0", "journal-1"]) {
    const synced = disk.done.indexOf(`sync ${name}`);
    expect(synced).toBeGreaterThanOrEqual(0);
    expect(disk.done.lastIndexOf(`read ${name}`)).toBeGreaterThan(synced);
  }
});
