/**
 * Whether LMDB may be let at a data file. LMDB trusts what it maps into memory: a foreign, torn or
 * truncated file ends the process (abort, SIGBUS) instead of failing. So the meta pages are checked
 * first, and that the pages they lead to are what they should be: the first of them before a start,
 * all of them before a file is trusted to be a backup.
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
const OVERFLOW_PAGE = 0x04;
const NODE_HEADER_LENGTH = 8;
const BIG_DATA = 0x01;
/** What a node has in the place of a large value: number, transaction and count of its pages. */
const BIG_DATA_LENGTH = 24;

/** How many pages are looked at between two reports of progress. */
const PROGRESS_STEP = 4096;

/** Pages looked at when the file is as long as it says; all of them when it is shorter. */
const MAX_CHECKED_PAGES = 256;

interface Tree {
  /** `NO_PAGE` when it is empty. */
  readonly root: bigint;
  readonly depth: number;
  readonly entries: bigint;
  /** Whether its keys lie in the order of their bytes; those of the free list are numbers. */
  readonly hasBinaryKeys: boolean;
}

interface Meta {
  readonly pageSize: number;
  /** The list of free pages and the data. */
  readonly trees: readonly Tree[];
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

/** `null` for a file that LMDB can open, for an empty one and for none. Looks at the first pages only. */
export function checkDataFile(path: string): DataFileProblem | null {
  return withFile(path, null, (descriptor, size) => {
    const meta = readNewestMeta(descriptor, size);
    if (typeof meta === "string") return meta;
    // The last pages may never have been written when they were free at once, so being short proves
    // nothing: then every page in use has to be looked at.
    const isComplete = BigInt(size) >= (meta.lastPage + 1n) * BigInt(meta.pageSize);
    const budget = isComplete ? MAX_CHECKED_PAGES : Infinity;
    const pages = new PageReader(descriptor, size, meta);
    return meta.trees.every((tree) => isSoundFromRoot(pages, tree, budget)) ? null : "damaged";
  });
}

/**
 * Looks at every page in use of a file that nobody writes to. The values in them are another matter.
 * Takes memory for one bit per page.
 * @returns what is damaged, for a sentence; `null` for a sound file.
 */
export function findDamagedPage(
  path: string,
  onProgress: (done: number, total: number) => void,
): string | null {
  return withFile(path, "there is no data file", (descriptor, size) => {
    const meta = readNewestMeta(descriptor, size);
    if (typeof meta === "string") return "its first pages are no database's";
    const walk = new WholeWalk(new PageReader(descriptor, size, meta), meta, onProgress);
    for (const tree of meta.trees) {
      const problem = walk.findProblem(tree);
      if (problem !== null) return problem;
    }
    return null;
  });
}

/** Gives `missing` when there is no file, `null` for an empty one. */
function withFile<T>(
  path: string,
  missing: T | null,
  check: (descriptor: number, size: number) => T | null,
): T | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return missing;
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    return size === 0 ? null : check(descriptor, size);
  } finally {
    closeSync(descriptor);
  }
}

function readNewestMeta(descriptor: number, size: number): Meta | DataFileProblem {
  const first = readMeta(descriptor, 0);
  if (typeof first === "string") return first;
  const second = readMeta(descriptor, first.pageSize);
  if (typeof second === "string") return second;
  const meta = second.transaction > first.transaction ? second : first;
  return Number(meta.lastPage) > Number.MAX_SAFE_INTEGER / meta.pageSize || size < meta.pageSize
    ? "damaged"
    : meta;
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
  const trees = [48, 96].map((at, position) => ({
    depth: page.readUInt16LE(at + 6),
    entries: page.readBigUInt64LE(at + 32),
    root: page.readBigUInt64LE(at + 40),
    hasBinaryKeys: position === 1,
  }));
  return {
    pageSize,
    trees,
    lastPage: page.readBigUInt64LE(144),
    transaction: page.readBigUInt64LE(152),
  };
}

/** Follows a tree from its root, breadth first, as far as the budget goes. */
function isSoundFromRoot(pages: PageReader, { root, depth }: Tree, budget: number): boolean {
  if (root === NO_PAGE) return depth === 0;
  let left = budget;
  let level = [Number(root)];
  for (let below = depth - 1; below >= 0 && left > 0; below -= 1) {
    const next: number[] = [];
    for (const number of level) {
      if (left <= 0) break;
      left -= 1;
      const page = pages.read(number, below === 0);
      if (page === null) return false;
      next.push(...page.children);
    }
    level = next;
  }
  return true;
}

/** Follows trees depth first to their ends. */
class WholeWalk {
  readonly #pages: PageReader;
  readonly #onProgress: (done: number, total: number) => void;
  readonly #pageCount: number;
  /** One bit for each page: a page belongs to one place. */
  readonly #seen: Uint8Array;
  #done = 0;
  #entries = 0;
  #lastKey: Buffer | null = null;

  constructor(pages: PageReader, meta: Meta, onProgress: (done: number, total: number) => void) {
    this.#pages = pages;
    this.#onProgress = onProgress;
    this.#pageCount = Number(meta.lastPage) + 1;
    this.#seen = new Uint8Array(Math.ceil(this.#pageCount / 8));
  }

  findProblem({ root, depth, entries, hasBinaryKeys }: Tree): string | null {
    this.#entries = 0;
    this.#lastKey = null;
    if (root === NO_PAGE) return depth === 0 ? null : "its root is missing";
    const problem = this.#walk(Number(root), depth - 1, hasBinaryKeys);
    if (problem !== null) return problem;
    return BigInt(this.#entries) === entries
      ? null
      : `it has ${this.#entries} entries instead of ${entries}`;
  }

  #walk(number: number, below: number, isOrdered: boolean): string | null {
    const page = this.#pages.read(number, below === 0);
    if (page === null || !this.#claim(number, 1)) return this.#damaged(number);
    this.#done += 1;
    if (this.#done % PROGRESS_STEP === 0) this.#onProgress(this.#done, this.#pageCount);
    if (below === 0) return this.#leaf(number, page, isOrdered);
    for (const child of page.children) {
      const problem = this.#walk(child, below - 1, isOrdered);
      if (problem !== null) return problem;
    }
    return null;
  }

  #leaf(number: number, { keys, large }: SoundPage, isOrdered: boolean): string | null {
    this.#entries += keys.length;
    if (isOrdered) {
      for (const key of keys) {
        if (this.#lastKey !== null && this.#lastKey.compare(key) >= 0) return this.#damaged(number);
        this.#lastKey = key;
      }
      // The page's bytes are overwritten by the next one's.
      this.#lastKey = Buffer.from(this.#lastKey ?? []);
    }
    for (const { number: first, count } of large) {
      if (!this.#claim(first, count) || !this.#pages.isLargeValue(first, count)) {
        return this.#damaged(first);
      }
      this.#done += count;
    }
    return null;
  }

  #damaged(number: number): string {
    return `page ${number} of ${this.#pageCount}`;
  }

  #claim(first: number, count: number): boolean {
    for (let number = first; number < first + count; number += 1) {
      const bit = 1 << (number & 7);
      const seen = this.#seen[number >> 3] ?? 0xff;
      if ((seen & bit) !== 0) return false;
      this.#seen[number >> 3] = seen | bit;
    }
    return true;
  }
}

/** What is in a page that is what it should be; the keys are of use until the next page is read. */
interface SoundPage {
  /** Pages that a branch page leads to; none for a leaf page. */
  readonly children: number[];
  readonly keys: Buffer[];
  /** First page and count of pages of each large value. */
  readonly large: { readonly number: number; readonly count: number }[];
}

class PageReader {
  readonly #descriptor: number;
  readonly #pageSize: number;
  /** Pages that the file has and the newest meta page knows. */
  readonly #pageCount: number;
  readonly #page: Buffer;
  readonly #header = Buffer.alloc(PAGE_HEADER_LENGTH);

  constructor(descriptor: number, size: number, { pageSize, lastPage }: Meta) {
    this.#descriptor = descriptor;
    this.#pageSize = pageSize;
    this.#pageCount = Math.min(Number(lastPage) + 1, Math.floor(size / pageSize));
    this.#page = Buffer.alloc(pageSize);
  }

  /** `null` for a page that is not sound. */
  read(number: number, isLeaf: boolean): SoundPage | null {
    if (!this.#isInside(number, 1)) return null;
    const page = this.#page;
    const read = readSync(this.#descriptor, page, 0, page.length, number * this.#pageSize);
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const isRight =
      read === page.length &&
      page.readBigUInt64LE(0) === BigInt(number) &&
      (page.readUInt16LE(18) & (BRANCH_PAGE | LEAF_PAGE)) === (isLeaf ? LEAF_PAGE : BRANCH_PAGE) &&
      lower <= upper &&
      upper <= page.length - PAGE_HEADER_LENGTH;
    if (!isRight) return null;
    const found: SoundPage = { children: [], keys: [], large: [] };
    for (let at = 0; at < lower; at += 2) {
      const node = page.readUInt16LE(PAGE_HEADER_LENGTH + at) + PAGE_HEADER_LENGTH;
      if (node + NODE_HEADER_LENGTH > page.length || node < PAGE_HEADER_LENGTH + lower) return null;
      if (isLeaf ? !this.#addEntry(node, found) : !this.#addChild(node, found)) return null;
    }
    return found;
  }

  /** Whether a large value begins at a page; its bytes can be any. */
  isLargeValue(number: number, count: number): boolean {
    const header = this.#header;
    const read = readSync(this.#descriptor, header, 0, header.length, number * this.#pageSize);
    return (
      read === header.length &&
      header.readBigUInt64LE(0) === BigInt(number) &&
      (header.readUInt16LE(18) & OVERFLOW_PAGE) !== 0 &&
      header.readUInt32LE(20) === count
    );
  }

  /** The page number of a branch node lies in the fields that hold a leaf node's size and flags. */
  #addChild(node: number, { children }: SoundPage): boolean {
    const page = this.#page;
    const child = page.readUInt32LE(node) + page.readUInt16LE(node + 4) * 2 ** 32;
    children.push(child);
    return (
      this.#isInside(child, 1) &&
      node + NODE_HEADER_LENGTH + page.readUInt16LE(node + 6) <= page.length
    );
  }

  /** A large value lies in pages of its own, which the node names. */
  #addEntry(node: number, { keys, large }: SoundPage): boolean {
    const page = this.#page;
    const isLarge = (page.readUInt16LE(node + 4) & BIG_DATA) !== 0;
    const keyAt = node + NODE_HEADER_LENGTH;
    const dataAt = keyAt + page.readUInt16LE(node + 6);
    if (dataAt + (isLarge ? BIG_DATA_LENGTH : page.readUInt32LE(node)) > page.length) return false;
    keys.push(page.subarray(keyAt, dataAt));
    if (!isLarge) return true;
    const number = Number(page.readBigUInt64LE(dataAt));
    const count = Number(page.readBigUInt64LE(dataAt + 16));
    large.push({ number, count });
    return this.#isInside(number, count);
  }

  #isInside(number: number, count: number): boolean {
    return number >= 2 && count >= 1 && number + count <= this.#pageCount;
  }
}
