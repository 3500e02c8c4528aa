import { closeSync, fdatasync, openSync, read, unlinkSync, write } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const readAt = promisify(read);
const writeAt = promisify(write);
const sync = promisify(fdatasync);

/** A file without a name: its room is free again once it is closed, or the process has ended. */
export class ScratchFile {
  readonly #file: number;
  #length = 0;
  #isOpen = true;

  constructor(folder: string) {
    const path = join(folder, "scratch");
    this.#file = openSync(path, "w+", 0o600);
    unlinkSync(path);
  }

  get length(): number {
    return this.#length;
  }

  async append(bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      this.#checkOpen();
      const rest = bytes.length - written;
      const done = await writeAt(this.#file, bytes, written, rest, this.#length);
      written += done.bytesWritten;
      this.#length += done.bytesWritten;
    }
  }

  /** Up to `length` bytes, fewer only at the end. */
  async read(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      this.#checkOpen();
      const rest = length - filled;
      const { bytesRead } = await readAt(this.#file, bytes, filled, rest, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }

  /** What was appended leaves the system's memory now rather than all at once later. */
  async settle(): Promise<void> {
    this.#checkOpen();
    await sync(this.#file);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new Error("The scratch file is closed.");
  }
}
