import {
  encodedLength,
  encodeRun,
  RunReader,
  type RunSource,
  type SortableEntry,
  type SortedEntry,
} from "./entry-run.ts";
import { ScratchFile } from "./scratch-file.ts";

export interface SorterOptions {
  /** Where there is room for what memory does not hold. */
  readonly folder: string;
  /** Asked before so many bytes are written there; throws when they do not fit. */
  readonly requireSpace: (bytes: number) => void;
  /** Bytes of entries in memory before they go to the disk. */
  readonly memory?: number;
}

const MEMORY = 48 * 2 ** 20;
/** Bytes of all the pieces of runs together, which a merge holds in memory. */
const PIECES = 16 * 2 ** 20;
const MIN_PIECE = 1 << 14;
const MAX_PIECE = 1 << 19;
/** What is merged before other work gets its turn. */
const BATCH_ENTRIES = 8192;
const BATCH_BYTES = 1 << 20;

/**
 * Puts entries of indexes in order, however many there are: sorted runs wait in memory, then in a
 * file, and are merged at the end.
 */
export class EntrySorter {
  readonly #options: SorterOptions;
  readonly #memory: number;
  /** Added lately, not in order yet. */
  #loose: SortableEntry[] = [];
  #looseBytes = 0;
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  #file: ScratchFile | null = null;
  readonly #runs: { readonly start: number; readonly end: number }[] = [];
  #count = 0;
  #isClosed = false;

  constructor(options: SorterOptions) {
    this.#options = options;
    this.#memory = options.memory ?? MEMORY;
  }

  /** How many entries there are. */
  get count(): number {
    return this.#count;
  }

  /** How many bytes of them are in memory. */
  get heldBytes(): number {
    return this.#chunkBytes + this.#looseBytes;
  }

  /** How many bytes of them lie in the file. */
  get spilledBytes(): number {
    return this.#file?.length ?? 0;
  }

  /** Resolves when there is room for more. */
  async add(entries: readonly SortableEntry[]): Promise<void> {
    if (this.#isClosed) throw new Error("The sorter is closed.");
    for (const entry of entries) {
      this.#loose.push(entry);
      this.#looseBytes += encodedLength(entry);
    }
    this.#count += entries.length;
    const enough = Math.min(BATCH_BYTES, this.#memory);
    if (this.#loose.length >= BATCH_ENTRIES || this.#looseBytes >= enough) this.#sortLoose();
    if (this.#chunkBytes > 0 && this.#chunkBytes >= this.#memory) await this.#spill();
  }

  /** All entries by index and key, those of equal keys in the order they were added in. */
  async *sorted(): AsyncGenerator<SortedEntry[]> {
    this.#sortLoose();
    const file = this.#file;
    const length = PIECES / Math.max(1, this.#runs.length);
    const pieceLength = Math.floor(Math.min(MAX_PIECE, Math.max(MIN_PIECE, length)));
    const runs = file === null ? [] : this.#runs.map((run) => ({ file, ...run, pieceLength }));
    const chunks = this.#chunks.map((bytes) => ({ bytes }));
    yield* merged([...runs, ...chunks], (reader) => reader.entry);
  }

  /** Gives memory and room free. Harmless when called twice. */
  close(): void {
    this.#isClosed = true;
    this.#loose = [];
    this.#looseBytes = 0;
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#file?.close();
  }

  #sortLoose(): void {
    if (this.#loose.length === 0) return;
    const chunk = encodeRun(this.#loose);
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
    this.#loose = [];
    this.#looseBytes = 0;
  }

  async #spill(): Promise<void> {
    this.#options.requireSpace(this.#chunkBytes);
    const file = (this.#file ??= new ScratchFile(this.#options.folder));
    const start = file.length;
    const sources = this.#chunks.map((bytes) => ({ bytes }));
    for await (const parts of merged(sources, (reader) => reader.bytes)) {
      await file.append(Buffer.concat(parts));
    }
    await file.settle();
    this.#runs.push({ start, end: file.length });
    this.#chunks = [];
    this.#chunkBytes = 0;
  }
}

/** What `take` makes of the entries of all runs, in order, some at a time. */
async function* merged<T>(
  sources: readonly RunSource[],
  take: (reader: RunReader) => T,
): AsyncGenerator<T[]> {
  const heap: RunReader[] = [];
  for (const [order, source] of sources.entries()) {
    const reader = new RunReader(source, order);
    if (reader.step() || (await reader.load())) heap.push(reader);
  }
  for (let at = heap.length >>> 1; at >= 0; at -= 1) sink(heap, at);
  let batch: T[] = [];
  let length = 0;
  for (let first = heap[0]; first !== undefined; first = heap[0]) {
    batch.push(take(first));
    length += first.length;
    if (!first.step() && !(await first.load())) {
      const last = heap.pop();
      if (last !== undefined && last !== first) heap[0] = last;
    }
    sink(heap, 0);
    if (batch.length < BATCH_ENTRIES && length < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    length = 0;
  }
  if (batch.length > 0) yield batch;
}

/** Moves a reader of a binary heap down to where none below it stands at an earlier entry. */
function sink(heap: RunReader[], position: number): void {
  const reader = heap[position];
  if (reader === undefined) return;
  let at = position;
  for (;;) {
    const left = heap[2 * at + 1];
    if (left === undefined) break;
    const right = heap[2 * at + 2];
    const isRight = right !== undefined && right.isBefore(left);
    const child = isRight ? right : left;
    if (!child.isBefore(reader)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = reader;
}
