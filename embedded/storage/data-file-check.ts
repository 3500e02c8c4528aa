/**
 * Whether LMDB may be let at a data file. LMDB trusts what it maps into memory: a foreign, torn or
 * truncated file ends the process (abort, SIGBUS) instead of failing. So the meta pages are checked
 * first, and that the pages they lead to are what they should be.
 *
 * The layout is that of `MDB_page`, `MDB_meta`, `MDB_db` and `MDB_node` in mdb.c of lmdb 3.5
 * (liblmdb, data version 2, 64-bit little-endian).
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

import { systemErrorCode } from "./storage-error.ts";

/** What is wrong with a file: `damaged`, or `newer` when it was written by a later LMDB. */
export type DataFileProblem = "damaged" | "newer";

const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const META_LENGTH = 168;
const PAGE_HEADER_LENGTH = 24;
const NO_PAGE = (1n << 64n) - 1n;

const META_PAGE = 0x08;
const BRANCH_PAGE = 0x01;
const LEAF_PAGE = 0x02;
const BIG_DATA = 0x01;

/** Pages looked at when the file is as long as it says; all of them when it is shorter. */
const MAX_CHECKED_PAGES = 256;

interface Meta {
  readonly pageSize: number;
  /** Root pages of the list of free pages and of the data, with their depths. */
  readonly trees: readonly { readonly root: bigint; readonly depth: number }[];
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

/** `null` for a file that LMDB can open, for an empty one and for none. */
export function checkDataFile(path: string): DataFileProblem | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    return size === 0 ? null : check(descriptor, size);
  } finally {
    closeSync(descriptor);
  }
}

function check(descriptor: number, size: number): DataFileProblem | null {
  const first = readMeta(descriptor, 0);
  if (typeof first === "string") return first;
  const second = readMeta(descriptor, first.pageSize);
  if (typeof second === "string") return second;
  const meta = second.transaction > first.transaction ? second : first;
  // The last pages may never have been written when they were free at once, so being short proves
  // nothing: then every page in use has to be looked at.
  const isComplete = BigInt(size) >= (meta.lastPage + 1n) * BigInt(meta.pageSize);
  const walk = new TreeWalk(descriptor, size, meta, isComplete ? MAX_CHECKED_PAGES : Infinity);
  return meta.trees.every(({ root, depth }) => walk.isSound(root, depth)) ? null : "damaged";
}

function readMeta(descriptor: number, offset: number): Meta | DataFileProblem {
  const page = Buffer.alloc(META_LENGTH);
  if (readSync(descriptor, page, 0, META_LENGTH, offset) < META_LENGTH) return "damaged";
  if ((page.readUInt16LE(18) & META_PAGE) === 0 || page.readUInt32LE(24) !== MAGIC)
    return "damaged";
  const version = page.readUInt32LE(28) & 0xffff;
  if (version !== DATA_VERSION) return version > DATA_VERSION ? "newer" : "damaged";
  const pageSize = page.readUInt32LE(48);
  const isPowerOfTwo = (pageSize & (pageSize - 1)) === 0;
  if (!isPowerOfTwo || pageSize < 512 || pageSize > 65_536) return "damaged";
  const trees = [48, 96].map((at) => ({
    depth: page.readUInt16LE(at + 6),
    root: page.readBigUInt64LE(at + 40),
  }));
  return {
    pageSize,
    trees,
    lastPage: page.readBigUInt64LE(144),
    transaction: page.readBigUInt64LE(152),
  };
}

/** Follows a tree from its root, breadth first, as far as the budget goes. */
class TreeWalk {
  readonly #descriptor: number;
  readonly #size: number;
  readonly #meta: Meta;
  #budget: number;
  readonly #page: Buffer;

  constructor(descriptor: number, size: number, meta: Meta, budget: number) {
    this.#descriptor = descriptor;
    this.#size = size;
    this.#meta = meta;
    this.#budget = budget;
    this.#page = Buffer.alloc(meta.pageSize);
  }

  isSound(root: bigint, depth: number): boolean {
    if (root === NO_PAGE) return depth === 0;
    let level = [root];
    for (let below = depth - 1; below >= 0 && this.#budget > 0; below -= 1) {
      const next: bigint[] = [];
      for (const number of level) {
        if (this.#budget <= 0) break;
        this.#budget -= 1;
        const children = this.#children(number, below === 0);
        if (children === null) return false;
        next.push(...children);
      }
      level = next;
    }
    return true;
  }

  /** Pages that a branch page leads to; none for a leaf page, `null` for a page that is not sound. */
  #children(number: bigint, isLeaf: boolean): bigint[] | null {
    const { pageSize } = this.#meta;
    if (!this.#isInside(number, 1n)) return null;
    const page = this.#page;
    const read = readSync(this.#descriptor, page, 0, pageSize, Number(number) * pageSize);
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const isRight =
      read === pageSize &&
      page.readBigUInt64LE(0) === number &&
      (page.readUInt16LE(18) & (BRANCH_PAGE | LEAF_PAGE)) === (isLeaf ? LEAF_PAGE : BRANCH_PAGE) &&
      lower <= upper &&
      upper <= pageSize - PAGE_HEADER_LENGTH;
    if (!isRight) return null;
    const children: bigint[] = [];
    for (let at = 0; at < lower; at += 2) {
      const node = page.readUInt16LE(PAGE_HEADER_LENGTH + at) + PAGE_HEADER_LENGTH;
      if (node + 8 > pageSize) return null;
      if (isLeaf ? !this.#isLeafNodeSound(node) : !this.#addChild(node, children)) return null;
    }
    return children;
  }

  /** The page number of a branch node lies in the fields that hold a leaf node's size and flags. */
  #addChild(node: number, children: bigint[]): boolean {
    const low = BigInt(this.#page.readUInt32LE(node));
    const child = low | (BigInt(this.#page.readUInt16LE(node + 4)) << 32n);
    children.push(child);
    return this.#isInside(child, 1n);
  }

  /** A large value lies in pages of its own, which the node names. */
  #isLeafNodeSound(node: number): boolean {
    const page = this.#page;
    if ((page.readUInt16LE(node + 4) & BIG_DATA) === 0) return true;
    const data = node + 8 + page.readUInt16LE(node + 6);
    if (data + 24 > page.length) return false;
    return this.#isInside(page.readBigUInt64LE(data), page.readBigUInt64LE(data + 16));
  }

  #isInside(number: bigint, count: bigint): boolean {
    const { lastPage, pageSize } = this.#meta;
    const end = number + count;
    return number >= 2n && end <= lastPage + 1n && end * BigInt(pageSize) <= BigInt(this.#size);
  }
}
