import { SortedMap } from "../lib/sorted-map.ts";
import { hasCommitTs } from "../values/commit-ts.ts";
import { tableId } from "./catalog-store.ts";
import type { KeyLayer } from "./snapshot-view.ts";
import type { TableState } from "./catalog-state.ts";
import type { DatabaseTransaction } from "./transaction.ts";
import type { StoredDocument } from "./types.ts";

/** Laying writes over a snapshot copies them; beyond this many it is better to commit first. */
const MAX_WRITES = 2_000;

const NOTHING: ReadonlyMap<string, StoredDocument | null> = new Map();

/**
 * What transactions that are over, but not committed yet, are going to write: laid over the latest
 * state it is what the next transaction reads. Grows as one transaction follows the other; only the
 * last one in the row reads it.
 */
export class PlannedWrites {
  readonly #transactions: DatabaseTransaction[] = [];
  /** By number of the table's `by_id` index, then by id. */
  readonly #documents = new Map<number, Map<string, StoredDocument | null>>();
  readonly #keys: KeyLayer = new Map();
  readonly #countDeltas = new Map<string, number>();
  #writes = 0;

  /** In the order in which they are to be committed. */
  get transactions(): readonly DatabaseTransaction[] {
    return this.#transactions;
  }

  /** Whether the transaction's effect can be told before it is committed; then it is added. */
  add(transaction: DatabaseTransaction): boolean {
    this.#writes += transaction.writeCount;
    if (transaction.changesCatalog || this.#writes > MAX_WRITES) return false;
    for (const [, { current }] of transaction.writtenDocuments()) {
      if (current !== null && hasCommitTs(current.stored.json)) return false;
    }
    for (const [id, { table, before, current }] of transaction.writtenDocuments()) {
      this.#documentsOf(table).set(id, current?.stored ?? null);
      const delta = (current === null ? 0 : 1) - (before === null ? 0 : 1);
      const key = tableId(table);
      this.#countDeltas.set(key, (this.#countDeltas.get(key) ?? 0) + delta);
    }
    for (const [index, written] of transaction.writtenKeys()) {
      let keys = this.#keys.get(index);
      if (keys === undefined) this.#keys.set(index, (keys = new SortedMap()));
      for (const { key, value } of written.entries()) keys.set(key, value);
    }
    this.#transactions.push(transaction);
    return true;
  }

  /** `undefined` when none of the transactions wrote it. */
  document(table: TableState, id: string): StoredDocument | null | undefined {
    return this.#documents.get(table.byId.number)?.get(id);
  }

  documents(table: TableState): ReadonlyMap<string, StoredDocument | null> {
    return this.#documents.get(table.byId.number) ?? NOTHING;
  }

  keys(index: number): SortedMap<string | null> | undefined {
    return this.#keys.get(index);
  }

  countDelta(tableKey: string): number {
    return this.#countDeltas.get(tableKey) ?? 0;
  }

  #documentsOf(table: TableState): Map<string, StoredDocument | null> {
    const { number } = table.byId;
    let documents = this.#documents.get(number);
    if (documents === undefined)
      this.#documents.set(number, (documents = new Map<string, StoredDocument | null>()));
    return documents;
  }
}
