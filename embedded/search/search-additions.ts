import type { SortableEntry, SortedEntry } from "../storage/entry-run.ts";
import type { StorageWrite } from "../storage/storage.ts";
import type { SearchDocument } from "./search-document.ts";
import {
  BLOCK_ENTRIES,
  blockKey,
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

const ORDINAL_LENGTH = 4;
const DOCUMENT_FREQUENCY = "d";
const POSTINGS = "p";
const FILTER = "f";

/**
 * Entries of a search index that was empty, for documents that come some at a time. Sorted, they have
 * parts of a list side by side, which `SearchListMerger` puts together.
 */
export class SearchAdditions {
  readonly #index: number;
  readonly #filterFields: readonly string[];
  readonly #filterPrefixes = new Map<string, string>();
  #nextOrdinal = 0;
  #terms = 0;

  constructor(index: number, filterFields: readonly string[]) {
    this.#index = index;
    this.#filterFields = filterFields;
  }

  entries(documents: readonly SearchDocument[]): SortableEntry[] {
    const index = this.#index;
    const entries: SortableEntry[] = [];
    const postings = new Map<string, number[]>();
    const filters = new Map<string, number[]>();
    for (const document of documents) {
      const ordinal = this.#nextOrdinal++;
      this.#terms += document.length;
      for (const [term, frequency] of document.terms) {
        append(postings, term, ordinal, frequency, document.length);
      }
      for (const prefix of this.#prefixes(document)) append(filters, prefix, ordinal);
      const { id, creationTime } = document;
      entries.push({ index, key: idKey(id), value: encodeWords(Uint32Array.of(ordinal)) });
      entries.push({ index, key: ordinalKey(ordinal), value: encodeOwner(id, creationTime) });
    }
    for (const [term, words] of postings) {
      const frequency = Uint32Array.of(words.length / POSTING_WORDS);
      entries.push({ index, key: termKey(term), value: encodeWords(frequency) });
      entries.push(listPart(index, postingsPrefix(term), words));
    }
    for (const [prefix, words] of filters) entries.push(listPart(index, prefix, words));
    return entries;
  }

  /** What is known once all documents were added. */
  statistics(): SortableEntry[] {
    const documents = this.#nextOrdinal;
    if (documents === 0) return [];
    const value = encodeStatistics({ documents, terms: this.#terms, nextOrdinal: documents });
    return [{ index: this.#index, key: STATISTICS_KEY, value }];
  }

  #prefixes({ filterKeys }: SearchDocument): string[] {
    const prefixes: string[] = [];
    for (const [position, field] of this.#filterFields.entries()) {
      const key = filterKeys.get(field);
      if (key !== undefined) prefixes.push(this.#prefix(position, key));
    }
    return prefixes;
  }

  /** Most values of a filter recur. */
  #prefix(position: number, key: string): string {
    const name = `${position} ${key}`;
    const known = this.#filterPrefixes.get(name);
    if (known !== undefined) return known;
    if (this.#filterPrefixes.size >= MAX_PREFIXES) this.#filterPrefixes.clear();
    const prefix = filterPrefix(position, key);
    this.#filterPrefixes.set(name, prefix);
    return prefix;
  }
}

const MAX_PREFIXES = 1_000;

/** Makes whole entries of the sorted ones of one search index. */
export class SearchListMerger {
  readonly #index: number;
  /** The list, or the term's frequency, that the latest entries were parts of. */
  #prefix = "";
  #words: Uint32Array[] = [];
  #length = 0;

  constructor(index: number) {
    this.#index = index;
  }

  add({ key, value }: SortedEntry, writes: StorageWrite[]): void {
    const kind = key[0] ?? "";
    const isList = kind === POSTINGS || kind === FILTER;
    if (!isList && kind !== DOCUMENT_FREQUENCY) {
      writes.push({ index: this.#index, key, value });
      return;
    }
    const prefix = isList ? key.slice(0, -ORDINAL_LENGTH) : key;
    if (prefix !== this.#prefix) this.finish(writes);
    this.#prefix = prefix;
    const words = decodeWords(value);
    this.#words.push(words);
    this.#length += words.length;
    if (isList) this.#writeBlocks(writes, BLOCK_ENTRIES * strideOf(kind));
  }

  /** Writes what waited for more of it. */
  finish(writes: StorageWrite[]): void {
    if (this.#length === 0) return;
    const kind = this.#prefix[0] ?? "";
    if (kind === DOCUMENT_FREQUENCY) {
      const frequency = this.#words.reduce((sum, words) => sum + (words[0] ?? 0), 0);
      const value = encodeWords(Uint32Array.of(frequency));
      writes.push({ index: this.#index, key: this.#prefix, value });
      this.#take(this.#length);
    } else {
      this.#writeBlocks(writes, 1);
    }
  }

  /** Full blocks, as long as this many words are there. */
  #writeBlocks(writes: StorageWrite[], least: number): void {
    const full = BLOCK_ENTRIES * strideOf(this.#prefix[0] ?? "");
    while (this.#length >= least) {
      const words = this.#take(Math.min(full, this.#length));
      const key = blockKey(this.#prefix, words[0] ?? 0);
      writes.push({ index: this.#index, key, value: encodeWords(words) });
    }
  }

  #take(count: number): Uint32Array {
    const all = new Uint32Array(this.#length);
    let at = 0;
    for (const words of this.#words) {
      all.set(words, at);
      at += words.length;
    }
    const rest = all.subarray(count);
    this.#words = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    return all.subarray(0, count);
  }
}

function strideOf(kind: string): number {
  return kind === POSTINGS ? POSTING_WORDS : 1;
}

function listPart(index: number, prefix: string, words: readonly number[]): SortableEntry {
  return {
    index,
    key: blockKey(prefix, words[0] ?? 0),
    value: encodeWords(Uint32Array.from(words)),
  };
}

function append(lists: Map<string, number[]>, list: string, ...words: readonly number[]): void {
  const known = lists.get(list);
  if (known === undefined) lists.set(list, [...words]);
  else known.push(...words);
}
