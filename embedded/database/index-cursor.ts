import type { SortedEntry, SortedMap } from "../lib/sorted-map.ts";
import type { Storage } from "../storage/storage.ts";
import type { LogicalEntry } from "../storage/physical-key.ts";
import type { SnapshotView } from "./snapshot-view.ts";
import type { IndexKey, KeyInterval } from "./types.ts";

const FIRST_SCAN = 8;
const MAX_SCAN = 256;
const ID_TAG = "\x10";

export interface FoundKey {
  readonly key: IndexKey;
  readonly id: string;
}

/**
 * Walks the keys of one index in one interval: a transaction's own keys over those undone for its
 * snapshot over the store. Writes and commits made between two steps are seen as they must be.
 */
export class IndexCursor {
  readonly #view: SnapshotView;
  readonly #index: number;
  readonly #isReverse: boolean;
  readonly #ownKeys: (() => SortedMap<string | null> | undefined) | null;
  #lower: IndexKey;
  #upper: IndexKey | null;
  #buffer: readonly LogicalEntry[] = [];
  #position = 0;
  #isStoreAtEnd = false;
  #scanSize: number;

  constructor(options: {
    readonly view: SnapshotView;
    readonly index: number;
    readonly interval: KeyInterval;
    readonly order: "asc" | "desc";
    /** How many entries will be asked for, as far as that is known. */
    readonly expected?: number | undefined;
    readonly ownKeys: (() => SortedMap<string | null> | undefined) | null;
  }) {
    this.#view = options.view;
    this.#index = options.index;
    this.#isReverse = options.order === "desc";
    this.#lower = options.interval.lower;
    this.#upper = options.interval.upper;
    this.#ownKeys = options.ownKeys;
    this.#scanSize = Math.max(1, Math.min(options.expected ?? FIRST_SCAN, MAX_SCAN));
  }

  next(): FoundKey | null {
    for (;;) {
      const undone = this.#view.undoneKeys(this.#index);
      const stored = this.#peekStored();
      let nearest: SortedEntry<string | null> | null =
        stored === null ? null : { key: stored.key, value: idOf(stored.key) };
      // Later layers win where keys are equal.
      for (const layer of [undone, this.#ownKeys?.()]) {
        const entry = layer === undefined ? null : this.#nearestIn(layer);
        if (entry !== null && (nearest === null || !this.#precedes(nearest.key, entry.key))) {
          nearest = entry;
        }
      }
      if (nearest === null) return null;
      if (this.#isReverse) this.#upper = nearest.key;
      else this.#lower = `${nearest.key}\0`;
      if (nearest.value !== null) return { key: nearest.key, id: nearest.value };
    }
  }

  #nearestIn(layer: SortedMap<string | null>): SortedEntry<string | null> | null {
    const entry = this.#isReverse ? layer.below(this.#upper) : layer.ceiling(this.#lower);
    return entry !== null && this.#contains(entry.key) ? entry : null;
  }

  #peekStored(): LogicalEntry | null {
    for (;;) {
      const entry = this.#buffer[this.#position];
      if (entry === undefined) {
        if (this.#isStoreAtEnd) return null;
        this.#fill();
      } else if (this.#contains(entry.key)) {
        return entry;
      } else {
        this.#position += 1;
      }
    }
  }

  #fill(): void {
    const { entries, isEnd } = this.#storage.scan({
      index: this.#index,
      lower: this.#lower,
      upper: this.#upper,
      isReverse: this.#isReverse,
      limit: this.#scanSize,
      areKeysEnough: true,
    });
    this.#buffer = entries;
    this.#position = 0;
    this.#isStoreAtEnd = isEnd || entries.length === 0;
    this.#scanSize = Math.min(this.#scanSize * 4, MAX_SCAN);
  }

  get #storage(): Storage {
    return this.#view.storage;
  }

  #contains(key: IndexKey): boolean {
    return key >= this.#lower && (this.#upper === null || key < this.#upper);
  }

  #precedes(left: IndexKey, right: IndexKey): boolean {
    return this.#isReverse ? left > right : left < right;
  }
}

/** Keys of all indexes end with the encoded id: a tag, which no id has in it, its characters, a zero. */
function idOf(key: IndexKey): string {
  return key.slice(key.lastIndexOf(ID_TAG) + 1, -1);
}
