import type { ServerResponse } from "node:http";

import { ByteBudget } from "../lib/byte-budget.ts";

/** How long a client may take over the rest of a response without reading any of it. */
const STALL_MS = 60_000;

/**
 * Responses that were written and that their clients have not read. Together they hold a bounded
 * number of bytes: beyond it the largest are given up. One that stands still is given up in time.
 */
export class UnreadResponses {
  readonly #budget: ByteBudget;
  readonly #stallMs: number;
  readonly #unread = new Map<ServerResponse, number>();

  constructor(limitBytes: number, stallMs = STALL_MS) {
    this.#budget = new ByteBudget(limitBytes);
    this.#stallMs = stallMs;
  }

  /** How many responses are unread; for tests and metrics. */
  get size(): number {
    return this.#unread.size;
  }

  /** To be told of a response that was ended, read or not. */
  add(response: ServerResponse): void {
    const bytes = response.socket?.writableLength ?? 0;
    if (response.writableFinished || response.destroyed || bytes === 0) return;
    this.#unread.set(response, bytes);
    this.#budget.add(bytes);
    response.once("close", () => this.#remove(response));
    response.setTimeout(this.#stallMs, () => response.destroy());
    while (this.#budget.isExceeded) this.#shedLargest();
  }

  #shedLargest(): void {
    const [largest] = [...this.#unread].toSorted(([, left], [, right]) => right - left);
    if (largest === undefined) return;
    this.#remove(largest[0]);
    largest[0].destroy();
  }

  #remove(response: ServerResponse): void {
    const bytes = this.#unread.get(response) ?? 0;
    if (this.#unread.delete(response)) this.#budget.add(-bytes);
  }
}
