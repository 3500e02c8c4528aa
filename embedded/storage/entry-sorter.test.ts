import { readdirSync } from "node:fs";

import fc from "fast-check";
import { expect, test } from "vitest";

import type { SortableEntry } from "./entry-run.ts";
import { EntrySorter } from "./entry-sorter.ts";
import { temporaryFolder } from "./test-folder.ts";

const sorterOf = (memory: number, folder = temporaryFolder()) =>
  new EntrySorter({ folder, memory, requireSpace: () => undefined });

async function all(sorter: EntrySorter): Promise<[number, string, string][]> {
  const found: [number, string, string][] = [];
  for await (const entries of sorter.sorted()) {
    for (const { index, key, value } of entries) found.push([index, key, value.toString("latin1")]);
  }
  return found;
}

const latin1 = fc.string({ unit: fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)) });
const entry = fc.record({
  index: fc.constantFrom(1, 100, 255, 256, 65_536, 2 ** 31, 2 ** 32 - 1),
  key: fc.oneof(latin1, fc.constantFrom("a", "a\0", "aa")),
  value: latin1,
});

test("entries come back by index and key, equal ones as they came, from memory and from the disk", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(entry, { maxLength: 20 }), { maxLength: 20 }),
      fc.constantFrom(0, 100, 1000, 1e6),
      async (parts, memory) => {
        const sorter = sorterOf(memory);
        for (const part of parts) await sorter.add(part);
        const expected = parts.flat().sort((left, right) => {
          if (left.index !== right.index) return left.index - right.index;
          return left.key < right.key ? -1 : left.key > right.key ? 1 : 0;
        });
        expect(await all(sorter)).toEqual(expected.map((it) => [it.index, it.key, it.value]));
        expect(sorter.count).toBe(expected.length);
        sorter.close();
      },
    ),
    { numRuns: 25 },
  );
});

test("entries longer than a piece of a run are read whole", async () => {
  const sorter = sorterOf(0);
  const lengths = [0, 1, 1 << 14, 1 << 19, (1 << 20) + 3, 7];
  for (const length of lengths) {
    const value = Buffer.alloc(length, length % 251);
    await sorter.add([{ index: 1, key: String(length).padStart(9, "0"), value }]);
  }
  const found = await all(sorter);
  expect(found.map(([, , value]) => value.length)).toEqual(lengths.toSorted((a, b) => a - b));
  const isWhole = ([, , value]: (typeof found)[number]) =>
    Buffer.from(value, "latin1").equals(Buffer.alloc(value.length, value.length % 251));
  expect(found.every(isWhole)).toBe(true);
  sorter.close();
});

test("what goes beyond the memory lies in a file that has no name", async () => {
  const folder = temporaryFolder();
  const sorter = sorterOf(10_000, folder);
  const entries = (part: number): SortableEntry[] =>
    Array.from({ length: 10 }, (_, n) => ({ index: n, key: `${part}`, value: "x".repeat(80) }));
  let mostHeld = 0;
  for (let part = 0; part < 200; part += 1) {
    await sorter.add(entries(part));
    mostHeld = Math.max(mostHeld, sorter.heldBytes);
  }
  expect(mostHeld).toBeLessThan(10_000);
  expect(sorter.spilledBytes + sorter.heldBytes).toBeGreaterThan(200 * 10 * 80);
  expect(readdirSync(folder)).toEqual([]);
  expect(await all(sorter)).toHaveLength(2000);
  sorter.close();
  sorter.close();
  await expect(sorter.add(entries(0))).rejects.toThrow("closed");
});

test("nothing goes to a disk that has no room for it", async () => {
  const asked: number[] = [];
  const sorter = new EntrySorter({
    folder: temporaryFolder(),
    memory: 50,
    requireSpace: (bytes) => {
      asked.push(bytes);
      throw new Error("full");
    },
  });
  await sorter.add([{ index: 1, key: "a", value: "x".repeat(20) }]);
  await expect(sorter.add([{ index: 1, key: "b", value: "x".repeat(20) }])).rejects.toThrow("full");
  expect(asked).toEqual([66]);
  expect(sorter.spilledBytes).toBe(0);
});
