import { metaKey, readMeta, type Lmdb } from "./open-lmdb.ts";
import { physicalKey, physicalValue } from "./physical-key.ts";
import type { WriteLayer } from "./write-layer.ts";

export const CLOCK_KEY = "clock";

/** The state of the store: the newest timestamp in it and how many writes there were so far. */
export interface StorePosition {
  readonly ts: bigint;
  readonly number: number;
  /** The last number that the journal had on the disk by then. */
  readonly loggedTo: number;
}

export function positionOf(lmdb: Lmdb): StorePosition {
  const clock = readMeta(lmdb, CLOCK_KEY);
  if (clock === undefined) return { ts: 0n, number: 0, loggedTo: 0 };
  // Stores without a journal count no writes.
  const number = clock.length > 8 ? Number(clock.readBigUInt64BE(8)) : 0;
  const loggedTo = clock.length > 16 ? Number(clock.readBigUInt64BE(16)) : 0;
  return { ts: clock.readBigUInt64BE(0), number, loggedTo };
}

/** Everything is encoded before the first put: a throw inside `batch` would commit half of it. */
export async function writeBatch(
  lmdb: Lmdb,
  layer: WriteLayer,
  { ts, number, loggedTo }: StorePosition,
): Promise<void> {
  const puts: { key: Buffer; value: Buffer | null }[] = [];
  for (const { index, key, value } of layer.entries()) {
    puts.push({
      key: physicalKey(index, key),
      value: value === null ? null : physicalValue(key, value),
    });
  }
  const clock = Buffer.alloc(24);
  clock.writeBigUInt64BE(ts);
  clock.writeBigUInt64BE(BigInt(number), 8);
  clock.writeBigUInt64BE(BigInt(loggedTo), 16);
  puts.push({ key: metaKey(CLOCK_KEY), value: clock });
  await lmdb.batch(() => {
    for (const { key, value } of puts) {
      void (value === null ? lmdb.remove(key) : lmdb.put(key, value));
    }
  });
}

/** LMDB's failure hides in `commitError`, a promise that would end the process when left alone. */
export async function rootCause(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("commitError" in error)) return error;
  const { commitError } = error;
  if (!(commitError instanceof Promise)) return commitError;
  try {
    await commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}
