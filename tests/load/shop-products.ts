import type { Doc, Id } from "#convex/_generated/dataModel.js";
import { NEW_FOR_MS, NOT_FEATURED_RANK, priceSummary } from "#convex/domain/catalog.ts";
import { money } from "#convex/domain/money.ts";
import { addRating, ratingScore } from "#convex/domain/rating.ts";
import { productSearchText } from "#convex/domain/searchText.ts";

import { seriesWord } from "./catalogue.ts";
import { idAt, mixed, tableNumberOf, type ShopSnapshot, type TableRows } from "./shop-snapshot.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const PUBLISHED_OVER_MS = 1_000 * DAY_MS;
/** Variants of one product have positions below it. */
const VARIANTS = 64;
const MAX_REVIEWS = 4;
/** Less than the demo's best, so that the home page shows the same products in every shop. */
const MAX_STARS = 4;

/** A product with all that belongs to it. */
export interface MadeProduct {
  readonly product: Doc<"products">;
  readonly variants: readonly Doc<"variants">[];
}

/**
 * Products like those of the demo shop, from which texts, options, pictures and categories come, each
 * with a name, a number, prices and a series of its own. The same position is always the same product.
 */
export class ProductMaker {
  readonly #snapshot: ShopSnapshot;
  readonly #templates: readonly Template[];
  readonly #categories: ReadonlyMap<Id<"categories">, Doc<"categories">>;
  readonly #numbers: Readonly<Record<"products" | "variants" | "reviews", number>>;
  /** All that is made was there before the first of the demo's. */
  readonly #before: number;

  constructor(snapshot: ShopSnapshot) {
    const products = snapshot.rows("products");
    const [variants, reviews] = [snapshot.rows("variants"), snapshot.rows("reviews")];
    this.#snapshot = snapshot;
    this.#categories = new Map(snapshot.rows("categories").map((row) => [row._id, row]));
    this.#templates = products.map((product) => ({
      product,
      variants: variants
        .filter(({ productId }) => productId === product._id)
        .sort((left, right) => left.position - right.position),
      reviews: reviews.slice(0, MAX_REVIEWS),
    }));
    this.#numbers = {
      products: tableNumberOf(products[0]),
      variants: tableNumberOf(variants[0]),
      reviews: tableNumberOf(reviews[0]),
    };
    this.#before = Math.min(...products.map(({ publishedAt }) => publishedAt)) - DAY_MS;
  }

  /** How many products the demo shop itself has. */
  get templateCount(): number {
    return this.#templates.length;
  }

  /** What a position's address ends in. */
  slug(position: number): string {
    return `${this.#template(position).product.slug}-${String(position)}`;
  }

  make(position: number): MadeProduct {
    const { template, id, publishedAt, variants, reviews, prices } = this.#parts(position);
    const searchable = this.#searchable(template, position, variants);
    const { brand, tags, highlights, attributes } = searchable;
    const { categoryId, description, options, tint, pictures } = template.product;
    const product: Doc<"products"> = {
      ...{ _id: id, _creationTime: publishedAt, slug: this.slug(position), sku: skuOf(position) },
      ...{ name: searchable.name, brand, categoryId, status: "active", description, highlights },
      ...{ options, attributes, tags, tint, pictures, ...prices, publishedAt },
      singleVariantId: options.length === 0 ? (variants[0]?._id ?? null) : null,
      ...{ rating: summaryOf(reviews), featuredRank: null },
      ...{ isNew: false, newUntil: publishedAt + NEW_FOR_MS },
      searchText: productSearchText(searchable),
    };
    return { product, variants };
  }

  /** Products with what belongs to them, and the demo's own, as tables. */
  tables(count: number): TableRows[] {
    const stockNumber = tableNumberOf(this.#snapshot.rows("stock")[0]);
    const placementNumber = tableNumberOf(this.#snapshot.rows("placements")[0]);
    const table = (
      folder: "products" | "variants" | "reviews" | "stock" | "placements",
      rowsOf: (position: number) => readonly object[],
    ): TableRows => ({ folder, rows: joined(this.#snapshot.rows(folder), count, rowsOf) });
    return [
      { folder: "categories", rows: this.#countedCategories(count) },
      table("products", (position) => [this.make(position).product]),
      table("variants", (position) => this.#parts(position).variants),
      table("reviews", (position) => this.#parts(position).reviews),
      table("stock", (position) =>
        this.#parts(position).variants.map((variant, at) =>
          stockOf(variant, stockNumber, position * VARIANTS + at),
        ),
      ),
      table("placements", (position) => {
        const parts = this.#parts(position);
        return [null, ...this.#pathOf(parts.template.product.categoryId)].map((categoryId, at) =>
          placementOf(
            parts,
            categoryId,
            idAt<"placements">(placementNumber, position * VARIANTS + at),
          ),
        );
      }),
    ];
  }

  /** All but the text to search, which takes longest. */
  #parts(position: number): ProductParts {
    const template = this.#template(position);
    const id = idAt<"products">(this.#numbers.products, position);
    const age = (mixed(position, 1) * 20) % PUBLISHED_OVER_MS;
    const publishedAt = this.#before - age;
    const variants = this.#variants(template, position, id, publishedAt);
    const reviews = this.#reviews(template, position, id, publishedAt);
    const prices = priceSummary(variants);
    if (prices === null) throw new Error(`${template.product.slug} has no variant.`);
    return { template, id, publishedAt, variants, reviews, prices };
  }

  #template(position: number): Template {
    const template = this.#templates[position % this.#templates.length];
    if (template === undefined) throw new Error("The demo shop has no products.");
    return template;
  }

  #variants(
    { variants }: Template,
    position: number,
    productId: Id<"products">,
    at: number,
  ): Doc<"variants">[] {
    const lowest = 500 + (mixed(position, 2) % 50_000);
    return variants.map((variant, index) => ({
      ...variant,
      ...{ _id: this.#variantId(position, index), _creationTime: at, productId },
      sku: `${skuOf(position)}-${String(index)}`,
      price: money(lowest + index * 150),
      compareAtPrice: mixed(position, 3) % 8 === 0 ? money(lowest + index * 150 + 1_000) : null,
    }));
  }

  #variantId(position: number, index: number): Id<"variants"> {
    return idAt<"variants">(this.#numbers.variants, position * VARIANTS + index);
  }

  #reviews(
    { reviews }: Template,
    position: number,
    productId: Id<"products">,
    at: number,
  ): Doc<"reviews">[] {
    return reviews.slice(0, mixed(position, 4) % (MAX_REVIEWS + 1)).map((review, index) => {
      const number = position * VARIANTS + index;
      const writtenAt = at + (index + 1) * DAY_MS;
      return {
        ...review,
        ...{ _id: idAt<"reviews">(this.#numbers.reviews, number), _creationTime: writtenAt },
        ...{ productId, writtenAt, importedId: `made-${String(number)}` },
        rating: 1 + (mixed(number, 5) % MAX_STARS),
      };
    });
  }

  #searchable({ product }: Template, position: number, variants: readonly Doc<"variants">[]) {
    const series = seriesWord(position);
    return {
      name: `${madeName(position)} ${product.name}`,
      brand: product.brand,
      categoryName: this.#categories.get(product.categoryId)?.name ?? "",
      tags: product.tags,
      highlights: product.highlights,
      attributes: [...product.attributes, { name: "series", values: [series] }],
      skus: [skuOf(position), ...variants.map(({ sku }) => sku)],
    };
  }

  #countedCategories(count: number): Doc<"categories">[] {
    const counts = new Map<Id<"categories">, number>();
    this.#templates.forEach(({ product }, index) => {
      const made = Math.floor((count - 1 - index) / this.#templates.length) + 1;
      for (const id of this.#pathOf(product.categoryId)) {
        counts.set(id, (counts.get(id) ?? 0) + Math.max(0, made));
      }
    });
    return [...this.#categories.values()].map((row) => ({
      ...row,
      productCount: row.productCount + (counts.get(row._id) ?? 0),
    }));
  }

  #pathOf(categoryId: Id<"categories">): Id<"categories">[] {
    const parentId = this.#categories.get(categoryId)?.parentId ?? null;
    return [...(parentId === null ? [] : this.#pathOf(parentId)), categoryId];
  }
}

interface Template {
  readonly product: Doc<"products">;
  readonly variants: readonly Doc<"variants">[];
  readonly reviews: readonly Doc<"reviews">[];
}

interface ProductParts {
  readonly template: Template;
  readonly id: Id<"products">;
  readonly publishedAt: number;
  readonly variants: readonly Doc<"variants">[];
  readonly reviews: readonly Doc<"reviews">[];
  readonly prices: NonNullable<ReturnType<typeof priceSummary>>;
}

/** Existing rows, then those of every position. */
export function* joined(
  existing: readonly object[],
  count: number,
  rowsOf: (position: number) => readonly object[],
): Generator<object> {
  yield* existing;
  for (let position = 0; position < count; position += 1) yield* rowsOf(position);
}

function summaryOf(reviews: readonly Doc<"reviews">[]): Doc<"products">["rating"] {
  return reviews.reduce<Doc<"products">["rating"]>(
    (summary, { rating }) => addRating(summary, rating),
    null,
  );
}

function stockOf(variant: Doc<"variants">, tableNumber: number, position: number): Doc<"stock"> {
  return {
    ...{ _id: idAt<"stock">(tableNumber, position), _creationTime: variant._creationTime },
    ...{ variantId: variant._id, productId: variant.productId, held: 0 },
    onHand: mixed(position, 6) % 500,
  };
}

function placementOf(
  { id, publishedAt, prices, reviews }: ProductParts,
  categoryId: Id<"categories"> | null,
  placementId: Doc<"placements">["_id"],
): Doc<"placements"> {
  return {
    ...{ _id: placementId, _creationTime: publishedAt, productId: id, categoryId },
    ...{ featuredRank: NOT_FEATURED_RANK, publishedAt, priceAmount: prices.price.amount },
    ratingScore: ratingScore(summaryOf(reviews)),
  };
}

const SYLLABLES = ["Ba", "ral", "Ce", "ves", "Di", "tin", "Fo", "mor", "Gu", "lun", "Ha", "nis"];

/** One of 1,728 names of three syllables. */
export function madeName(position: number): string {
  const syllables = [7, 8, 9].map((salt) => SYLLABLES[mixed(position, salt) % SYLLABLES.length]);
  const name = syllables.join("").toLowerCase();
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function skuOf(position: number): string {
  return `MADE-${String(position).padStart(6, "0")}`;
}
