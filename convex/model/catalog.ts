import type { PaginationOptions, PaginationResult } from "convex/server";
import type { Infer } from "convex/values";

import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import type { ProductSort } from "../domain/catalog.ts";
import { averageRating } from "../domain/rating.ts";
import { searchQuery } from "../domain/searchText.ts";
import { availableOf } from "../domain/stock.ts";
import { notFound } from "../lib/errors.ts";
import type { vProductCard, vProductDetail, vVariantView } from "../tables/catalogViews.ts";
import { categoryPath, findCategory, listRoots } from "./categories.ts";
import { viewPicture } from "./pictures.ts";
import { getSettings } from "./settings.ts";
import { listProductStock, MAX_VARIANTS, viewStock, viewTotalStock } from "./stock.ts";

export type ProductCard = Infer<typeof vProductCard>;
export type ProductDetail = Infer<typeof vProductDetail>;

/** What reading the catalogue needs: not who asks. */
export type CatalogCtx = Pick<QueryCtx, "db" | "storage">;

const MAX_PAGE_SIZE = 120;
const RELATED_COUNT = 4;

/** The caller chooses the size of a page, up to what the shop can serve to everybody. */
export function boundedPage(options: PaginationOptions, max = MAX_PAGE_SIZE): PaginationOptions {
  const asked = Number.isFinite(options.numItems) ? Math.floor(options.numItems) : max;
  return { ...options, numItems: Math.min(max, Math.max(1, asked)) };
}

export async function findProduct(ctx: CatalogCtx, slug: string): Promise<Doc<"products"> | null> {
  const product = await ctx.db
    .query("products")
    .withIndex("by_slug", (q) => q.eq("slug", slug))
    .unique();
  return product?.status === "active" ? product : null;
}

/** The slug that a renamed product has now, or null. */
export async function findMovedSlug(ctx: CatalogCtx, slug: string): Promise<string | null> {
  const former = await ctx.db
    .query("productSlugs")
    .withIndex("by_slug", (q) => q.eq("slug", slug))
    .first();
  if (former === null) return null;
  const product = await ctx.db.get("products", former.productId);
  return product?.status === "active" ? product.slug : null;
}

/** Products of a category and those below it, or of the whole shop. Throws NOT_FOUND. */
export async function listProducts(
  ctx: CatalogCtx,
  options: { categorySlug: string | null; sort: ProductSort; page: PaginationOptions },
): Promise<PaginationResult<ProductCard>> {
  const categoryId = await resolveCategory(ctx, options.categorySlug);
  const rows = await sorted(ctx, categoryId, options.sort).paginate(boundedPage(options.page));
  return {
    ...rows,
    page: await cardsOf(
      ctx,
      rows.page.map(({ productId }) => productId),
    ),
  };
}

/** The first products in an order, without pages. */
export async function topProducts(
  ctx: CatalogCtx,
  options: { categoryId: Id<"categories"> | null; sort: ProductSort; count: number },
): Promise<ProductCard[]> {
  const rows = await sorted(ctx, options.categoryId, options.sort).take(options.count);
  return await cardsOf(
    ctx,
    rows.map(({ productId }) => productId),
  );
}

export async function countProducts(ctx: CatalogCtx, categorySlug: string | null): Promise<number> {
  if (categorySlug !== null) {
    const category = await findCategory(ctx, categorySlug);
    if (category === null) throw notFound("category");
    return category.productCount;
  }
  const roots = await listRoots(ctx);
  return roots.reduce((total, root) => total + root.productCount, 0);
}

export async function searchProducts(
  ctx: CatalogCtx,
  typed: string,
  page: PaginationOptions,
): Promise<PaginationResult<ProductCard>> {
  const query = searchQuery(typed);
  if (query === "") return { page: [], isDone: true, continueCursor: "" };
  const found = await matching(ctx, query).paginate(boundedPage(page));
  return { ...found, page: await viewCards(ctx, found.page) };
}

export async function suggestProducts(
  ctx: CatalogCtx,
  typed: string,
  count: number,
): Promise<ProductCard[]> {
  const query = searchQuery(typed);
  return query === "" ? [] : await viewCards(ctx, await matching(ctx, query).take(count));
}

export async function productCardsBySlug(
  ctx: CatalogCtx,
  slugs: readonly string[],
): Promise<ProductCard[]> {
  const products = await Promise.all(slugs.map((slug) => findProduct(ctx, slug)));
  return await viewCards(
    ctx,
    products.filter((product) => product !== null),
  );
}

export async function productDetail(
  ctx: CatalogCtx,
  product: Doc<"products">,
): Promise<ProductDetail> {
  const [{ lowStockThreshold }, path, stock, variants, pictures, related] = await Promise.all([
    getSettings(ctx),
    categoryPath(ctx, product.categoryId),
    listProductStock(ctx, product._id),
    listVariants(ctx, product._id),
    Promise.all(product.pictures.map((picture) => viewPicture(ctx, picture))),
    relatedProducts(ctx, product),
  ]);
  const { _id: id, slug, sku, name, brand, highlights, tint, options, attributes } = product;
  const { price, priceVaries, compareAtPrice, isNew } = product;
  return {
    ...{ id, slug, sku, name, brand, highlights, tint, options, attributes },
    ...{ price, priceVaries, compareAtPrice, isNew },
    breadcrumb: path.map((category) => ({ slug: category.slug, name: category.name })),
    descriptionMarkdown: product.description,
    pictures: pictures.filter((picture) => picture !== null),
    variants: variants.map((variant) => viewVariant(variant, stock, lowStockThreshold)),
    stock: viewTotalStock(stock, lowStockThreshold),
    rating:
      product.rating === null
        ? null
        : { ...viewRating(product.rating), distribution: product.rating.distribution },
    related,
  };
}

/** Those for sale, in the order of the product's options. */
export async function listVariants(
  ctx: Pick<QueryCtx, "db">,
  productId: Id<"products">,
): Promise<Doc<"variants">[]> {
  const rows = await ctx.db
    .query("variants")
    .withIndex("by_productId_and_position", (q) => q.eq("productId", productId))
    .take(MAX_VARIANTS);
  return rows.filter(({ status }) => status === "active");
}

async function resolveCategory(
  ctx: CatalogCtx,
  slug: string | null,
): Promise<Id<"categories"> | null> {
  if (slug === null) return null;
  const category = await findCategory(ctx, slug);
  if (category === null) throw notFound("category");
  return category._id;
}

function sorted(ctx: CatalogCtx, categoryId: Id<"categories"> | null, sort: ProductSort) {
  const rows = ctx.db.query("placements");
  switch (sort) {
    case "featured":
      return rows
        .withIndex("by_categoryId_and_featuredRank", (q) => q.eq("categoryId", categoryId))
        .order("asc");
    case "newest":
      return rows
        .withIndex("by_categoryId_and_publishedAt", (q) => q.eq("categoryId", categoryId))
        .order("desc");
    case "priceAsc":
    case "priceDesc":
      return rows
        .withIndex("by_categoryId_and_priceAmount", (q) => q.eq("categoryId", categoryId))
        .order(sort === "priceAsc" ? "asc" : "desc");
    case "rating":
      return rows
        .withIndex("by_categoryId_and_ratingScore", (q) => q.eq("categoryId", categoryId))
        .order("desc");
  }
}

function matching(ctx: CatalogCtx, query: string) {
  return ctx.db
    .query("products")
    .withSearchIndex("by_searchText", (q) => q.search("searchText", query).eq("status", "active"));
}

async function relatedProducts(ctx: CatalogCtx, product: Doc<"products">): Promise<ProductCard[]> {
  const rows = await sorted(ctx, product.categoryId, "featured").take(RELATED_COUNT + 1);
  const ids = rows.map(({ productId }) => productId).filter((id) => id !== product._id);
  return await cardsOf(ctx, ids.slice(0, RELATED_COUNT));
}

async function cardsOf(
  ctx: CatalogCtx,
  productIds: readonly Id<"products">[],
): Promise<ProductCard[]> {
  const products = await Promise.all(productIds.map((id) => ctx.db.get("products", id)));
  return await viewCards(
    ctx,
    products.filter((product) => product !== null),
  );
}

async function viewCards(
  ctx: CatalogCtx,
  products: readonly Doc<"products">[],
): Promise<ProductCard[]> {
  const { lowStockThreshold } = await getSettings(ctx);
  return await Promise.all(products.map((product) => viewCard(ctx, product, lowStockThreshold)));
}

async function viewCard(
  ctx: CatalogCtx,
  product: Doc<"products">,
  lowStockThreshold: number,
): Promise<ProductCard> {
  const [stock, picture] = await Promise.all([
    listProductStock(ctx, product._id),
    viewPicture(ctx, product.pictures[0]),
  ]);
  const { _id: id, slug, name, brand, price, priceVaries, compareAtPrice, tint, isNew } = product;
  return {
    ...{ id, slug, name, brand, price, priceVaries, compareAtPrice, tint, isNew, picture },
    stock: viewTotalStock(stock, lowStockThreshold),
    rating: product.rating === null ? null : viewRating(product.rating),
    singleVariantId: product.singleVariantId,
  };
}

function viewVariant(
  variant: Doc<"variants">,
  stock: readonly Doc<"stock">[],
  lowStockThreshold: number,
): Infer<typeof vVariantView> {
  const { _id: id, sku, options, price, compareAtPrice, pictureIndex } = variant;
  const row = stock.find(({ variantId }) => variantId === id);
  const available = row === undefined ? 0 : availableOf(row);
  const view = viewStock(available, lowStockThreshold);
  return { id, sku, options, price, compareAtPrice, pictureIndex, stock: view };
}

function viewRating(rating: NonNullable<Doc<"products">["rating"]>) {
  return { average: averageRating(rating), count: rating.count };
}
