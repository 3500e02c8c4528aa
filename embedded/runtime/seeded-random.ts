import { createCipheriv, createHash } from "node:crypto";

const BLOCK_BYTES = 512;
const NO_BLOCK = Buffer.alloc(0);

/** Random numbers that follow from a seed alone: the key stream of AES-256 in counter mode. */
export class SeededRandom {
  readonly #seed: () => Uint8Array;
  #cipher: ReturnType<typeof createCipheriv> | null = null;
  #block: Buffer = NO_BLOCK;
  #used = 0;

  /**
   * The seed is asked for with the first number. It may have any length, and must be unpredictable
   * when the numbers have to be.
   */
  constructor(seed: () => Uint8Array) {
    this.#seed = seed;
  }

  bytes(length: number): Buffer {
    const result = Buffer.alloc(length);
    for (let filled = 0; filled < length;) {
      if (this.#used === this.#block.length) this.#refill();
      const copied = this.#block.copy(result, filled, this.#used);
      this.#used += copied;
      filled += copied;
    }
    return result;
  }

  /** A float in [0, 1) with 53 random bits. */
  float(): number {
    const bytes = this.bytes(8);
    const high = bytes.readUInt32LE(0) >>> 5;
    const low = bytes.readUInt32LE(4) >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  #refill(): void {
    this.#cipher ??= createCipheriv(
      "aes-256-ctr",
      createHash("sha256").update(this.#seed()).digest(),
      Buffer.alloc(16),
    );
    this.#block = this.#cipher.update(Buffer.alloc(BLOCK_BYTES));
    this.#used = 0;
  }
}
