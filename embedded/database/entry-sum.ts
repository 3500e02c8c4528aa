import { crc32 } from "node:zlib";

import type { StorageSnapshot } from "../storage/storage.ts";

const SCAN_SIZE = 256;

/** Stands for a set of index entries, whatever the order in which they come. */
export class EntrySum {
  #count = 0;
  #sum = 0;

  /** @param times as if it was added so often. */
  add(key: string, value: string, times = 1): void {
    this.#count += times;
    for (let left = times; left > 0; left -= MAX_FACTOR) {
      const added = crc32(value, crc32(key)) * Math.min(left, MAX_FACTOR);
      this.#sum = (this.#sum + added) % MODULUS;
    }
  }

  equals(other: EntrySum): boolean {
    return this.#count === other.#count && this.#sum === other.#sum;
  }
}

/** Small enough for the sum of two of its squares to be exact. */
const MODULUS = 2 ** 52;
const MAX_FACTOR = 2 ** 20;

/** All entries of an index, in order. */
export function* entriesOf(snapshot: StorageSnapshot, index: number) {
  let lower = "";
  for (;;) {
    const request = { index, lower, upper: null, isReverse: false, limit: SCAN_SIZE };
    const { entries, isEnd } = snapshot.scan(request);
    yield* entries;
    const last = entries[entries.length - 1];
    if (isEnd || last === undefined) return;
    lower = `${last.key}\0`;
  }
}
