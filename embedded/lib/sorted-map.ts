const MAX_CHUNK = 512;

interface Chunk<V> {
  readonly keys: string[];
  readonly values: V[];
}

export interface SortedEntry<V> {
  readonly key: string;
  readonly value: V;
}

/**
 * A map ordered by the code units of its string keys (byte order for latin1 keys). Inserting is a
 * binary search and a copy within a chunk of at most 512 entries; looking around costs the search.
 */
export class SortedMap<V> {
  readonly #chunks: Chunk<V>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    const chunk = this.#chunks[this.#chunkFor(key)];
    if (chunk === undefined) return undefined;
    const position = lowerBound(chunk.keys, key);
    return chunk.keys[position] === key ? chunk.values[position] : undefined;
  }

  has(key: string): boolean {
    const chunk = this.#chunks[this.#chunkFor(key)];
    return chunk !== undefined && chunk.keys[lowerBound(chunk.keys, key)] === key;
  }

  set(key: string, value: V): void {
    const index = Math.min(this.#chunkFor(key), Math.max(0, this.#chunks.length - 1));
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      this.#chunks.push({ keys: [key], values: [value] });
      this.#size = 1;
      return;
    }
    const position = lowerBound(chunk.keys, key);
    if (chunk.keys[position] === key) {
      chunk.values[position] = value;
      return;
    }
    chunk.keys.splice(position, 0, key);
    chunk.values.splice(position, 0, value);
    this.#size += 1;
    if (chunk.keys.length > MAX_CHUNK) this.#split(index, chunk);
  }

  delete(key: string): boolean {
    const index = this.#chunkFor(key);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return false;
    const position = lowerBound(chunk.keys, key);
    if (chunk.keys[position] !== key) return false;
    chunk.keys.splice(position, 1);
    chunk.values.splice(position, 1);
    if (chunk.keys.length === 0) this.#chunks.splice(index, 1);
    this.#size -= 1;
    return true;
  }

  /** The first entry whose key is `key` or greater. */
  ceiling(key: string): SortedEntry<V> | null {
    const index = this.#chunkFor(key);
    const chunk = this.#chunks[index];
    return chunk === undefined ? null : entryAt(chunk, lowerBound(chunk.keys, key));
  }

  /** The last entry whose key is less than `key`; `null` asks for the last of all. */
  below(key: string | null): SortedEntry<V> | null {
    if (key === null) return this.#last(this.#chunks.length - 1);
    const index = this.#chunkFor(key);
    const chunk = this.#chunks[index];
    const position = chunk === undefined ? 0 : lowerBound(chunk.keys, key);
    if (chunk === undefined || position === 0) return this.#last(index - 1);
    return entryAt(chunk, position - 1);
  }

  *entries(): Generator<SortedEntry<V>> {
    for (const chunk of this.#chunks) {
      for (const [position, key] of chunk.keys.entries()) {
        const entry = entryAt(chunk, position);
        if (entry !== null) yield { key, value: entry.value };
      }
    }
  }

  #last(index: number): SortedEntry<V> | null {
    const chunk = this.#chunks[index];
    return chunk === undefined ? null : entryAt(chunk, chunk.keys.length - 1);
  }

  /** The first chunk whose last key is `key` or greater; the number of chunks when there is none. */
  #chunkFor(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const keys = this.#chunks[middle]?.keys ?? [];
      if ((keys[keys.length - 1] ?? "") < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #split(index: number, chunk: Chunk<V>): void {
    const middle = chunk.keys.length >>> 1;
    const upper = { keys: chunk.keys.splice(middle), values: chunk.values.splice(middle) };
    this.#chunks.splice(index + 1, 0, upper);
  }
}

function entryAt<V>(chunk: Chunk<V>, position: number): SortedEntry<V> | null {
  const key = chunk.keys[position];
  // The value may legitimately be undefined, so it is taken by position, not tested.
  return key === undefined ? null : { key, value: chunk.values[position] as V };
}

/** Position of the first key that is not less than `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
