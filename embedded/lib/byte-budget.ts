/** Bytes that several holders keep in memory together, within a limit for all of them. */
export class ByteBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isExceeded(): boolean {
    return this.#used > this.#limit;
  }

  /** Bytes held at present. */
  get used(): number {
    return this.#used;
  }

  /** Counts bytes that are kept, or with a negative number bytes that are let go. */
  add(bytes: number): void {
    this.#used += bytes;
  }
}
