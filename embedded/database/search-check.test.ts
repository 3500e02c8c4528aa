import { expect, onTestFinished, test } from "vitest";

import {
  afterBlocks,
  decodeWord,
  encodeWords,
  filterPrefix,
  idKey,
  ordinalKey,
  postingsPrefix,
  STATISTICS_KEY,
  termKey,
} from "../search/search-layout.ts";
import { Storage } from "../storage/storage.ts";
import { temporaryFolder } from "../storage/test-folder.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import { NumberAllocator } from "./catalog-state.ts";
import { loadCatalog } from "./catalog-store.ts";
import { openDatabase } from "./open-database.ts";
import { checkStore } from "./store-check.ts";
import { applySchema, commit, schemaOf } from "./test-database.ts";

/** More than a block of a list holds. */
const ROWS = 300;
const schema = schemaOf({ items: { search: { by_text: ["text", "kind"] } } });
const itemAt = (number: number) => ({
  text: number % 50 === 0 ? null : `chair ${number} ${"red ".repeat(number % 3)}`,
  kind: number % 4,
});

/** Rows that were there before the index or came later, and were changed and removed. */
async function filledStore(): Promise<{ folder: string; ids: readonly string[] }> {
  const folder = temporaryFolder();
  const db = await openDatabase({ folder });
  const insert = (from: number, to: number) =>
    commit(db, (tx) =>
      Array.from({ length: to - from }, (_, index) =>
        tx.insert("", "items", JSON.stringify(itemAt(from + index))),
      ),
    );
  const early = insert(0, ROWS / 2);
  await applySchema(db, schema);
  const ids = [...early, ...insert(ROWS / 2, ROWS)];
  commit(db, (tx) => {
    for (const [number, id] of ids.entries()) {
      if (number % 10 === 3) tx.remove("", id);
      if (number % 10 === 5) tx.patch("", id, JSON.stringify({ text: "a stool", kind: 9 }));
      if (number % 10 === 7) tx.patch("", id, JSON.stringify({ price: 1 }));
      if (number % 50 === 9) tx.patch("", id, JSON.stringify({ text: 1 }));
    }
  });
  await db.close();
  return { folder, ids };
}

type Damage = (index: Index, ids: readonly string[]) => void;

class Index {
  readonly #storage: Storage;
  readonly #number: number;

  constructor(storage: Storage, number: number) {
    this.#storage = storage;
    this.#number = number;
  }

  read(key: string): Buffer {
    return Buffer.from(this.#storage.get(this.#number, key) ?? []);
  }

  write(key: string, value: Buffer | null): void {
    const { durableTs } = this.#storage;
    this.#storage.write([{ index: this.#number, key, value }], durableTs + 1_000n);
  }

  /** Changes the words of the first block of a list; without any it is removed. */
  changeBlock(prefix: string, change: (words: Uint32Array) => Uint32Array | null): void {
    const range = { index: this.#number, lower: prefix, upper: afterBlocks(prefix) };
    const [block] = this.#storage.scan({ ...range, isReverse: false, limit: 1 }).entries;
    if (block === undefined) throw new Error("There is no such list.");
    const changed = change(new Uint32Array(Uint8Array.from(block.value).buffer));
    this.write(block.key, changed === null ? null : encodeWords(changed));
  }
}

async function problemAfter(damage: Damage): Promise<string | null> {
  const { folder, ids } = await filledStore();
  const storage = await Storage.open(folder);
  onTestFinished(() => storage.close());
  const before = await storage.openSnapshot();
  const table = loadCatalog(before, new NumberAllocator()).catalog.table("", "items");
  before.close();
  damage(new Index(storage, table?.searchIndexes[0]?.number ?? 0), ids);
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

test("a search index that was built, added to and changed fits its rows", async () => {
  expect(
    await problemAfter((index) => index.write(STATISTICS_KEY, index.read(STATISTICS_KEY))),
  ).toBeNull();
});

test("a search index that an import brought fits its rows", async () => {
  const folder = temporaryFolder();
  const db = await openDatabase({ folder });
  await applySchema(db, schema);
  const options = { requiresEmpty: false, clearsOthers: false };
  const tables = db.beginImport([{ componentPath: "", name: "items", number: null }], options);
  const items = Array.from({ length: ROWS }, (_, number) => JSON.stringify(itemAt(number)));
  await tables.write("", "items", items);
  await tables.build(() => Promise.resolve());
  commit(db, (tx) => tx.activateImport(tables));
  await db.close();
  const storage = await Storage.open(folder);
  onTestFinished(() => storage.close());
  const stored = await storage.openSnapshot();
  onTestFinished(() => stored.close());
  expect(() => checkStore(stored, () => undefined)).not.toThrow();
});

const chairs = postingsPrefix("chair");
const DAMAGES: Readonly<Record<string, Damage>> = {
  "a list that lacks its last row": (index) =>
    index.changeBlock(chairs, (words) => words.subarray(0, -3)),
  "a list that lost a block": (index) => index.changeBlock(chairs, () => null),
  "a list with a row too many": (index) =>
    index.changeBlock(chairs, (words) => Uint32Array.of(...words, 9_999, 1, 1)),
  "a list with a row twice": (index) =>
    index.changeBlock(chairs, (words) => Uint32Array.of(...words, ...words.subarray(-3))),
  "a word's number in a row": (index) => index.changeBlock(chairs, (words) => words.with(1, 2)),
  "the length of a text": (index) => index.changeBlock(chairs, (words) => words.with(2, 99)),
  "a list for a word that no row has": (index) =>
    index.write(`${postingsPrefix("table")}\0\0\0\0`, encodeWords(Uint32Array.of(0, 1, 1))),
  "in how many rows a word is": (index) =>
    index.write(termKey("chair"), encodeWords(Uint32Array.of(7))),
  "a filter's list that lacks a row": (index) =>
    index.changeBlock(filterPrefix(0, encodeKeyPart(1)), (words) => words.subarray(0, -1)),
  "a row that the index does not know": (index, ids) => index.write(idKey(ids[1] ?? ""), null),
  "a number that leads to no row": (index, ids) =>
    index.write(ordinalKey(decodeWord(index.read(idKey(ids[1] ?? "")))), null),
  "how many rows there are": (index) => {
    const statistics = index.read(STATISTICS_KEY);
    statistics.writeDoubleLE(7);
    index.write(STATISTICS_KEY, statistics);
  },
};

test.each(Object.entries(DAMAGES))("a search index is named for %s", async (_what, damage) => {
  expect(await problemAfter(damage)).toBe("the index items.by_text does not fit the rows");
});
