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
    const wanted = limit - entries.length;
    const rows = readRows({ lmdb, transaction, from, to, isReverse, limit: wanted });
    const cutAt = rows.findIndex((row) => isCut(row.key));
    for (const row of cutAt < 0 ? rows : rows.slice(0, cutAt)) {
      entries.push(logicalEntry(row.key, row.value));
    }
    const cutRow = rows[cutAt];
    if (cutRow === undefined) return entries;
    const group = groupLimits(cutRow.key);
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

function readRows(bounds: Bounds & { readonly isReverse: boolean; readonly limit: number }) {
  const { lmdb, from, to, isReverse, limit } = bounds;
  const at = bounds.transaction === undefined ? {} : { transaction: bounds.transaction };
  const range = isReverse
    ? { start: to, exclusiveStart: true, end: from, inclusiveEnd: true, reverse: true }
    : { start: from, end: to };
  return Array.from(lmdb.getRange({ ...range, ...at, limit }));
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
