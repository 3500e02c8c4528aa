import { tokenize, type QueryTerm } from "./tokenizer.ts";

/** What a search index knows of one version of a document. */
export interface SearchDocument {
  readonly id: string;
  readonly creationTime: number;
  /** Terms of the search field and how often each occurs. */
  readonly terms: ReadonlyMap<string, number>;
  /** Number of terms, repetitions included. */
  readonly length: number;
  /** Encoded value of each filter field, by its path. */
  readonly filterKeys: ReadonlyMap<string, string>;
}

/** What a search asked for: any of the terms, and all of the filters (encoded values by field path). */
export interface SearchCondition {
  readonly terms: readonly QueryTerm[];
  readonly filters: ReadonlyMap<string, string>;
}

export function makeSearchDocument(
  id: string,
  creationTime: number,
  text: string,
  filterKeys: ReadonlyMap<string, string>,
): SearchDocument {
  const terms = new Map<string, number>();
  const tokens = tokenize(text);
  for (const token of tokens) terms.set(token, (terms.get(token) ?? 0) + 1);
  return { id, creationTime, terms, length: tokens.length, filterKeys };
}

/** Whether a document could be among the results, so that its change matters to the search. */
export function matchesSearch(condition: SearchCondition, document: SearchDocument): boolean {
  return (
    matchesFilters(condition, document) &&
    condition.terms.some((term) => matchesTerm(term, document))
  );
}

export function matchesFilters(
  { filters }: Pick<SearchCondition, "filters">,
  { filterKeys }: SearchDocument,
): boolean {
  for (const [field, key] of filters) if (filterKeys.get(field) !== key) return false;
  return true;
}

function matchesTerm({ text, isPrefix }: QueryTerm, { terms }: SearchDocument): boolean {
  if (terms.has(text)) return true;
  if (!isPrefix) return false;
  for (const term of terms.keys()) if (term.startsWith(text)) return true;
  return false;
}
