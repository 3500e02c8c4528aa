/** Search indexes as the database uses them: documents in, ranked and tracked results out. */
import { SEARCH_LIMITS } from "../lib/limits.ts";
import { makeSearchDocument, type SearchDocument } from "../search/search-document.ts";
import { searchDocuments, type SearchDifference, type SearchHit } from "../search/search-query.ts";
import { queryTerms } from "../search/tokenizer.ts";
import type { Storage } from "../storage/storage.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import type { SearchIndexState, TableState } from "./catalog-state.ts";
import { DatabaseError } from "./database-error.ts";
import type { OwnDocument } from "./own-writes.ts";
import type { SnapshotView } from "./snapshot-view.ts";
import {
  decodeStored,
  isSameAt,
  parseDocument,
  valueAt,
  type ParsedDocument,
} from "./stored-document.ts";
import type { SearchRead, SearchRequest, StoredDocument, Timestamp } from "./types.ts";

/** `null` for documents whose search field holds no string: they are not in the index. */
export function searchDocumentOf(
  index: SearchIndexState,
  document: ParsedDocument | null,
): SearchDocument | null {
  if (document === null) return null;
  const { stored, value } = document;
  const text = valueAt(value, index.searchField.split("."));
  if (typeof text !== "string") return null;
  const filterKeys = new Map(
    index.filterFields.map((field) => [field, encodeKeyPart(valueAt(value, field.split(".")))]),
  );
  return makeSearchDocument(stored.id, stored.creationTime, text, filterKeys);
}

/** Whether two versions of a row certainly are the same to an index; without taking them apart. */
export function isSameToSearch(
  { searchField, filterFields }: SearchIndexState,
  old: ParsedDocument,
  next: ParsedDocument,
): boolean {
  const paths = [searchField, ...filterFields].map((field) => field.split("."));
  return isSameAt(old.value, next.value, paths);
}

/**
 * What a request reads; `null` when its filters contradict each other, so that nothing can match.
 * @throws DatabaseError `IncorrectFilterFieldError`
 */
export function searchRead(index: SearchIndexState, request: SearchRequest): SearchRead | null {
  const filters = new Map<string, string>();
  for (const { fieldPath, key } of request.filters) {
    if (!index.filterFields.includes(fieldPath)) {
      throw new DatabaseError(
        "IncorrectFilterFieldError",
        `Search query against ${request.table}.${index.name} contains an equality filter on ` +
          `"${fieldPath}" but that field isn't indexed for filtering in \`filterFields\`.`,
      );
    }
    if ((filters.get(fieldPath) ?? key) !== key) return null;
    filters.set(fieldPath, key);
  }
  return { terms: queryTerms(request.query), filters };
}

/**
 * Walks the results of one search. What the transaction writes after the first step does not change
 * them, and when others commit in between the same results are ranked again.
 */
export class SearchCursor {
  readonly #view: SnapshotView;
  readonly #start: (written: readonly [string, OwnDocument][]) => Iterator<SearchHit>;
  readonly #writtenDocuments: () => Iterable<[string, OwnDocument]>;
  #written: readonly [string, OwnDocument][] | null = null;
  #hits: Iterator<SearchHit> | null = null;
  #rankedTs: Timestamp | null = null;
  #rank = 0;

  constructor(
    view: SnapshotView,
    table: TableState,
    index: SearchIndexState,
    read: SearchRead,
    writtenDocuments: () => Iterable<[string, OwnDocument]>,
  ) {
    this.#view = view;
    this.#start = (written) => rankedHits(view, table, index, read, written);
    this.#writtenDocuments = writtenDocuments;
  }

  /**
   * @throws DatabaseError `SearchQueryScannedTooManyDocumentsError` when asked for more than as many
   *   results as a search has at most, whether there are any or not.
   */
  next(): SearchHit | null {
    const { max, text } = SEARCH_LIMITS.candidates;
    if (this.#rank === max) {
      throw new DatabaseError("SearchQueryScannedTooManyDocumentsError", text());
    }
    this.#view.catchUp();
    this.#written ??= [...this.#writtenDocuments()];
    if (this.#hits === null || this.#rankedTs !== this.#view.latestTs) {
      this.#hits = this.#start(this.#written);
      this.#rankedTs = this.#view.latestTs;
      for (let skipped = 0; skipped < this.#rank; skipped += 1) this.#hits.next();
    }
    const result = this.#hits.next();
    if (result.done === true) return null;
    this.#rank += 1;
    return result.value;
  }
}

/** Results as a transaction sees them: the index with its own and later changes accounted for. */
function rankedHits(
  view: SnapshotView,
  table: TableState,
  index: SearchIndexState,
  read: SearchRead,
  written: Iterable<[string, OwnDocument]>,
): Iterator<SearchHit> {
  const visible = new Map<string, StoredDocument | null>(view.changedDocuments(table));
  for (const [id, document] of written) {
    if (document.table.byId.number === table.byId.number) {
      visible.set(id, document.current?.stored ?? null);
    }
  }
  const differences = Array.from(visible, ([id, stored]): SearchDifference => ({
    indexed: searchDocumentOf(index, latestDocument(view.storage, table, id)),
    visible: searchDocumentOf(index, stored === null ? null : parseDocument(stored)),
  }));
  return searchDocuments(view.storage, index.number, index.filterFields, read, differences);
}

/** The entry's key: ranks sort by score, then newest first, then by id. */
export function rankKey({ score, creationTime, id }: SearchHit): string {
  return encodeKeyPart(-score) + encodeKeyPart(-creationTime) + encodeKeyPart(id);
}

function latestDocument(storage: Storage, table: TableState, id: string): ParsedDocument | null {
  const bytes = storage.get(table.byId.number, encodeKeyPart(id));
  return bytes === null ? null : parseDocument(decodeStored(id, bytes));
}
