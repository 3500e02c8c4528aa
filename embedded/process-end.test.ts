import { EventEmitter } from "node:events";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { endWhenAsked } from "./process-end.ts";
import { DataDamagedError, StorageStoppedError } from "./storage/storage-error.ts";

/** What the watchdog says and was asked for. */
const watchdog = vi.hoisted(() => ({ heldUpMs: 0, exitsWithin: [] as number[] }));

vi.mock(import("./runtime/watchdog.ts"), async (importOriginal) => ({
  ...(await importOriginal()),
  heldUpMs: () => watchdog.heldUpMs,
  exitWithin: (ms: number) => void watchdog.exitsWithin.push(ms),
}));

let codes: unknown[];

beforeEach(() => {
  codes = [];
  vi.useFakeTimers();
  vi.spyOn(process, "exit").mockImplementation((code) => codes.push(code) as never);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  Object.assign(watchdog, { heldUpMs: 0, exitsWithin: [] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function start() {
  const asked = new EventEmitter();
  const closes: (number | undefined)[] = [];
  let finishClosing: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const closed = new Promise<void>((resolve) => (finishClosing = resolve));
  const failed = new Promise<Error>((resolve) => (fail = resolve));
  const close = (lateMs?: number) => {
    closes.push(lateMs);
    return closed;
  };
  endWhenAsked({ close, failed }, asked);
  return { asked, closes, finishClosing, fail };
}

test.each(["SIGTERM", "disconnect"])(
  "at %s the backend is closed, then the process ends",
  async (name) => {
    const { asked, closes, finishClosing } = start();
    asked.emit(name);
    asked.emit(name);
    expect(closes).toEqual([0]);
    await vi.advanceTimersByTimeAsync(4_799);
    expect(codes).toEqual([]);
    finishClosing();
    await vi.advanceTimersByTimeAsync(0);
    expect(codes).toEqual([0]);
  },
);

test.each([
  [0, 0],
  [900, 900],
  // A machine that is busy with others does not take the time to close.
  [60_000, 1_500],
])("a signal that waited %i ms counts from when it was sent", async (heldUpMs, lateMs) => {
  const { asked, closes } = start();
  watchdog.heldUpMs = heldUpMs;
  asked.emit("SIGTERM");
  expect(closes).toEqual([lateMs]);
  // Whatever the main thread is busy with.
  expect(watchdog.exitsWithin).toEqual([4_900 - lateMs]);
  await vi.advanceTimersByTimeAsync(4_799 - lateMs);
  expect(codes).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(codes).toEqual([1]);
});

test.each([
  [new StorageStoppedError(new Error("EIO")), 1],
  [new DataDamagedError("data", new Error("a page")), 65],
])("when the data folder fails (%s) it is closed and the code says so", async (error, code) => {
  const { closes, finishClosing, fail } = start();
  fail(error);
  await vi.advanceTimersByTimeAsync(0);
  expect(closes).toEqual([0]);
  finishClosing();
  await vi.advanceTimersByTimeAsync(0);
  expect(codes).toEqual([code]);
});
