import { matchesFilters, type SearchCondition, type SearchDocument } from "./search-document.ts";

export interface SearchHandle {
  readonly condition: SearchCondition;
  readonly sequence: number;
}

interface Watch<T> {
  readonly condition: SearchCondition;
  readonly owner: T;
}

/** Watches by term, then by one of their filters, by which most of those for a common term go. */
type Watches<T> = Map<string, Map<string, Map<number, Watch<T>>>>;

const UNFILTERED = "";

/** Finds the owners of searches for which a document matters, by its terms and filter fields. */
export class SearchWatchers<T> {
  readonly #exact: Watches<T> = new Map();
  readonly #prefixes: Watches<T> = new Map();
  #nextSequence = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(condition: SearchCondition, owner: T): SearchHandle {
    const handle = { condition, sequence: this.#nextSequence++ };
    const filter = firstFilter(condition);
    for (const { text, isPrefix } of condition.terms) {
      const watches = isPrefix ? this.#prefixes : this.#exact;
      const filtered = watches.get(text) ?? new Map<string, Map<number, Watch<T>>>();
      const entries = filtered.get(filter) ?? new Map<number, Watch<T>>();
      entries.set(handle.sequence, { condition, owner });
      filtered.set(filter, entries);
      watches.set(text, filtered);
    }
    this.#size += 1;
    return handle;
  }

  /** Removing a handle twice does nothing. */
  remove({ condition, sequence }: SearchHandle): void {
    const filter = firstFilter(condition);
    let isRemoved = false;
    for (const { text, isPrefix } of condition.terms) {
      const watches = isPrefix ? this.#prefixes : this.#exact;
      const filtered = watches.get(text);
      const entries = filtered?.get(filter);
      if (entries?.delete(sequence) === true) isRemoved = true;
      if (entries?.size === 0) filtered?.delete(filter);
      if (filtered?.size === 0) watches.delete(text);
    }
    if (isRemoved) this.#size -= 1;
  }

  /** Calls back once or more for every search that the document matches. */
  forEachMatching(document: SearchDocument, callback: (owner: T) => void): void {
    for (const term of document.terms.keys()) {
      report(this.#exact.get(term), document, callback);
      if (this.#prefixes.size === 0) continue;
      for (let length = 1; length <= term.length; length += 1) {
        report(this.#prefixes.get(term.slice(0, length)), document, callback);
      }
    }
  }

  forEach(callback: (owner: T) => void): void {
    for (const watches of [this.#exact, this.#prefixes]) {
      for (const filtered of watches.values()) {
        for (const entries of filtered.values()) {
          for (const { owner } of entries.values()) callback(owner);
        }
      }
    }
  }
}

function report<T>(
  filtered: ReadonlyMap<string, ReadonlyMap<number, Watch<T>>> | undefined,
  document: SearchDocument,
  callback: (owner: T) => void,
): void {
  if (filtered === undefined) return;
  filtered.get(UNFILTERED)?.forEach(({ owner }) => callback(owner));
  for (const [field, key] of document.filterKeys) {
    filtered.get(filterName(field, key))?.forEach(({ condition, owner }) => {
      if (matchesFilters(condition, document)) callback(owner);
    });
  }
}

function firstFilter({ filters }: SearchCondition): string {
  for (const [field, key] of filters) return filterName(field, key);
  return UNFILTERED;
}

function filterName(field: string, key: string): string {
  return `${field}\0${key}`;
}
