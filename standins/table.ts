import type * as z from "zod";

import type { Journal } from "./journal.ts";

/**
 * Entries of one kind, oldest first, kept in a journal. When there are more than `limit`, the oldest
 * are forgotten.
 */
export class Table<Entry> {
  readonly #entries = new Map<string, Entry>();
  readonly #journal: Journal;
  readonly #name: string;
  readonly #limit: number;
  readonly #keyOf: (entry: Entry) => string;

  constructor(options: {
    readonly journal: Journal;
    readonly name: string;
    readonly limit: number;
    readonly schema: z.ZodType<Entry>;
    readonly keyOf: (entry: Entry) => string;
  }) {
    this.#journal = options.journal;
    this.#name = options.name;
    this.#limit = options.limit;
    this.#keyOf = options.keyOf;
    for (const value of options.journal.values(options.name)) {
      const parsed = options.schema.safeParse(value);
      if (parsed.success) this.#entries.set(options.keyOf(parsed.data), parsed.data);
    }
  }

  find(key: string): Entry | null {
    return this.#entries.get(key) ?? null;
  }

  /** Oldest first. */
  list(): Entry[] {
    return [...this.#entries.values()];
  }

  /** Newest first. */
  listNewest(): Entry[] {
    return this.list().reverse();
  }

  put(entry: Entry): void {
    const key = this.#keyOf(entry);
    this.#entries.set(key, entry);
    this.#journal.write(this.#name, key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limit) break;
      this.remove(oldest);
    }
  }

  remove(key: string): void {
    if (this.#entries.delete(key)) this.#journal.remove(this.#name, key);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.remove(key);
  }
}
