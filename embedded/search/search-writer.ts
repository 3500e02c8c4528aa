import { DamagedRecordError } from "../storage/storage-error.ts";
import type { Storage, StorageWrite } from "../storage/storage.ts";
import type { SearchDocument } from "./search-document.ts";
import {
  afterBlocks,
  BLOCK_ENTRIES,
  blockKey,
  decodeStatistics,
  decodeWord,
  decodeWords,
  encodeOwner,
  encodeStatistics,
  encodeWords,
  filterPrefix,
  idKey,
  ordinalKey,
  POSTING_WORDS,
  postingsPrefix,
  STATISTICS_KEY,
  termKey,
} from "./search-layout.ts";

/** What happens to the entries of one list: the words that follow the ordinal, `null` to remove it. */
type ListChanges = Map<number, readonly number[] | null>;

/**
 * Works out the writes that bring a search index in step with changed documents. Each list is read and
 * written once however many documents change.
 */
export class SearchWriter {
  readonly #storage: Storage;
  readonly #index: number;
  readonly #filterFields: readonly string[];
  readonly #writes: StorageWrite[] = [];
  readonly #postings = new Map<string, ListChanges>();
  readonly #filters = new Map<string, ListChanges>();
  readonly #documentFrequencies = new Map<string, number>();
  #documents = 0;
  #terms = 0;
  readonly #firstOrdinal: number;
  #nextOrdinal: number;

  constructor(storage: Storage, index: number, filterFields: readonly string[]) {
    this.#storage = storage;
    this.#index = index;
    this.#filterFields = filterFields;
    this.#nextOrdinal = decodeStatistics(storage.get(index, STATISTICS_KEY)).nextOrdinal;
    this.#firstOrdinal = this.#nextOrdinal;
  }

  has(id: string): boolean {
    return this.#storage.get(this.#index, idKey(id)) !== null;
  }

  /** `null` stands for a version that is not in the index. A document changes once at most. */
  change(before: SearchDocument | null, after: SearchDocument | null): void {
    if (before !== null && after !== null && isSame(before, after)) return;
    const id = before?.id ?? after?.id ?? "";
    const ordinal = before === null ? this.#nextOrdinal++ : this.#ordinalOf(id);
    if (before !== null) this.#count(before, ordinal, -1, () => null);
    if (after !== null) {
      this.#count(after, ordinal, 1, (frequency) => [frequency, after.length]);
    }
    if (before === null && after !== null) {
      this.#put(idKey(id), encodeWords(Uint32Array.of(ordinal)));
      this.#put(ordinalKey(ordinal), encodeOwner(id, after.creationTime));
    } else if (after === null) {
      this.#put(idKey(id), null);
      this.#put(ordinalKey(ordinal), null);
    }
  }

  finish(): StorageWrite[] {
    for (const [term, changes] of this.#postings) {
      this.#writeList(postingsPrefix(term), changes, POSTING_WORDS);
    }
    for (const [prefix, changes] of this.#filters) this.#writeList(prefix, changes, 1);
    for (const [term, delta] of this.#documentFrequencies) {
      if (delta !== 0) this.#writeFrequency(term, delta);
    }
    const isUntouched =
      this.#documents === 0 && this.#terms === 0 && this.#nextOrdinal === this.#firstOrdinal;
    if (!isUntouched) {
      const statistics = decodeStatistics(this.#storage.get(this.#index, STATISTICS_KEY));
      const next = {
        documents: statistics.documents + this.#documents,
        terms: statistics.terms + this.#terms,
        nextOrdinal: this.#nextOrdinal,
      };
      this.#put(STATISTICS_KEY, encodeStatistics(next));
    }
    return this.#writes;
  }

  #count(
    document: SearchDocument,
    ordinal: number,
    sign: 1 | -1,
    words: (frequency: number) => readonly number[] | null,
  ): void {
    this.#documents += sign;
    this.#terms += sign * document.length;
    for (const [term, frequency] of document.terms) {
      const delta = (this.#documentFrequencies.get(term) ?? 0) + sign;
      this.#documentFrequencies.set(term, delta);
      note(this.#postings, term, ordinal, words(frequency));
    }
    for (const [position, field] of this.#filterFields.entries()) {
      const key = document.filterKeys.get(field);
      if (key === undefined) continue;
      note(this.#filters, filterPrefix(position, key), ordinal, sign === 1 ? [] : null);
    }
  }

  #ordinalOf(id: string): number {
    const bytes = this.#storage.get(this.#index, idKey(id));
    if (bytes === null) {
      throw new DamagedRecordError(`the search index ${this.#index} lacks the row ${id}`);
    }
    return decodeWord(bytes);
  }

  #writeFrequency(term: string, delta: number): void {
    const bytes = this.#storage.get(this.#index, termKey(term));
    const frequency = (bytes === null ? 0 : decodeWord(bytes)) + delta;
    this.#put(termKey(term), frequency > 0 ? encodeWords(Uint32Array.of(frequency)) : null);
  }

  /** Merges changes into the blocks they fall into; a block reaches up to the next one's first ordinal. */
  #writeList(prefix: string, changes: ListChanges, stride: number): void {
    const sorted = [...changes].sort(([left], [right]) => left - right);
    let position = 0;
    while (position < sorted.length) {
      const block = this.#findBlock(prefix, sorted[position]?.[0] ?? 0);
      const isLast = sorted.length - position === 1;
      const limit = isLast ? null : this.#nextBlockKey(prefix, block?.key);
      let end = position + 1;
      while (end < sorted.length && isBefore(prefix, sorted[end]?.[0], limit)) end += 1;
      const words = block === null ? new Uint32Array() : decodeWords(block.value);
      const merged = mergeEntries(words, sorted.slice(position, end), stride);
      if (block !== null) this.#put(block.key, null);
      for (let start = 0; start < merged.length; start += BLOCK_ENTRIES * stride) {
        const part = merged.subarray(start, start + BLOCK_ENTRIES * stride);
        this.#put(blockKey(prefix, part[0] ?? 0), encodeWords(part));
      }
      position = end;
    }
  }

  /** The last block that starts at or before the ordinal, else the first one. */
  #findBlock(prefix: string, ordinal: number) {
    const key = blockKey(prefix, ordinal);
    const range = { index: this.#index, limit: 1 };
    const before = this.#storage.scan({
      ...range,
      lower: prefix,
      upper: `${key}\0`,
      isReverse: true,
    });
    if (before.entries[0] !== undefined) return before.entries[0];
    const after = this.#storage.scan({
      ...range,
      lower: key,
      upper: afterBlocks(prefix),
      isReverse: false,
    });
    return after.entries[0] ?? null;
  }

  #nextBlockKey(prefix: string, key: string | undefined): string | null {
    if (key === undefined) return null;
    const { entries } = this.#storage.scan({
      index: this.#index,
      lower: `${key}\0`,
      upper: afterBlocks(prefix),
      isReverse: false,
      limit: 1,
    });
    return entries[0]?.key ?? null;
  }

  #put(key: string, value: Buffer | null): void {
    this.#writes.push({ index: this.#index, key, value });
  }
}

/** Later notes win: a document's new version follows its old one. */
function note(
  lists: Map<string, ListChanges>,
  list: string,
  ordinal: number,
  words: readonly number[] | null,
): void {
  const changes = lists.get(list);
  if (changes === undefined) lists.set(list, new Map([[ordinal, words]]));
  else changes.set(ordinal, words);
}

/** Entries of `stride` words each, ordered by their first word, with sorted changes applied. */
function mergeEntries(
  words: Uint32Array,
  changes: readonly [number, readonly number[] | null][],
  stride: number,
): Uint32Array {
  const merged = new Uint32Array(words.length + changes.length * stride);
  let read = 0;
  let written = 0;
  for (const [ordinal, rest] of changes) {
    const start = read;
    while (read < words.length && (words[read] ?? 0) < ordinal) read += stride;
    merged.set(words.subarray(start, read), written);
    written += read - start;
    if (words[read] === ordinal) read += stride;
    if (rest === null) continue;
    merged[written] = ordinal;
    merged.set(rest, written + 1);
    written += stride;
  }
  merged.set(words.subarray(read), written);
  return merged.subarray(0, written + words.length - read);
}

function isBefore(prefix: string, ordinal: number | undefined, end: string | null): boolean {
  return ordinal !== undefined && (end === null || blockKey(prefix, ordinal) < end);
}

function isSame(before: SearchDocument, after: SearchDocument): boolean {
  return (
    before.length === after.length &&
    isSameMap(before.terms, after.terms) &&
    isSameMap(before.filterKeys, after.filterKeys)
  );
}

function isSameMap<V>(left: ReadonlyMap<string, V>, right: ReadonlyMap<string, V>): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) if (right.get(key) !== value) return false;
  return true;
}
