import { SortedMap, type SortedEntry } from "../lib/sorted-map.ts";
import type { LogicalEntry } from "./physical-key.ts";

/** What one key may add to the file: the page it lies on, and the one above that. */
const BYTES_PER_KEY = 8192;

/** Writes that are not in the store yet, `null` for a key that is removed. */
export class WriteLayer {
  readonly #indexes = new Map<number, SortedMap<Buffer | null>>();
  #keys = 0;
  #bytes = 0;

  /** Different keys in it. */
  get keys(): number {
    return this.#keys;
  }

  /** Bytes of all values that were put into it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What it may need on the disk at most, in bytes. */
  get room(): number {
    return this.#keys * BYTES_PER_KEY + this.#bytes;
  }

  set(index: number, key: string, value: Buffer | null): void {
    let keys = this.#indexes.get(index);
    if (keys === undefined) this.#indexes.set(index, (keys = new SortedMap()));
    const before = keys.size;
    keys.set(key, value);
    this.#keys += keys.size - before;
    this.#bytes += value?.length ?? 0;
  }

  /** `undefined` when the key was not written. */
  get(index: number, key: string): Buffer | null | undefined {
    return this.#indexes.get(index)?.get(key);
  }

  index(index: number): SortedMap<Buffer | null> | undefined {
    return this.#indexes.get(index);
  }

  *entries(): Generator<{ index: number; key: string; value: Buffer | null }> {
    for (const [index, keys] of this.#indexes) {
      for (const { key, value } of keys.entries()) yield { index, key, value };
    }
  }
}

interface MergeBounds {
  readonly lower: string;
  readonly upper: string | null;
  readonly isReverse: boolean;
  readonly limit: number;
}

/** Lays unflushed writes over stored entries of the same interval; the first layer is the newest. */
export function mergeLayers(
  stored: readonly LogicalEntry[],
  layers: readonly SortedMap<Buffer | null>[],
  bounds: MergeBounds,
): LogicalEntry[] {
  const merged: LogicalEntry[] = [];
  let change = nextChange(layers, bounds, null);
  let position = 0;
  while (merged.length < bounds.limit) {
    const row = stored[position];
    const isRowFirst = row !== undefined && (change === null || precedes(row, change, bounds));
    const next = isRowFirst ? row : change;
    if (next === null) break;
    if (next.value !== null) merged.push({ key: next.key, value: next.value });
    if (row?.key === next.key) position += 1;
    if (!isRowFirst) change = nextChange(layers, bounds, next.key);
  }
  return merged;
}

function precedes(
  row: LogicalEntry,
  change: { readonly key: string },
  bounds: MergeBounds,
): boolean {
  return bounds.isReverse ? row.key > change.key : row.key < change.key;
}

/** The next change of any layer that lies within the bounds, behind `previous`. */
function nextChange(
  layers: readonly SortedMap<Buffer | null>[],
  { lower, upper, isReverse }: MergeBounds,
  previous: string | null,
): SortedEntry<Buffer | null> | null {
  const from = previous === null ? lower : `${previous}\0`;
  let next: SortedEntry<Buffer | null> | null = null;
  for (const layer of layers) {
    const entry = isReverse ? layer.below(previous ?? upper) : layer.ceiling(from);
    if (entry === null) continue;
    if (isReverse ? entry.key < lower : upper !== null && entry.key >= upper) continue;
    const isNearer = next === null || (isReverse ? entry.key > next.key : entry.key < next.key);
    if (isNearer) next = entry;
  }
  return next;
}
