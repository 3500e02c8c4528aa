import {
  blockKey,
  decodeStatistics,
  decodeWord,
  decodeWords,
  encodeOwner,
  filterPrefix,
  idKey,
  ordinalKey,
  POSTING_WORDS,
  postingsPrefix,
  STATISTICS_KEY,
  termKey,
} from "../search/search-layout.ts";
import type { StorageSnapshot } from "../storage/storage.ts";
import type { SearchIndexState } from "./catalog-state.ts";
import { EntrySum, entriesOf } from "./entry-sum.ts";
import { searchDocumentOf } from "./search-reading.ts";
import type { ParsedDocument } from "./stored-document.ts";

const ORDINAL_LENGTH = 4;

/** Holds a search index against its rows: each is in the lists of its terms and filters, and no other. */
export class SearchCheck {
  readonly #snapshot: StorageSnapshot;
  readonly #index: SearchIndexState;
  readonly #expected = new EntrySum();
  #documents = 0;
  #terms = 0;
  #isRowMissing = false;

  constructor(snapshot: StorageSnapshot, index: SearchIndexState) {
    this.#snapshot = snapshot;
    this.#index = index;
  }

  add(row: ParsedDocument): void {
    const document = searchDocumentOf(this.#index, row);
    if (document === null) return;
    const { id, creationTime, terms, length, filterKeys } = document;
    const ordinal = this.#ordinalOf(id);
    if (ordinal === null) {
      this.#isRowMissing = true;
      return;
    }
    this.#documents += 1;
    this.#terms += length;
    const expected = this.#expected;
    expected.add(idKey(id), String(ordinal));
    expected.add(ordinalKey(ordinal), encodeOwner(id, creationTime).toString("latin1"));
    for (const [term, frequency] of terms) {
      expected.add(termKey(term), "");
      expected.add(postingsPrefix(term), [ordinal, frequency, length].join());
    }
    for (const [position, field] of this.#index.filterFields.entries()) {
      const key = filterKeys.get(field);
      if (key !== undefined) expected.add(filterPrefix(position, key), String(ordinal));
    }
  }

  /**
   * Whether the index has what follows from the rows that were added, and nothing else.
   * @throws DamagedRecordError
   */
  fits(): boolean {
    if (this.#isRowMissing) return false;
    const found = new EntrySum();
    let statistics = decodeStatistics(null);
    for (const { key, value } of entriesOf(this.#snapshot, this.#index.number)) {
      if (key === STATISTICS_KEY) statistics = decodeStatistics(value);
      else if (!addEntry(found, key, value)) return false;
    }
    return (
      statistics.documents === this.#documents &&
      statistics.terms === this.#terms &&
      found.equals(this.#expected)
    );
  }

  #ordinalOf(id: string): number | null {
    const lower = idKey(id);
    const range = { lower, upper: `${lower}\0`, isReverse: false, limit: 1 };
    const [entry] = this.#snapshot.scan({ index: this.#index.number, ...range }).entries;
    return entry === undefined ? null : decodeWord(entry.value);
  }
}

/** `false` when a block is not in order. */
function addEntry(found: EntrySum, key: string, value: Buffer): boolean {
  switch (key[0]) {
    case "i":
      found.add(key, String(decodeWord(value)));
      return true;
    case "d":
      found.add(key, "", decodeWord(value));
      return true;
    case "p":
      return addBlock(found, key, decodeWords(value), POSTING_WORDS);
    case "f":
      return addBlock(found, key, decodeWords(value), 1);
    default:
      found.add(key, value.toString("latin1"));
      return true;
  }
}

function addBlock(found: EntrySum, key: string, words: Uint32Array, stride: number): boolean {
  const prefix = key.slice(0, -ORDINAL_LENGTH);
  const [first] = words;
  if (first === undefined || words.length % stride !== 0) return false;
  if (blockKey(prefix, first) !== key) return false;
  for (let start = 0; start < words.length; start += stride) {
    if (start > 0 && (words[start] ?? 0) <= (words[start - stride] ?? 0)) return false;
    found.add(prefix, words.subarray(start, start + stride).join());
  }
  return true;
}
