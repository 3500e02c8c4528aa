import { SortedMap } from "../lib/sorted-map.ts";
import { databaseIndexes, isSystemTable, type TableState } from "./catalog-state.ts";
import type { KeyLayer } from "./snapshot-view.ts";
import { documentKey, isSameAt, parseDocument, type ParsedDocument } from "./stored-document.ts";
import type { StoredDocument } from "./types.ts";

/** A document that a transaction has written. */
export interface OwnDocument {
  readonly table: TableState;
  /** As the snapshot has it. */
  readonly before: StoredDocument | null;
  readonly current: ParsedDocument | null;
}

interface JournalEntry {
  readonly table: TableState;
  readonly size: number;
  readonly id: string;
  readonly previous: OwnDocument | undefined;
  readonly keys: readonly {
    readonly index: number;
    readonly key: string;
    readonly previous: string | null | undefined;
  }[];
}

/** The uncommitted writes of a transaction, with the index keys they make, undoable in order. */
export class OwnWrites {
  readonly #documents = new Map<string, OwnDocument>();
  readonly #keys: KeyLayer = new Map();
  readonly #journal: JournalEntry[] = [];
  /** Writes to user tables: the same document written twice counts twice, a removal has no bytes. */
  userDocuments = 0;
  userBytes = 0;

  /** Number of writes so far: a position to roll back to. */
  get count(): number {
    return this.#journal.length;
  }

  /** `undefined` when the document was not written. */
  get(id: string): OwnDocument | undefined {
    return this.#documents.get(id);
  }

  keys(index: number): SortedMap<string | null> | undefined {
    return this.#keys.get(index);
  }

  documents(): IterableIterator<[string, OwnDocument]> {
    return this.#documents.entries();
  }

  /** `visible` is what the transaction saw of the document until now. */
  write(
    table: TableState,
    id: string,
    visible: StoredDocument | null,
    next: ParsedDocument | null,
  ): void {
    const previous = this.#documents.get(id);
    const old = previous?.current ?? (visible === null ? null : parseDocument(visible));
    const undo: { index: number; key: string; previous: string | null | undefined }[] = [];
    const lay = (index: number, key: string, value: string | null): void => {
      let layer = this.#keys.get(index);
      if (layer === undefined) this.#keys.set(index, (layer = new SortedMap()));
      undo.push({ index, key, previous: layer.get(key) });
      layer.set(key, value);
    };
    for (const { number, paths } of databaseIndexes(table)) {
      if (old !== null && next !== null && isSameAt(old.value, next.value, paths)) continue;
      const oldKey = old === null ? null : documentKey(old.value, paths);
      const newKey = next === null ? null : documentKey(next.value, paths);
      if (oldKey !== null && oldKey !== newKey) lay(number, oldKey, null);
      if (newKey !== null) lay(number, newKey, id);
    }
    const entry = { table, size: next?.stored.size ?? 0, id, previous, keys: undo };
    this.#journal.push(entry);
    this.#count(entry, 1);
    const before = previous === undefined ? visible : previous.before;
    this.#documents.set(id, { table, before, current: next });
  }

  rollbackTo(count: number): void {
    while (this.#journal.length > count) {
      const entry = this.#journal.pop();
      if (entry === undefined) return;
      this.#count(entry, -1);
      for (const { index, key, previous } of entry.keys) {
        if (previous === undefined) this.#keys.get(index)?.delete(key);
        else this.#keys.get(index)?.set(key, previous);
      }
      if (entry.previous === undefined) this.#documents.delete(entry.id);
      else this.#documents.set(entry.id, entry.previous);
    }
  }

  #count({ table, size }: JournalEntry, sign: 1 | -1): void {
    if (isSystemTable(table.name)) return;
    this.userDocuments += sign;
    this.userBytes += sign * size;
  }
}
