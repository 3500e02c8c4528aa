/** What `recorded-storage.ts` writes and its test looks for. */
import type { StorageWrite } from "#embedded/storage/storage.ts";

export interface Row {
  readonly number: number;
  readonly blob: string | null;
}

export const DATA_INDEX = 7;

/** A row is there twice, so that half of it is noticed. */
export function writesOf(number: number, blob: string | null): StorageWrite[] {
  const value = Buffer.from(JSON.stringify({ number, blob } satisfies Row));
  return ["left", "right"].map((side) => ({ index: DATA_INDEX, key: `${side}${number}`, value }));
}

export function hasBlob(number: number): boolean {
  return number % 3 === 0;
}

export function blobBytes(number: number): Buffer {
  return Buffer.alloc(500 + ((number * 1237) % 6000), `file ${number} `);
}
