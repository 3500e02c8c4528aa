import { SEARCH_LIMITS } from "../lib/limits.ts";
import { DamagedRecordError } from "../storage/storage-error.ts";
import type { Storage } from "../storage/storage.ts";
import { type Owner, OwnerCache } from "./owner-cache.ts";
import { matchesFilters, type SearchCondition, type SearchDocument } from "./search-document.ts";
import {
  afterBlocks,
  decodeOwner,
  decodeStatistics,
  decodeWord,
  decodeWords,
  filterPrefix,
  idKey,
  ordinalKey,
  POSTING_WORDS,
  postingsPrefix,
  STATISTICS_KEY,
  termKey,
  termOf,
} from "./search-layout.ts";

/** One more than are allowed, so that the reader can tell that there are more. */
const CANDIDATE_LIMIT = SEARCH_LIMITS.candidates.max + 1;
const PREFIX_WEIGHT = 0.5;
const K1 = 1.2;
const B = 0.75;
const SCAN_BLOCKS = 64;

/** A document whose visible version differs from the one in the index. */
export interface SearchDifference {
  readonly indexed: SearchDocument | null;
  readonly visible: SearchDocument | null;
}

export interface SearchHit {
  readonly id: string;
  readonly creationTime: number;
  readonly score: number;
}

interface WeightedTerm {
  readonly text: string;
  /** Inverse document frequency with the term's weight in the query. */
  readonly weight: number;
}

interface Candidate {
  readonly score: number;
  /** Ordinal in the index, or the document itself when it is not in the index as it is seen. */
  readonly source: number | SearchDocument;
}

/**
 * Ranks documents by BM25, best first; equal scores newest first, then by id. The first 1,025 are
 * there, later ones may be missing; where documents of equal scores come to that end, those that the
 * index met latest are there. `differences` are laid over the index.
 * @throws DataDamagedError when the index has an entry that cannot be read.
 */
export function* searchDocuments(
  storage: Storage,
  index: number,
  filterFields: readonly string[],
  condition: SearchCondition,
  differences: readonly SearchDifference[],
): Generator<SearchHit> {
  try {
    yield* rank(storage, index, filterFields, condition, differences);
  } catch (error) {
    throw storage.reportDamage(error);
  }
}

function* rank(
  storage: Storage,
  index: number,
  filterFields: readonly string[],
  condition: SearchCondition,
  differences: readonly SearchDifference[],
): Generator<SearchHit> {
  const search = new Search(storage, index, differences);
  const terms = search.expand(condition);
  if (terms.length === 0) return;
  const allowed = search.allowedOrdinals(filterFields, condition);
  const indexed = search.scoreIndexed(terms, allowed);
  const candidates = [...indexed, ...search.scoreVisible(terms, condition)];
  candidates.sort((left, right) => right.score - left.score);
  yield* inOrder(candidates, (candidate) => search.hit(candidate));
}

const ownersOf = new WeakMap<Storage, OwnerCache>();

function ownersIn(storage: Storage): OwnerCache {
  let owners = ownersOf.get(storage);
  if (owners === undefined) ownersOf.set(storage, (owners = new OwnerCache()));
  return owners;
}

/** Zeros to add scores to; `null` while a search has them, for good when it was cut off. */
let spareScores: Float64Array | null = null;

function takeScores(length: number): Float64Array {
  const spare = spareScores;
  spareScores = null;
  return spare !== null && spare.length >= length ? spare : new Float64Array(length);
}

/** A bit for each document of an index, because a filter may let most of a million pass. */
class OrdinalSet {
  readonly #bits: Uint32Array;

  constructor(nextOrdinal: number) {
    this.#bits = new Uint32Array((nextOrdinal >>> 5) + 1);
  }

  add(ordinal: number): void {
    const place = ordinal >>> 5;
    this.#bits[place] = (this.#bits[place] ?? 0) | (1 << (ordinal & 31));
  }

  has(ordinal: number): boolean {
    return ((this.#bits[ordinal >>> 5] ?? 0) & (1 << (ordinal & 31))) !== 0;
  }
}

class Search {
  readonly #storage: Storage;
  readonly #owners: OwnerCache;
  readonly #index: number;
  readonly #differences: readonly SearchDifference[];
  readonly #hidden = new Set<number>();
  readonly #documents: number;
  readonly #averageLength: number;
  readonly #nextOrdinal: number;

  constructor(storage: Storage, index: number, differences: readonly SearchDifference[]) {
    this.#storage = storage;
    this.#owners = ownersIn(storage);
    this.#index = index;
    this.#differences = differences;
    const statistics = decodeStatistics(storage.get(index, STATISTICS_KEY));
    this.#nextOrdinal = statistics.nextOrdinal;
    let { documents, terms } = statistics;
    for (const { indexed, visible } of differences) {
      documents += (visible === null ? 0 : 1) - (indexed === null ? 0 : 1);
      terms += (visible?.length ?? 0) - (indexed?.length ?? 0);
      const ordinal = indexed === null ? undefined : storage.get(index, idKey(indexed.id));
      if (ordinal !== undefined && ordinal !== null) this.#hidden.add(decodeWord(ordinal));
    }
    this.#documents = documents;
    this.#averageLength = documents === 0 ? 0 : terms / documents;
  }

  /** Terms that occur, with their weights: words as they are, then completions of the prefix. */
  expand({ terms }: SearchCondition): WeightedTerm[] {
    const factors = new Map<string, number>();
    for (const { text } of terms) if (this.#frequency(text) > 0) factors.set(text, 1);
    for (const { text, isPrefix } of terms) {
      if (!isPrefix) continue;
      for (const completion of this.#completions(text)) {
        if (!factors.has(completion)) factors.set(completion, PREFIX_WEIGHT);
      }
    }
    return Array.from(factors)
      .slice(0, SEARCH_LIMITS.expandedTerms.max)
      .map(([text, factor]) => ({ text, weight: factor * this.#inverseFrequency(text) }));
  }

  /** Ordinals whose documents pass all filters; `null` without filters. */
  allowedOrdinals(
    filterFields: readonly string[],
    { filters }: SearchCondition,
  ): OrdinalSet | null {
    let allowed: OrdinalSet | null = null;
    for (const [field, key] of filters) {
      const previous: OrdinalSet | null = allowed;
      const found = new OrdinalSet(this.#nextOrdinal);
      for (const words of this.#blocks(filterPrefix(filterFields.indexOf(field), key))) {
        for (const ordinal of words) if (previous?.has(ordinal) !== false) found.add(ordinal);
      }
      allowed = found;
    }
    return allowed;
  }

  /** The best documents as they are in the index. */
  scoreIndexed(terms: readonly WeightedTerm[], allowed: OrdinalSet | null): Candidate[] {
    const scores = takeScores(this.#nextOrdinal);
    const found: number[] = [];
    for (const { text, weight } of terms) {
      for (const words of this.#blocks(postingsPrefix(text))) {
        for (let at = 0; at < words.length; at += POSTING_WORDS) {
          const ordinal = words[at] ?? 0;
          if (allowed !== null && !allowed.has(ordinal)) continue;
          const previous = scores[ordinal] ?? 0;
          if (previous === 0) found.push(ordinal);
          scores[ordinal] =
            previous + weight * this.#saturation(words[at + 1] ?? 0, words[at + 2] ?? 0);
        }
      }
    }
    const visible = this.#hidden.size === 0 ? found : found.filter((it) => !this.#hidden.has(it));
    const candidates = best(visible, scores);
    for (const ordinal of found) scores[ordinal] = 0;
    spareScores = scores;
    return candidates;
  }

  scoreVisible(terms: readonly WeightedTerm[], condition: SearchCondition): Candidate[] {
    const candidates: Candidate[] = [];
    for (const { visible } of this.#differences) {
      if (visible === null || !matchesFilters(condition, visible)) continue;
      let score = 0;
      for (const { text, weight } of terms) {
        const frequency = visible.terms.get(text);
        if (frequency !== undefined) score += weight * this.#saturation(frequency, visible.length);
      }
      if (score > 0) candidates.push({ score, source: visible });
    }
    return candidates;
  }

  hit({ score, source }: Candidate): SearchHit {
    if (typeof source !== "number") {
      return { id: source.id, creationTime: source.creationTime, score };
    }
    const { id, creationTime } = this.#ownerOf(source);
    return { id, creationTime, score };
  }

  #ownerOf(ordinal: number): Owner {
    const known = this.#owners.get(this.#index, ordinal);
    if (known !== undefined) return known;
    const bytes = this.#storage.get(this.#index, ordinalKey(ordinal));
    if (bytes === null) {
      throw new DamagedRecordError(`the search index ${this.#index} names a row that is missing`);
    }
    const owner = decodeOwner(bytes);
    this.#owners.set(this.#index, ordinal, owner);
    return owner;
  }

  #saturation(frequency: number, length: number): number {
    const norm = K1 * (1 - B + (B * length) / this.#averageLength);
    return (frequency * (K1 + 1)) / (frequency + norm);
  }

  #inverseFrequency(term: string): number {
    const frequency = this.#frequency(term);
    return Math.log(1 + (this.#documents - frequency + 0.5) / (frequency + 0.5));
  }

  /** In how many visible documents the term occurs. */
  #frequency(term: string): number {
    const bytes = this.#storage.get(this.#index, termKey(term));
    let frequency = bytes === null ? 0 : decodeWord(bytes);
    for (const { indexed, visible } of this.#differences) {
      if (indexed?.terms.has(term) === true) frequency -= 1;
      if (visible?.terms.has(term) === true) frequency += 1;
    }
    return frequency;
  }

  /** The first longer terms in byte order that start with the prefix. */
  #completions(prefix: string): string[] {
    const added = new Set<string>();
    for (const { visible } of this.#differences) {
      for (const term of visible?.terms.keys() ?? []) {
        if (term.startsWith(prefix)) added.add(termKey(term));
      }
    }
    const keys = this.#firstTermKeys(termKey(prefix), SEARCH_LIMITS.prefixExpansions.max + 1);
    return [...new Set([...keys, ...added])]
      .sort()
      .map(termOf)
      .filter((term) => term !== prefix)
      .slice(0, SEARCH_LIMITS.prefixExpansions.max);
  }

  #firstTermKeys(prefix: string, wanted: number): string[] {
    const keys: string[] = [];
    let lower = prefix;
    while (keys.length < wanted) {
      const { entries, isEnd } = this.#storage.scan({
        index: this.#index,
        lower,
        upper: `${prefix}\xff`,
        isReverse: false,
        limit: wanted,
      });
      for (const { key } of entries) {
        // A term may be in the index only through versions that are not visible here.
        if (this.#differences.length === 0 || this.#frequency(termOf(key)) > 0) keys.push(key);
        lower = `${key}\0`;
      }
      if (isEnd || entries.length === 0) break;
    }
    return keys;
  }

  *#blocks(prefix: string): Generator<Uint32Array> {
    let lower = prefix;
    for (;;) {
      const { entries, isEnd } = this.#storage.scan({
        index: this.#index,
        lower,
        upper: afterBlocks(prefix),
        isReverse: false,
        limit: SCAN_BLOCKS,
      });
      for (const { key, value } of entries) {
        yield decodeWords(value);
        lower = `${key}\0`;
      }
      if (isEnd || entries.length === 0) return;
    }
  }
}

/** The first 1,025: of those that tie with the last of them, what came into the index latest. */
function best(ordinals: readonly number[], scores: Float64Array): Candidate[] {
  const ranked = new Float64Array(ordinals.length);
  for (const [place, ordinal] of ordinals.entries()) ranked[place] = scores[ordinal] ?? 0;
  const threshold = nthLargest(ranked, CANDIDATE_LIMIT);
  const candidates: Candidate[] = [];
  const ties: number[] = [];
  for (const ordinal of ordinals) {
    const score = scores[ordinal] ?? 0;
    if (score > threshold) candidates.push({ score, source: ordinal });
    else if (score === threshold) ties.push(ordinal);
  }
  const earliest = nthLargest(Float64Array.from(ties), CANDIDATE_LIMIT - candidates.length);
  for (const ordinal of ties) {
    if (ordinal >= earliest) candidates.push({ score: threshold, source: ordinal });
  }
  return candidates;
}

/** The n-th largest of the numbers, which are put out of order; 0 when there are fewer. */
function nthLargest(numbers: Float64Array, n: number): number {
  if (numbers.length < n) return 0;
  const target = numbers.length - n;
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const pivot = numbers[(low + high) >>> 1] ?? 0;
    let left = low;
    let right = high;
    while (left <= right) {
      while ((numbers[left] ?? 0) < pivot) left += 1;
      while ((numbers[right] ?? 0) > pivot) right -= 1;
      if (left > right) break;
      [numbers[left], numbers[right]] = [numbers[right] ?? 0, numbers[left] ?? 0];
      left += 1;
      right -= 1;
    }
    if (target <= right) high = right;
    else if (target >= left) low = left;
    else break;
  }
  return numbers[target] ?? 0;
}

/** Looks up ids and times only of results that are asked for, one group of equal scores at a time. */
function* inOrder(
  candidates: readonly Candidate[],
  hit: (candidate: Candidate) => SearchHit,
): Generator<SearchHit> {
  let start = 0;
  while (start < candidates.length) {
    let end = start + 1;
    while (candidates[end]?.score === candidates[start]?.score && end < candidates.length) end += 1;
    const group = candidates.slice(start, end).map(hit);
    yield* group.sort(newestFirst);
    start = end;
  }
}

function newestFirst(left: SearchHit, right: SearchHit): number {
  if (left.creationTime !== right.creationTime) return right.creationTime - left.creationTime;
  return left.id < right.id ? 1 : -1;
}
