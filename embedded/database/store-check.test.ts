import { expect, onTestFinished, test } from "vitest";

import { Storage } from "../storage/storage.ts";
import { temporaryFolder } from "../storage/test-folder.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import { loadCatalog } from "./catalog-store.ts";
import { NumberAllocator } from "./catalog-state.ts";
import { openDatabase } from "./open-database.ts";
import { checkStore } from "./store-check.ts";

const ROWS = 600;

/** A store with rows in a table of the app and in one of a component; returns the rows' ids. */
async function filledStore(): Promise<{
  readonly folder: string;
  readonly ids: readonly string[];
}> {
  const folder = temporaryFolder();
  const database = await openDatabase({ folder });
  const transaction = database.begin();
  const ids = Array.from({ length: ROWS }, (_, number) =>
    transaction.insert("", "notes", JSON.stringify({ number, text: `t\u00e9xt ${number}` })),
  );
  transaction.insert("inner", "notes", JSON.stringify({ ["long".repeat(200)]: "x".repeat(9_000) }));
  database.commit(transaction);
  const removal = database.begin();
  removal.remove("", ids[0] ?? "");
  removal.patch("", ids[1] ?? "", JSON.stringify({ number: 7 }));
  database.commit(removal);
  await database.close();
  return { folder, ids };
}

async function problemAfter(
  folder: string,
  damage: (storage: Storage, indexes: { byId: number; byCreationTime: number }) => void,
): Promise<string | null> {
  const storage = await Storage.open(folder);
  onTestFinished(() => storage.close());
  const before = await storage.openSnapshot();
  const table = loadCatalog(before, new NumberAllocator()).catalog.table("", "notes");
  before.close();
  damage(storage, {
    byId: table?.byId.number ?? 0,
    byCreationTime: table?.byCreationTime.number ?? 0,
  });
  await storage.flushed(storage.durableTs + 1_000n);
  const snapshot = await storage.openSnapshot();
  try {
    checkStore(snapshot, () => undefined);
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    snapshot.close();
  }
}

test("what commits leave is sound", async () => {
  const { folder } = await filledStore();
  const nothing = (storage: Storage) => storage.write([], storage.durableTs + 1_000n);
  expect(await problemAfter(folder, nothing)).toBeNull();
});

const changes: readonly (readonly [string, (row: Buffer) => Buffer | null, RegExp])[] = [
  [
    "a row that is no JSON",
    (row) => row.fill(0, 20, 24),
    /^the row \w{32} of notes cannot be read$/,
  ],
  [
    "a row that lost its end",
    (row) => row.subarray(0, 8),
    /^the row \w{32} of notes cannot be read$/,
  ],
  [
    "text that is no UTF-8",
    (row) => row.fill(0xff, row.indexOf("\u00e9"), row.indexOf("\u00e9") + 1),
    /^the row \w{32} of notes cannot be read$/,
  ],
  [
    "a number that became longer",
    (row) => Buffer.from(row.toString("latin1").replace("xt 9", "xt 99"), "latin1"),
    /^the row \w{32} of notes cannot be read$/,
  ],
  [
    "another creation time",
    (row) => Buffer.concat([Buffer.alloc(8), row.subarray(8)]),
    /^the row \w{32} of notes cannot be read$/,
  ],
  [
    "another row's text",
    (row) => Buffer.from(row.toString("latin1").replace(/"_id":"./, '"_id":"~'), "latin1"),
    /^the row \w{32} of notes cannot be read$/,
  ],
  ["a row that is missing", () => null, /^notes has 598 rows instead of 599$/],
];

test.each(changes)("%s is named", async (_what, change, problem) => {
  const { folder, ids } = await filledStore();
  const damage = (storage: Storage, { byId }: { byId: number }) => {
    const key = encodeKeyPart(ids[9] ?? "");
    const row = Buffer.from(storage.get(byId, key) ?? []);
    storage.write([{ index: byId, key, value: change(row) }], storage.durableTs + 1_000n);
  };
  expect(await problemAfter(folder, damage)).toMatch(problem);
});

test("an index with an entry too many, or with another one's id, is named", async () => {
  for (const isAdded of [true, false]) {
    const { folder, ids } = await filledStore();
    const damage = (storage: Storage, { byCreationTime: index }: { byCreationTime: number }) => {
      const request = { index, lower: "", upper: null, isReverse: false, limit: 1 };
      const [first] = storage.scan(request).entries;
      const key = `${first?.key ?? ""}${isAdded ? "x" : ""}`;
      const value = Buffer.from(ids[9] ?? "");
      storage.write([{ index, key, value }], storage.durableTs + 1_000n);
    };
    expect(await problemAfter(folder, damage)).toBe(
      "the index notes.by_creation_time does not fit the rows",
    );
  }
});

test("a component's rows are looked at, too", async () => {
  const { folder } = await filledStore();
  const storage = await Storage.open(folder);
  const before = await storage.openSnapshot();
  const table = loadCatalog(before, new NumberAllocator()).catalog.table("inner", "notes");
  before.close();
  await storage.close();
  const damage = (damaged: Storage) => {
    const index = table?.byCreationTime.number ?? 0;
    const value = Buffer.from("nobody");
    damaged.write([{ index, key: "x", value }], damaged.durableTs + 1_000n);
  };
  expect(await problemAfter(folder, damage)).toBe(
    "the index inner/notes.by_creation_time does not fit the rows",
  );
});
