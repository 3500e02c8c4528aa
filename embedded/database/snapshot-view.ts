import { SortedMap } from "../lib/sorted-map.ts";
import type { Storage } from "../storage/storage.ts";
import type { CatalogState, TableState } from "./catalog-state.ts";
import type { StoredDocument, Timestamp } from "./types.ts";
import type { WriteLog } from "./write-log.ts";

/** Keys laid over an index: the id a key leads to, `null` where there is no such key. */
export type KeyLayer = Map<number, SortedMap<string | null>>;

const NOTHING: ReadonlyMap<string, StoredDocument | null> = new Map();

/** What a snapshot is read from. */
export interface SnapshotSource {
  readonly storage: Storage;
  readonly log: WriteLog;
  readonly latestTs: Timestamp;
  /** By number of the `by_id` index: the document as the newest commit left it. */
  latestDocument(byId: number, id: string): StoredDocument | null;
}

/**
 * The database as it was at one timestamp: the latest state with everything committed since undone.
 * Commits made while the view is in use are undone as they come.
 */
export class SnapshotView {
  readonly ts: Timestamp;
  readonly catalog: CatalogState;
  readonly #source: SnapshotSource;
  #undoneTs: Timestamp;
  /** By number of the table's `by_id` index, then by id. */
  readonly #documents = new Map<number, Map<string, StoredDocument | null>>();
  readonly #keys: KeyLayer = new Map();
  readonly #countDeltas = new Map<string, number>();

  constructor(source: SnapshotSource, ts: Timestamp, catalog: CatalogState) {
    this.#source = source;
    this.ts = ts;
    this.catalog = catalog;
    this.#undoneTs = ts;
  }

  /** Timestamp of the newest commit, whatever this view shows. */
  get latestTs(): Timestamp {
    return this.#source.latestTs;
  }

  get storage(): Storage {
    return this.#source.storage;
  }

  document(table: TableState, id: string): StoredDocument | null {
    this.catchUp();
    const undone = this.#documents.get(table.byId.number)?.get(id);
    if (undone !== undefined) return undone;
    return this.#source.latestDocument(table.byId.number, id);
  }

  /** Keys of an index that differ from the latest state. */
  undoneKeys(index: number): SortedMap<string | null> | undefined {
    this.catchUp();
    return this.#keys.get(index);
  }

  /** Documents of a table that differ from the latest state, as they are in this view. */
  changedDocuments(table: TableState): ReadonlyMap<string, StoredDocument | null> {
    this.catchUp();
    return this.#documents.get(table.byId.number) ?? NOTHING;
  }

  /** How many rows the table had more (or fewer) than now. */
  countDelta(tableKey: string): number {
    this.catchUp();
    return this.#countDeltas.get(tableKey) ?? 0;
  }

  /** @throws DatabaseError `SnapshotTooOld` when what it shows may be gone from the store. */
  catchUp(): void {
    this.#source.log.requireKept(this.ts);
    if (this.#undoneTs === this.#source.latestTs) return;
    for (const entry of this.#source.log.since(this.#undoneTs)) {
      // Of several changes the first one replaced what this snapshot saw.
      for (const { table, id, before } of entry.changes) {
        let documents = this.#documents.get(table.byId.number);
        if (documents === undefined) {
          this.#documents.set(
            table.byId.number,
            (documents = new Map<string, StoredDocument | null>()),
          );
        }
        if (!documents.has(id)) documents.set(id, before);
      }
      for (const { index, key, before } of entry.touched) {
        let layer = this.#keys.get(index);
        if (layer === undefined) this.#keys.set(index, (layer = new SortedMap()));
        if (!layer.has(key)) layer.set(key, before);
      }
      for (const [table, delta] of entry.countDeltas) {
        this.#countDeltas.set(table, (this.#countDeltas.get(table) ?? 0) - delta);
      }
    }
    this.#undoneTs = this.#source.latestTs;
  }
}
