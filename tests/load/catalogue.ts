/** Products and orders made from their position alone, so that every run has the same ones. */

export const CATEGORY_SIZE = 200;
/** Products that share a series word, however many products there are. */
export const SERIES_SIZE = 40;

const WORDS_PER_PRODUCT = 10;
const WORDS = vocabulary();

export interface ProductRow {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly searchText: string;
  readonly category: string;
  readonly price: { readonly amount: number; readonly currency: string };
  readonly rank: number;
  readonly stock: number;
  readonly images: readonly { readonly url: string; readonly alt: string }[];
  readonly attributes: Readonly<Record<string, string>>;
}

export interface OrderRow {
  readonly number: number;
  readonly customer: string;
  readonly state: "paid" | "shipped" | "refunded";
  readonly total: { readonly amount: number; readonly currency: string };
  readonly lines: readonly {
    readonly slug: string;
    readonly quantity: number;
    readonly amount: number;
  }[];
}

export function productRow(position: number): ProductRow {
  const words = Array.from({ length: WORDS_PER_PRODUCT }, (_, at) => wordAt(position, at));
  const [first = "", second = "", ...more] = words;
  const name = `${first} ${second} ${String(position)}`;
  return {
    slug: slugOf(position),
    name,
    description: `${name} is made of ${more.join(", ")}. It is packed by hand and sent the next day.`,
    searchText: `${words.join(" ")} ${seriesWord(position)}`,
    category: categoryOf(position),
    price: { amount: 500 + (hash(position, 90) % 50_000), currency: "EUR" },
    rank: position % CATEGORY_SIZE,
    stock: hash(position, 91) % 500,
    images: [
      { url: `/images/${slugOf(position)}-1.webp`, alt: `${name} from the front` },
      { url: `/images/${slugOf(position)}-2.webp`, alt: `${name} in use` },
    ],
    attributes: { colour: wordAt(position, 92), material: wordAt(position, 93) },
  };
}

export function orderRow(position: number, products: number): OrderRow {
  const lines = Array.from({ length: 1 + (position % 3) }, (_, at) => ({
    slug: slugOf(hash(position, at) % products),
    quantity: 1 + (hash(position, at + 10) % 3),
    amount: 500 + (hash(position, at + 20) % 50_000),
  }));
  const states = ["paid", "shipped", "refunded"] as const;
  return {
    number: position,
    customer: `customer-${String(hash(position, 30) % 50_000)}`,
    state: states[position % states.length] ?? "paid",
    total: { amount: lines.reduce((sum, line) => sum + line.amount, 0), currency: "EUR" },
    lines,
  };
}

export function slugOf(position: number): string {
  return `product-${String(position).padStart(6, "0")}`;
}

export function categoryOf(position: number): string {
  return `category-${String(Math.floor(position / CATEGORY_SIZE))}`;
}

/** A word that as many products hold in a large catalogue as in a small one. */
export function seriesWord(position: number): string {
  return `series${String(Math.floor(position / SERIES_SIZE)).padStart(5, "0")}`;
}

/** Two words of the kind that one product in forty holds. */
export function commonWords(variant: number): string {
  return `${wordAt(variant, 70)} ${wordAt(variant, 71)}`;
}

function wordAt(position: number, at: number): string {
  return WORDS[hash(position, at) % WORDS.length] ?? "";
}

/** Four hundred pronounceable words of two syllables and an ending. */
function vocabulary(): readonly string[] {
  const starts = ["ba", "ce", "di", "fo", "gu", "ha", "ki", "lo", "mu", "ne"];
  const middles = ["ral", "ves", "tin", "mor", "lun"];
  const ends = ["a", "er", "is", "o", "um", "en", "it", "ar"];
  return starts.flatMap((start) =>
    middles.flatMap((middle) => ends.map((end) => start + middle + end)),
  );
}

/** A well-mixed number from two small ones (murmur3's finaliser). */
function hash(position: number, salt: number): number {
  let x = (position * 131 + salt * 65_537 + 0x9e3779b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
