import type { Transaction } from "lmdb";

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
  const at = transaction === undefined ? {} : { transaction };
  const range = {
    ...(isReverse
      ? { start: to, exclusiveStart: true, end: from, inclusiveEnd: true, reverse: true }
      : { start: from, end: to }),
    ...at,
    limit: limit - entries.length,
  };
  if (areKeysEnough === true) {
    for (const key of lmdb.getKeys(range)) {
      if (isCut(key)) return key;
      entries.push(logicalEntry(key, NO_VALUE));
    }
  } else {
    for (const { key, value } of lmdb.getRange(range)) {
      if (isCut(key)) return key;
      entries.push(logicalEntry(key, value));
    }
  }
  return null;
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
