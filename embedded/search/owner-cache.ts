import type { decodeOwner } from "./search-layout.ts";

/** A document that an ordinal of a search index stands for. */
export type Owner = ReturnType<typeof decodeOwner>;

interface Place extends Owner {
  readonly index: number;
  readonly ordinal: number;
}

/** Documents kept at hand, of all search indexes of a store; a power of two. */
const PLACES = 2 ** 16;

/**
 * The owners of ordinals that were asked for before. Each ordinal has one place, which another that
 * shares it takes over; neighbours have neighbouring places, as documents written together are found
 * together. Nothing goes stale: neither an ordinal nor an index's number is ever given away again.
 */
export class OwnerCache {
  readonly #places = Array.from<Place | undefined>({ length: PLACES });

  get(index: number, ordinal: number): Owner | undefined {
    const place = this.#places[placeOf(index, ordinal)];
    return place?.ordinal === ordinal && place.index === index ? place : undefined;
  }

  set(index: number, ordinal: number, { id, creationTime }: Owner): void {
    this.#places[placeOf(index, ordinal)] = { id, creationTime, index, ordinal };
  }
}

/** Indexes begin far apart from each other: multiplied by 2^32 divided by the golden ratio. */
function placeOf(index: number, ordinal: number): number {
  return (ordinal + (Math.imul(index, 0x9e3779b1) >>> 16)) & (PLACES - 1);
}
