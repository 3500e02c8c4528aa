import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ConvexClient, ConvexHttpClient } from "convex/browser";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  expect,
  onTestFinished,
  test,
  vi,
} from "vitest";
import { WebSocket } from "ws";

import { systemErrorCode } from "./storage/storage-error.ts";
import { fixtureSources, startTestBackend, type TestBackend } from "./test-backend.ts";
import { files, notes } from "./test-functions.ts";

const FULL = /The deployment's disk is full \(\d MB are left\): nothing was written\./;

const WAIT_MS = 10_000;

/** A disk of its own, where the system lets us make one. */
const disk = mkdtempSync(join(tmpdir(), "full-disk-"));
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", disk]);
const hasDisk = process.platform === "linux" && mounted.status === 0;
if (!hasDisk) console.warn("SKIPPED: a full disk needs the right to mount one.");

let backend: TestBackend;
beforeAll(async () => {
  if (!hasDisk) return;
  backend = await startTestBackend({ folder: join(disk, "data") });
  await backend.deploy(fixtureSources("notes"));
}, 60_000);
afterEach(() => freeDisk());
afterAll(async () => {
  if (hasDisk) await backend.dispose();
  // Lazily, because LMDB lets go of its map a little later.
  spawnSync("umount", ["--lazy", disk]);
  rmSync(disk, { recursive: true, force: true });
});

const filler = join(disk, "filler");
const http = () => new ConvexHttpClient(backend.url, { logger: false });

/** Somebody else takes all the space that there is. */
function fillDisk(): void {
  const { bavail, bsize } = statfsSync(disk);
  try {
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
  } catch (error) {
    // What was let in before moves to the store meanwhile and takes some of it.
    if (systemErrorCode(error) !== "ENOSPC") throw error;
  }
}

function freeDisk(): void {
  rmSync(filler, { force: true });
}

/** What was measured a moment ago is believed for a tenth of a second. */
function untilFreed(): Promise<void> {
  return vi.waitFor(
    async () => {
      await http().mutation(notes.increment, { name: "after" });
    },
    { timeout: WAIT_MS },
  );
}

beforeEach(async () => {
  if (hasDisk) await untilFreed();
});

test.skipIf(!hasDisk)("mutations are refused and reads are served, old and new", async () => {
  const value = await http().mutation(notes.increment, { name: "a" });
  const client = new ConvexClient(backend.url, {
    webSocketConstructor: WebSocket as never,
    logger: false,
  });
  onTestFinished(() => client.close());
  const seen: number[] = [];
  client.onUpdate(notes.counter, { name: "a" }, (count) => void seen.push(count));
  await vi.waitFor(() => expect(seen).toEqual([value]), { timeout: WAIT_MS });

  fillDisk();
  await expect(http().mutation(notes.increment, { name: "a" })).rejects.toThrow(FULL);
  await expect(client.mutation(notes.increment, { name: "a" })).rejects.toThrow(FULL);
  expect(await http().query(notes.counter, { name: "a" })).toBe(value);
  expect(await client.query(notes.counter, { name: "a" })).toBe(value);
  expect(client.connectionState().connectionRetries).toBe(0);

  freeDisk();
  await untilFreed();
  expect(await client.mutation(notes.increment, { name: "a" })).toBe(value + 1);
  await vi.waitFor(() => expect(seen).toEqual([value, value + 1]), { timeout: WAIT_MS });
});

test.skipIf(!hasDisk)("uploads and settings are refused with 503", async () => {
  const address = await http().mutation(files.generateUploadUrl, {});
  fillDisk();
  const response = await fetch(address, { method: "POST", body: "bytes" });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "DiskFull" });
  await expect(backend.setVariables({ COLOUR: "red" })).rejects.toThrow("DiskFull");
  freeDisk();
  await untilFreed();
  expect((await fetch(address, { method: "POST", body: "bytes" })).status).toBe(200);
});

test.skipIf(!hasDisk)(
  "a scheduled function waits until there is room, then runs once",
  async () => {
    await http().mutation(notes.addLater, { text: "later", delayMs: 5_000 });
    fillDisk();
    backend.clock.offsetMs += 10_000;
    // Time to try and be refused; the outcome is the same without a try.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await http().query(notes.search, { words: "later" })).toEqual([]);
    freeDisk();
    await vi.waitFor(
      async () => expect(await http().query(notes.search, { words: "later" })).toEqual(["later"]),
      { timeout: WAIT_MS },
    );
  },
);

test.skipIf(!hasDisk)(
  "a start on a full disk serves reads, and more once there is room",
  async () => {
    const value = await http().mutation(notes.increment, { name: "b" });
    fillDisk();
    backend = await backend.restart();
    expect(await http().query(notes.counter, { name: "b" })).toBe(value);
    await expect(http().mutation(notes.increment, { name: "b" })).rejects.toThrow(FULL);
    freeDisk();
    await untilFreed();
    expect(await http().mutation(notes.increment, { name: "b" })).toBe(value + 1);
  },
  60_000,
);
