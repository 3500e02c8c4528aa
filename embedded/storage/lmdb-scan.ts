import type { RangeOptions, Transaction } from "lmdb";

import type { Lmdb } from "./open-lmdb.ts";
import {
  groupLimits,
  isCut,
  logicalEntry,
  lowerLimit,
  upperLimit,
  type LogicalEntry,
} from "./physical-key.ts";
import type { ScanRequest } from "./storage.ts";

/**
 * Entries of the store in order, about `limit` of them; fewer only at the end. They are those of the
 * latest commit unless a read transaction is given.
 */
export function scanLmdb(
  lmdb: Lmdb,
  request: ScanRequest,
  transaction?: Transaction,
): LogicalEntry[] {
  const { index, lower, upper, isReverse, limit } = request;
  const entries: LogicalEntry[] = [];
  let from = lowerLimit(index, lower);
  let to = upperLimit(index, upper);
  for (;;) {
    const cutKey = readWhole({ lmdb, transaction, from, to }, request, entries);
    if (cutKey === null) return entries;
    const group = groupLimits(cutKey);
    const bounds = { lmdb, transaction, from: group.lower, to: group.upper };
    entries.push(...readGroup(bounds, request));
    if (isReverse) to = group.lower;
    else from = group.upper;
    if (entries.length >= limit) return entries;
  }
}

interface Bounds {
  readonly lmdb: Lmdb;
  readonly transaction: Transaction | undefined;
  readonly from: Buffer;
  readonly to: Buffer;
}

const NO_VALUE = Buffer.alloc(0);

/** Adds entries up to the limit, or up to the first key that was cut, which is returned. */
function readWhole(
  { lmdb, transaction, from, to }: Bounds,
  { isReverse, limit, areKeysEnough }: ScanRequest,
  entries: LogicalEntry[],
): Buffer | null {
  const bounds = {
    start: isReverse ? to : from,
    end: isReverse ? from : to,
    reverse: isReverse,
    exclusiveStart: isReverse,
    inclusiveEnd: isReverse,
    transaction,
  };
  const { keys, rows } = rangesOf(lmdb);
  if (areKeysEnough === true) {
    for (const key of keys(bounds)) {
      if (isCut(key)) return key;
      if (entries.push(logicalEntry(key, NO_VALUE)) >= limit) return null;
    }
  } else {
    for (const { key, value } of rows(bounds)) {
      if (isCut(key)) return key;
      if (entries.push(logicalEntry(key, value)) >= limit) return null;
    }
  }
  return null;
}

interface Ranges {
  readonly keys: (bounds: object) => Iterable<Buffer>;
  readonly rows: (bounds: object) => Iterable<{ readonly key: Buffer; readonly value: Buffer }>;
}

const knownRanges = new WeakMap<Lmdb, Ranges>();

/**
 * Making a range takes as long as reading a row by it, so that a store's are made once: `lmdb` looks at
 * where a range begins and ends when it is iterated. Each has to be read before the next one is asked for.
 */
function rangesOf(lmdb: Lmdb): Ranges {
  let ranges = knownRanges.get(lmdb);
  if (ranges === undefined) {
    ranges = {
      keys: movable((options) => lmdb.getKeys(options)),
      rows: movable((options) => lmdb.getRange(options)),
    };
    knownRanges.set(lmdb, ranges);
  }
  return ranges;
}

function movable<T>(make: (options: RangeOptions) => T): (bounds: object) => T {
  const options: RangeOptions = {};
  const range = make(options);
  return (bounds) => {
    Object.assign(options, bounds);
    return range;
  };
}

function readGroup(
  { lmdb, transaction, from, to }: Bounds,
  { lower, upper, isReverse }: ScanRequest,
): LogicalEntry[] {
  const at = transaction === undefined ? {} : { transaction };
  const rows = Array.from(lmdb.getRange({ start: from, end: to, ...at }));
  const entries = rows
    .map((row) => logicalEntry(row.key, row.value))
    .filter(({ key }) => key >= lower && (upper === null || key < upper))
    .sort((left, right) => (left.key < right.key ? -1 : 1));
  return isReverse ? entries.reverse() : entries;
}
