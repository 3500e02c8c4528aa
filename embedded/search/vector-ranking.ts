/** The nearest vectors by cosine similarity, compared one by one. */

/** A document with how similar its vector is: from −1, opposite, to 1, the same direction. */
export interface VectorHit {
  readonly id: string;
  readonly score: number;
}

/** Collects the `limit` most similar of the vectors it is shown; of equals, those of later ids. */
export class VectorRanking {
  readonly #query: Float32Array;
  readonly #limit: number;
  /** Best first. */
  readonly #best: VectorHit[] = [];

  /** Vectors are compared in single precision, as Convex stores them. */
  constructor(query: readonly number[], limit: number) {
    this.#query = normalized(query);
    this.#limit = limit;
  }

  /** @param vector of the query's length, finite numbers. */
  add(id: string, vector: readonly number[]): void {
    const hit = { id, score: Math.fround(dotProduct(this.#query, normalized(vector))) };
    const worst = this.#best[this.#limit - 1];
    if (this.#limit === 0 || (worst !== undefined && compareHits(worst, hit) < 0)) return;
    let position = this.#best.length;
    while (position > 0 && isBefore(hit, this.#best[position - 1])) position -= 1;
    this.#best.splice(position, 0, hit);
    if (this.#best.length > this.#limit) this.#best.pop();
  }

  hits(): readonly VectorHit[] {
    return this.#best;
  }
}

/** Negative when `left` ranks before `right`. */
function compareHits(left: VectorHit, right: VectorHit): number {
  if (left.score !== right.score) return right.score - left.score;
  return left.id > right.id ? -1 : left.id === right.id ? 0 : 1;
}

function isBefore(hit: VectorHit, other: VectorHit | undefined): boolean {
  return other !== undefined && compareHits(hit, other) < 0;
}

/** The vector with length one; one without a direction stays as it is. */
function normalized(vector: readonly number[]): Float32Array {
  const single = Float32Array.from(vector);
  const length = Math.sqrt(dotProduct(single, single));
  return length > 0 && Number.isFinite(length) ? single.map((part) => part / length) : single;
}

function dotProduct(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) {
    sum += (left[index] ?? 0) * (right[index] ?? 0);
  }
  return sum;
}
