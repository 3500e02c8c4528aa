/** Text into terms, as Convex's full-text search does it: no stemming, no stop words. */
import { SEARCH_LIMITS } from "../lib/limits.ts";

/** A term to look for; the last one of a query also matches as a prefix. */
export interface QueryTerm {
  readonly text: string;
  readonly isPrefix: boolean;
}

/** Maximal runs of letters and digits in lower case, in order, repeated as they repeat. */
export function tokenize(text: string): string[] {
  const terms: string[] = [];
  for (const [word] of text.matchAll(/[\p{Alphabetic}\p{N}]+/gu)) {
    if (Buffer.byteLength(word) < SEARCH_LIMITS.termBytes.max) terms.push(lowerCase(word));
  }
  return terms;
}

/** The terms of a query without repetitions; none for a blank query. */
export function queryTerms(query: string): QueryTerm[] {
  const tokens = tokenize(query).slice(0, SEARCH_LIMITS.queryTerms.max);
  const terms = new Map<string, boolean>();
  for (const [position, text] of tokens.entries()) {
    const isLast = position === tokens.length - 1;
    terms.set(text, isLast || terms.get(text) === true);
  }
  return Array.from(terms, ([text, isPrefix]) => ({ text, isPrefix }));
}

/** Character by character: no letter depends on its place in the word, so that prefixes stay prefixes. */
function lowerCase(word: string): string {
  if (/^[A-Za-z0-9]*$/.test(word)) return word.toLowerCase();
  return Array.from(word, (character) => character.toLowerCase()).join("");
}
