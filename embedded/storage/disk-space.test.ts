import { expect, test } from "vitest";

import { DiskSpace, type Room } from "./disk-space.ts";
import { DiskFullError } from "./storage-error.ts";
import { Storage } from "./storage.ts";
import { temporaryFolder } from "./test-folder.ts";

const MB = 1024 * 1024;

let room: Room;
function withRoom(free: number, total: number): DiskSpace {
  room = { free, total };
  return new DiskSpace("/", () => room);
}

test("writes are let in as long as a reserve stays free", () => {
  withRoom(1000 * MB, 1000 * MB).require(900 * MB);
  withRoom(17 * MB, 1000 * MB).require();
  expect(() => withRoom(15 * MB, 1000 * MB).require()).toThrow(DiskFullError);
  expect(() => withRoom(1000 * MB, 1000 * MB).require(990 * MB)).toThrow(DiskFullError);
});

test("a small disk keeps a small reserve", () => {
  withRoom(2 * MB, 16 * MB).require();
  expect(() => withRoom(MB / 2, 16 * MB).require()).toThrow("The deployment's disk is full");
});

test("space that was freed is noticed after the next write", () => {
  const space = withRoom(0, 100 * MB);
  expect(() => space.require()).toThrow(DiskFullError);
  room = { free: 90 * MB, total: 100 * MB };
  space.noteWritten();
  space.require();
});

test("what waits for the disk counts as written", async () => {
  const storage = await Storage.open(temporaryFolder(), {
    space: withRoom(40 * MB, 1000 * MB),
  });
  storage.requireSpace();
  storage.write([{ index: 7, key: "big", value: Buffer.alloc(30 * MB) }], 1n);
  expect(() => storage.requireSpace()).toThrow(DiskFullError);
  await storage.flushed(1n);
  storage.requireSpace();
  await storage.close();
});
