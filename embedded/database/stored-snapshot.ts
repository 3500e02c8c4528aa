import type { StorageSnapshot } from "../storage/storage.ts";
import { encodeKeyPart, afterPrefix } from "../values/index-key.ts";
import { NumberAllocator, type CatalogState, type TableState } from "./catalog-state.ts";
import { loadCatalog, tableId } from "./catalog-store.ts";
import { decodeStored } from "./stored-document.ts";
import type { DiskSnapshot, IndexKey, StoredDocument, StoredTable, Timestamp } from "./types.ts";

const MAX_FOUND = 16;

/** Reads tables as the disk had them at one moment. */
export class StoredSnapshot implements DiskSnapshot {
  readonly tables: readonly StoredTable[];
  readonly #storage: StorageSnapshot;
  readonly #catalog: CatalogState;

  constructor(storage: StorageSnapshot) {
    this.#storage = storage;
    const { catalog, counts } = loadCatalog(storage, new NumberAllocator());
    this.#catalog = catalog;
    this.tables = [...catalog.allTables()].map((table) => ({
      componentPath: table.componentPath,
      name: table.name,
      number: table.number,
      count: counts.get(tableId(table)) ?? 0,
    }));
  }

  get ts(): Timestamp {
    return this.#storage.ts;
  }

  documents(table: StoredTable, afterId: string | null, limit: number): StoredDocument[] {
    const { entries } = this.#storage.scan({
      index: this.#state(table).byId.number,
      lower: afterId === null ? "" : `${encodeKeyPart(afterId)}\0`,
      upper: null,
      isReverse: false,
      limit,
    });
    // The key is the encoded id: a type byte, the text and its end.
    return entries.map(({ key, value }) => decodeStored(key.slice(1, -1), value));
  }

  find(table: StoredTable, indexName: string, key: IndexKey): StoredDocument[] {
    const { byId, indexes } = this.#state(table);
    const index = indexes.find(({ name }) => name === indexName);
    if (index === undefined) throw new TypeError(`There is no index ${table.name}.${indexName}.`);
    const entries = (number: number, lower: IndexKey, limit: number) =>
      this.#storage.scan({
        index: number,
        lower,
        upper: afterPrefix(lower),
        isReverse: false,
        limit,
      }).entries;
    return entries(index.number, key, MAX_FOUND).flatMap(({ value }) => {
      const id = value.toString("latin1");
      return entries(byId.number, encodeKeyPart(id), 1).map((row) => decodeStored(id, row.value));
    });
  }

  close(): void {
    this.#storage.close();
  }

  #state({ componentPath, name }: StoredTable): TableState {
    const table = this.#catalog.table(componentPath, name);
    if (table === null) throw new TypeError(`There is no table ${name} in the snapshot.`);
    return table;
  }
}
