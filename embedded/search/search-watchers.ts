import { matchesFilters, type SearchCondition, type SearchDocument } from "./search-document.ts";

export interface SearchHandle {
  readonly condition: SearchCondition;
  readonly sequence: number;
}

type Watches<T> = Map<
  string,
  Map<number, { readonly condition: SearchCondition; readonly owner: T }>
>;

/** Finds the owners of searches for which a document matters, by its terms. */
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
    for (const { text, isPrefix } of condition.terms) {
      const watches = isPrefix ? this.#prefixes : this.#exact;
      const entries = watches.get(text);
      if (entries === undefined) {
        watches.set(text, new Map([[handle.sequence, { condition, owner }]]));
      } else entries.set(handle.sequence, { condition, owner });
    }
    this.#size += 1;
    return handle;
  }

  /** Removing a handle twice does nothing. */
  remove({ condition, sequence }: SearchHandle): void {
    let isRemoved = false;
    for (const { text, isPrefix } of condition.terms) {
      const watches = isPrefix ? this.#prefixes : this.#exact;
      const entries = watches.get(text);
      if (entries?.delete(sequence) === true) isRemoved = true;
      if (entries?.size === 0) watches.delete(text);
    }
    if (isRemoved) this.#size -= 1;
  }

  /** Calls back once or more for every search that the document matches. */
  forEachMatching(document: SearchDocument, callback: (owner: T) => void): void {
    for (const term of document.terms.keys()) {
      this.#report(this.#exact.get(term), document, callback);
      if (this.#prefixes.size === 0) continue;
      for (let length = 1; length <= term.length; length += 1) {
        this.#report(this.#prefixes.get(term.slice(0, length)), document, callback);
      }
    }
  }

  forEach(callback: (owner: T) => void): void {
    for (const watches of [this.#exact, this.#prefixes]) {
      for (const entries of watches.values())
        for (const { owner } of entries.values()) callback(owner);
    }
  }

  #report(
    entries: ReturnType<Watches<T>["get"]>,
    document: SearchDocument,
    callback: (owner: T) => void,
  ): void {
    if (entries === undefined) return;
    for (const { condition, owner } of entries.values()) {
      if (matchesFilters(condition, document)) callback(owner);
    }
  }
}
