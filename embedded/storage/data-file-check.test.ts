import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import fc from "fast-check";
import { expect, test } from "vitest";

import { checkDataFile, findDamagedPage } from "./data-file-check.ts";
import { Storage } from "./storage.ts";
import { temporaryFolder } from "./test-folder.ts";

/** A closed store with values short and long, some of them rewritten and removed. */
async function filledStore(rows: number): Promise<string> {
  const folder = temporaryFolder();
  const storage = await Storage.open(folder);
  const indexes = [7, 8, 9];
  for (let round = 1; round <= 4; round += 1) {
    const writes = Array.from({ length: rows }, (_, row) => ({
      index: indexes[row % indexes.length] ?? 7,
      key: `row ${(row * round * 7919) % rows}`,
      value: row % 5 === round ? null : Buffer.alloc(row % 40 === 0 ? 20_000 : 90, row),
    }));
    storage.write(writes, BigInt(round));
    await storage.flushed(BigInt(round));
  }
  await storage.close();
  return join(folder, "data.mdb");
}

function pageSizeOf(file: string): number {
  return readFileSync(file).readUInt32LE(48);
}

test("what the store writes is sound, whether small or large", async () => {
  for (const rows of [1, 50, 3_000]) expect(checkDataFile(await filledStore(rows))).toBeNull();
});

test("no file and an empty one are sound", () => {
  const folder = temporaryFolder();
  expect(checkDataFile(join(folder, "data.mdb"))).toBeNull();
  writeFileSync(join(folder, "data.mdb"), "");
  expect(checkDataFile(join(folder, "data.mdb"))).toBeNull();
});

test("a file of which the rest is missing is damaged", async () => {
  const file = await filledStore(2_000);
  const { size } = statSync(file);
  const copy = join(temporaryFolder(), "data.mdb");
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Math.floor(size / 2) }), (length) => {
      copyFileSync(file, copy);
      truncateSync(copy, length);
      expect(checkDataFile(copy)).toBe("damaged");
    }),
    { numRuns: 40 },
  );
});

test("noise over the first pages is damage", async () => {
  const file = await filledStore(2_000);
  const sound = readFileSync(file);
  const pageSize = pageSizeOf(file);
  for (const [from, to] of [
    [0, pageSize],
    [pageSize, 2 * pageSize],
    [0, sound.length],
    [2 * pageSize, sound.length],
  ] as const) {
    const noisy = Buffer.from(sound);
    for (let at = from; at < to; at += 1) noisy[at] = (at * 31 + 7) & 0xff;
    writeFileSync(file, noisy);
    expect(checkDataFile(file)).toBe("damaged");
  }
});

test("a large value that should lie where the file has no pages is damage", async () => {
  const file = await filledStore(50);
  const bytes = readFileSync(file);
  const pageSize = pageSizeOf(file);
  let found = 0;
  for (let page = 2 * pageSize; page < bytes.length; page += pageSize) {
    const isLeaf = bytes.readUInt16LE(page + 18) === 0x02;
    const slots = isLeaf ? bytes.readUInt16LE(page + 20) : 0;
    for (let slot = 0; slot < slots; slot += 2) {
      // A node's flags; where it keeps its value it names the first of the pages instead.
      const node = page + 24 + bytes.readUInt16LE(page + 24 + slot);
      if (bytes.readUInt16LE(node + 4) !== 0x01) continue;
      bytes.writeBigUInt64LE(1n << 40n, node + 8 + bytes.readUInt16LE(node + 6));
      found += 1;
    }
  }
  expect(found).toBeGreaterThan(0);
  writeFileSync(file, bytes);
  expect(checkDataFile(file)).toBe("damaged");
});

test("every page in use is looked at when all of them are asked for", async () => {
  const file = await filledStore(6_000);
  const sound = readFileSync(file);
  const pageSize = pageSizeOf(file);
  const steps: [number, number][] = [];
  expect(findDamagedPage(file, (...step) => void steps.push(step))).toBeNull();
  const zeroed = join(temporaryFolder(), "data.mdb");
  let found = 0;
  const pages = Array.from({ length: 40 }, (_, step) =>
    Math.floor((step * sound.length) / pageSize / 40),
  );
  for (const page of pages.filter((number) => number >= 2)) {
    const damaged = Buffer.from(sound);
    damaged.fill(0, page * pageSize, (page + 1) * pageSize);
    writeFileSync(zeroed, damaged);
    const problem = findDamagedPage(zeroed, () => undefined);
    // Free pages, and the insides of large values, have nothing by which to tell.
    if (problem === null) continue;
    found += 1;
    expect(problem).toBe(`page ${page} of ${sound.length / pageSize}`);
  }
  expect(found).toBeGreaterThan(3);
  expect(steps.every(([done, total]) => done <= total)).toBe(true);
});

test("entries in the wrong order and entries that are lost are damage", async () => {
  const file = await filledStore(3_000);
  const bytes = readFileSync(file);
  const at = bytes.lastIndexOf("row 1");
  bytes.write("sow 1", at);
  writeFileSync(file, bytes);
  expect(checkDataFile(file)).toBeNull();
  expect(findDamagedPage(file, () => undefined)).toMatch(/^page \d+ of \d+$/);
});

test("a file of a later LMDB is told apart from a damaged one", async () => {
  const file = await filledStore(10);
  const bytes = readFileSync(file);
  bytes.writeUInt32LE(3, 28);
  writeFileSync(file, bytes);
  expect(checkDataFile(file)).toBe("newer");
});
