import { Readable } from "node:stream";

import { RandomAccessReader } from "yauzl";

import type { BlobFolder } from "../storage/blob-folder.ts";

/** A file that was uploaded in parts, read as a whole. */
export class UploadedFile {
  readonly size: number;
  readonly #blobs: BlobFolder;
  readonly #parts: readonly { readonly key: string; readonly size: number }[];

  /** @param partKeys blobs in the order of the file. */
  constructor(blobs: BlobFolder, partKeys: readonly string[]) {
    this.#blobs = blobs;
    this.#parts = partKeys.map((key) => {
      const size = blobs.sizeOf(key);
      if (size === null) throw missing(key);
      return { key, size };
    });
    this.size = this.#parts.reduce((sum, { size }) => sum + size, 0);
  }

  /** Bytes from `start` up to, not including, `end`. */
  async *bytes(start = 0, end = this.size): AsyncGenerator<Buffer> {
    let position = 0;
    for (const { key, size } of this.#parts) {
      const from = Math.max(start - position, 0);
      const to = Math.min(end - position, size);
      position += size;
      if (from >= to) continue;
      const stream = this.#blobs.openRange(key, { start: from, end: to - 1 });
      if (stream === null) throw missing(key);
      yield* stream as AsyncIterable<Buffer>;
    }
  }

  /** For reading it as a ZIP, whose directory is at its end. */
  randomAccess(): RandomAccessReader {
    return new PartReader(this);
  }
}

class PartReader extends RandomAccessReader {
  readonly #file: UploadedFile;

  constructor(file: UploadedFile) {
    super();
    this.#file = file;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#file.bytes(start, end), { objectMode: false });
  }
}

function missing(key: string): Error {
  return new Error(`Part ${key} of an upload is missing.`);
}
