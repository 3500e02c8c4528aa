import { createHash } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

import { beforeEach, expect, test, vi } from "vitest";

import { openBlobFolder } from "./blob-folder.ts";
import { DiskSpace } from "./disk-space.ts";
import { DiskFullError } from "./storage-error.ts";
import { temporaryFolder } from "./test-folder.ts";

let folder: string;
beforeEach(() => void (folder = temporaryFolder()));

const bytes = Buffer.from("0123456789");

test("bytes written in one piece, in a turn or as a stream read back the same", async () => {
  const blobs = openBlobFolder(folder);
  const streamed = await blobs.writeStream(
    (async function* () {
      yield bytes.subarray(0, 4);
      yield bytes.subarray(4);
    })(),
  );
  expect(streamed).toMatchObject({ size: 10, sha256: createHash("sha256").update(bytes).digest() });
  for (const key of [await blobs.write(bytes), blobs.writeSync(bytes), streamed.key]) {
    expect(Buffer.from((await blobs.read(key))!)).toEqual(bytes);
    expect(Buffer.from(blobs.readSync(key)!)).toEqual(bytes);
  }
});

test("a part of a blob can be read alone", async () => {
  const blobs = openBlobFolder(folder);
  const key = await blobs.write(bytes);
  expect((await buffer(blobs.openRange(key, { start: 2, end: 4 })!)).toString()).toBe("234");
});

test("a stream that fails leaves nothing behind", async () => {
  const blobs = openBlobFolder(folder);
  const failing = (async function* () {
    yield bytes;
    throw new Error("the client left");
  })();
  await expect(blobs.writeStream(failing)).rejects.toThrow("the client left");
  const left = readdirSync(folder).flatMap((sub) => readdirSync(join(folder, sub)));
  expect(left).toEqual([]);
});

test.each(["", "../../etc/passwd", "00000000-0000-0000-0000-000000000000"])(
  "the key %j has no bytes",
  async (key) => {
    const blobs = openBlobFolder(folder);
    expect(await blobs.read(key)).toBeNull();
    expect(blobs.openRange(key)).toBeNull();
  },
);

test("a sweep deletes old blobs that nobody wants, and remains of crashed writes", async () => {
  const blobs = openBlobFolder(folder);
  const wanted = await blobs.write(bytes);
  const unwanted = await blobs.write(bytes);
  writeFileSync(join(folder, unwanted.slice(0, 2), `${unwanted}.tmp`), "half");
  const sweep = (now: number) =>
    blobs.sweep({ isWanted: (key) => key === wanted, minAgeMs: 60_000, now });
  expect(await sweep(Date.now())).toBe(0);
  expect(await sweep(Date.now() + 61_000)).toBe(2);
  expect(await blobs.read(wanted)).not.toBeNull();
  expect(await blobs.read(unwanted)).toBeNull();
});

test("bytes for which the disk has no room are refused, and nothing is kept of them", async () => {
  const blobs = openBlobFolder(folder);
  const withRoomFor = (most: number) =>
    vi.spyOn(DiskSpace.prototype, "require").mockImplementation((unwritten = 0) => {
      if (unwritten > most) throw new DiskFullError(most);
    });
  const parts = async function* (...sizes: number[]) {
    for (const size of sizes) yield Buffer.alloc(size);
  };
  withRoomFor(5);
  await expect(blobs.write(bytes)).rejects.toThrow(DiskFullError);
  expect(() => blobs.writeSync(bytes)).toThrow(DiskFullError);
  await expect(blobs.writeStream(parts(5, 6))).rejects.toThrow(DiskFullError);
  withRoomFor(-1);
  await expect(blobs.writeStream(parts())).rejects.toThrow(DiskFullError);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  expect(names.filter((name) => name.includes("-"))).toEqual([]);
});
