import * as vm from "node:vm";

import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";

import { Storage, type ScanRequest } from "./storage.ts";
import { temporaryFolder } from "./test-folder.ts";

const INDEX = 7;

async function openStorage(folder = temporaryFolder()): Promise<Storage> {
  const storage = await Storage.open(folder);
  onTestFinished(() => (storage.isStopped ? undefined : storage.close()));
  return storage;
}

function put(key: string, value: string | null, index = INDEX) {
  return { index, key, value: value === null ? null : Buffer.from(value) };
}

function textAt(storage: Storage, key: string): string | null {
  return storage.get(INDEX, key)?.toString() ?? null;
}

/** Everything written so far has left the journal for the store. */
async function moved(storage: Storage): Promise<void> {
  (await storage.openSnapshot()).close();
}

/** All entries of a range, fetched in steps of `limit` as readers do. */
function readAll(storage: Storage, request: Omit<ScanRequest, "index">): [string, string][] {
  const found: [string, string][] = [];
  let { lower, upper } = request;
  for (;;) {
    const { entries, isEnd } = storage.scan({ ...request, lower, upper, index: INDEX });
    for (const { key, value } of entries) {
      found.push([key, value.toString()]);
      if (request.isReverse) upper = key;
      else lower = `${key}\0`;
    }
    if (isEnd || entries.length === 0) return found;
  }
}

test("writes are read at once, before and after the flush, and from the store", async () => {
  const storage = await openStorage();
  storage.write([put("a", "1"), put("b", "2")], 1n);
  expect(textAt(storage, "a")).toBe("1");
  await storage.flushed(1n);
  expect(textAt(storage, "a")).toBe("1");
  await moved(storage);
  expect(textAt(storage, "a")).toBe("1");
  storage.write([put("a", null), put("b", "3")], 2n);
  expect(textAt(storage, "a")).toBeNull();
  expect(textAt(storage, "b")).toBe("3");
  await storage.flushed(2n);
  expect(textAt(storage, "a")).toBeNull();
  expect(textAt(storage, "b")).toBe("3");
  await moved(storage);
  expect(textAt(storage, "a")).toBeNull();
  expect(textAt(storage, "b")).toBe("3");
});

test("a read in the very turn in which writes arrive in the store sees them", async () => {
  const storage = await openStorage();
  // So much goes to the store straight away, and is flushed in the turn in which it arrives there.
  const large = "x".repeat(300_000);
  for (let ts = 1n; ts <= 30n; ts += 1n) {
    storage.write([put("a", String(ts)), put("large", large)], ts);
    let isMoving = true;
    const end = storage.flushed(ts).then(() => (isMoving = false));
    // Reading another key all the time keeps LMDB's read transaction at an older state.
    const readOn = (): void => {
      if (!isMoving) return;
      textAt(storage, "other");
      setImmediate(readOn);
    };
    readOn();
    await end;
    expect(textAt(storage, "a")).toBe(String(ts));
  }
});

test("what was flushed is there after reopening, and the clock with it", async () => {
  const folder = temporaryFolder();
  const first = await openStorage(folder);
  first.write([put("a", "1")], 41n);
  first.write([put("b", "2")], 42n);
  await first.close();
  const second = await openStorage(folder);
  expect(second.durableTs).toBe(42n);
  expect(textAt(second, "a")).toBe("1");
  expect(textAt(second, "b")).toBe("2");
});

test("indexes do not run into each other", async () => {
  const storage = await openStorage();
  storage.write([put("a", "1"), put("", "x", INDEX + 1), put("\xff\xff", "y", INDEX - 1)], 1n);
  const request = { lower: "", upper: null, limit: 10 };
  expect(readAll(storage, { ...request, isReverse: false })).toEqual([["a", "1"]]);
  expect(readAll(storage, { ...request, isReverse: true })).toEqual([["a", "1"]]);
  await moved(storage);
  expect(readAll(storage, { ...request, isReverse: false })).toEqual([["a", "1"]]);
  expect(readAll(storage, { ...request, isReverse: true })).toEqual([["a", "1"]]);
});

const longStart = "k".repeat(1875);
const keys = fc.oneof(
  fc.string({ maxLength: 2, unit: fc.constantFrom("\0", "a", "b", "\xff") }),
  fc
    .string({ maxLength: 12, unit: fc.constantFrom("\0", "a", "\xff") })
    .map((end) => longStart + end),
  fc
    .string({ maxLength: 2, unit: fc.constantFrom("a", "b") })
    .map((end) => `${longStart}${"m".repeat(40)}${end}`),
);

/** How far a write has come when the next one is made. */
const STEPS = ["pending", "flushed", "moving", "stored"] as const;

test("ranges over short and long keys are those of a sorted list, stored or not", async () => {
  const storage = await openStorage();
  let ts = 0n;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(keys, fc.option(fc.nat(9)), fc.constantFrom(...STEPS)), { maxLength: 25 }),
      fc.record({
        lower: keys,
        upper: fc.option(keys),
        isReverse: fc.boolean(),
        limit: fc.integer({ min: 1, max: 5 }),
      }),
      async (writes, request) => {
        const model = new Map<string, string>();
        const all = readAll(storage, { lower: "", upper: null, isReverse: false, limit: 100 });
        storage.write(
          all.map(([key]) => put(key, null)),
          ++ts,
        );
        for (const [key, value, step] of writes) {
          storage.write([put(key, value === null ? null : String(value))], ++ts);
          if (value === null) model.delete(key);
          else model.set(key, String(value));
          if (step === "flushed") await storage.flushed(ts);
          if (step === "moving") void moved(storage);
          if (step === "stored") await moved(storage);
        }
        const expected = [...model]
          .filter(([key]) => key >= request.lower && (request.upper ?? "\uffff") > key)
          .sort(([left], [right]) => (left < right ? -1 : 1));
        if (request.isReverse) expected.reverse();
        expect(readAll(storage, request)).toEqual(expected);
        const withoutValues = readAll(storage, { ...request, areKeysEnough: true });
        expect(withoutValues.map(([key]) => key)).toEqual(expected.map(([key]) => key));
        for (const [key] of writes) expect(textAt(storage, key)).toBe(model.get(key) ?? null);
      },
    ),
    { numRuns: 150 },
  );
});

test("a flush in progress does not keep timers from running", async () => {
  const storage = await openStorage();
  let timers = 0;
  const timer = setInterval(() => (timers += 1), 1);
  // Without end if they did not run.
  for (let ts = 1n; timers < 5; ts += 1n) {
    storage.write([put("a", String(ts))], ts);
    await storage.flushed(ts);
  }
  clearInterval(timer);
});

test("many writes of one turn become durable together", async () => {
  const storage = await openStorage();
  for (let ts = 1n; ts <= 500n; ts += 1n) storage.write([put(`k${ts}`, "x")], ts);
  await storage.flushed(1n);
  expect(storage.durableTs).toBe(500n);
});

test("closing writes everything, also what has no timestamp of its own", async () => {
  const folder = temporaryFolder();
  const first = await openStorage(folder);
  first.write([put("a", "1")], 1n);
  await first.flushed(1n);
  first.write([put("b", "2")], 1n);
  await first.close();
  const second = await openStorage(folder);
  expect(textAt(second, "b")).toBe("2");
});

test("a closed store refuses everything", async () => {
  const storage = await openStorage();
  await storage.close();
  expect(() => storage.get(INDEX, "a")).toThrow("closed");
  expect(() => storage.write([], 1n)).toThrow("closed");
  await expect(storage.flushed(1n)).rejects.toThrow("closed");
});

test("a scan that was cut off holds no snapshot once reads are recovered", async () => {
  const storage = await openStorage();
  const writes = Array.from({ length: 20_000 }, (_, row) => put(`row ${row}`, "x".repeat(80)));
  storage.write(writes, 1n);
  await moved(storage);
  const range = { index: INDEX, lower: "", upper: null, isReverse: false, limit: Infinity };
  const realm = vm.createContext({
    scanForEver() {
      for (;;) storage.scan(range);
    },
  });
  for (const isRecovered of [false, true]) {
    expect(() => {
      vm.runInContext("scanForEver()", realm, { timeout: 50 });
    }).toThrow("timed out");
    if (isRecovered) storage.recoverReads();
    // The snapshot of a turn is given back in a later one.
    if (isRecovered) await vi.waitFor(() => expect(storage.openReaders()).toBe(0));
  }
  expect(storage.scan({ ...range, limit: 2 }).entries).toHaveLength(2);
});
