/**
 * Full-text search from its definition, over all documents each time: words are runs of letters and
 * digits in lower case, those of 32 bytes and more left out; any word of the query matches, the last one
 * also the first sixteen longer words that start with it, at half the weight; BM25 with k1 = 1.2 and
 * b = 0.75, the newest first among equals.
 */
export interface NaiveDocument {
  readonly id: string;
  readonly creationTime: number;
  readonly body: unknown;
}

export interface RankedDocument {
  readonly id: string;
  readonly creationTime: number;
  readonly score: number;
  /** Equal for documents that no ranking by words can tell apart. */
  readonly profile: string;
}

const K1 = 1.2;
const B = 0.75;

export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word = "";
  for (const character of Array.from(`${text} `)) {
    if (/[\p{Alphabetic}\p{N}]/u.test(character)) {
      word += character;
    } else {
      if (word !== "" && new TextEncoder().encode(word).length < 32) words.push(lowerCase(word));
      word = "";
    }
  }
  return words;
}

/** All documents that match, in no order. */
export function rankNaively<Document extends NaiveDocument>(
  documents: readonly Document[],
  query: string,
  isAllowed: (document: Document) => boolean,
): RankedDocument[] {
  const indexed = documents.flatMap((document) =>
    typeof document.body === "string" ? [{ document, words: wordsOf(document.body) }] : [],
  );
  const totalWords = indexed.reduce((sum, { words }) => sum + words.length, 0);
  const averageLength = totalWords / indexed.length;
  const weights = weightsOf(
    query,
    indexed.flatMap(({ words }) => words),
  );
  const ranked: RankedDocument[] = [];
  for (const { document, words } of indexed) {
    if (!isAllowed(document)) continue;
    let score = 0;
    const frequencies: [string, number][] = [];
    for (const [word, weight] of weights) {
      const frequency = words.filter((other) => other === word).length;
      if (frequency === 0) continue;
      const containing = indexed.filter(({ words }) => words.includes(word)).length;
      const rarity = Math.log(1 + (indexed.length - containing + 0.5) / (containing + 0.5));
      const norm = K1 * (1 - B + (B * words.length) / averageLength);
      score += (weight * rarity * frequency * (K1 + 1)) / (frequency + norm);
      frequencies.push([word, frequency]);
    }
    if (frequencies.length === 0) continue;
    const { id, creationTime } = document;
    ranked.push({ id, creationTime, score, profile: JSON.stringify([words.length, frequencies]) });
  }
  return ranked;
}

function weightsOf(query: string, occurring: readonly string[]): Map<string, number> {
  const asked = wordsOf(query).slice(0, 16);
  const weights = new Map(asked.map((word) => [word, 1]));
  const last = asked.at(-1);
  if (last === undefined) return weights;
  const longer = [...new Set(occurring)]
    .filter((word) => word.startsWith(last) && word !== last)
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  for (const word of longer.slice(0, 16)) {
    if (!weights.has(word)) weights.set(word, 0.5);
  }
  return weights;
}

function lowerCase(word: string): string {
  return Array.from(word, (character) => character.toLowerCase()).join("");
}
