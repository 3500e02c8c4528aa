/** What `recorded-process.ts` writes and its test looks for. */
export interface Row {
  readonly number: number;
  readonly blob: string | null;
}

export const DATA_INDEX = 7;

export function hasBlob(number: number): boolean {
  return number % 3 === 0;
}

export function blobBytes(number: number): Buffer {
  return Buffer.alloc(500 + ((number * 1237) % 6000), `file ${number} `);
}
