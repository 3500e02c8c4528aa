import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { NOT_FEATURED_RANK } from "../domain/catalog.ts";
import { ratingScore } from "../domain/rating.ts";
import { categoryPath, MAX_CATEGORY_DEPTH } from "./categories.ts";

/**
 * Brings a product's places in the lists, and the counts of its categories, in line with its row.
 * To be called after every change to the row's category, status, price, rating or rank.
 */
export async function syncPlacements(ctx: MutationCtx, productId: Id<"products">): Promise<void> {
  const product = await ctx.db.get("products", productId);
  const wanted = product?.status === "active" ? await placesOf(ctx, product) : [];
  const existing = await ctx.db
    .query("placements")
    .withIndex("by_productId", (q) => q.eq("productId", productId))
    .take(MAX_CATEGORY_DEPTH + 1);
  for (const row of existing) {
    if (wanted.includes(row.categoryId)) continue;
    await ctx.db.delete("placements", row._id);
    await count(ctx, row.categoryId, -1);
  }
  if (product === null) return;
  const keys = sortKeys(product);
  for (const categoryId of wanted) {
    const row = existing.find((placement) => placement.categoryId === categoryId);
    if (row === undefined) {
      await ctx.db.insert("placements", { productId, categoryId, ...keys });
      await count(ctx, categoryId, 1);
    } else if (!isSorted(row, keys)) {
      await ctx.db.patch("placements", row._id, keys);
    }
  }
}

async function placesOf(
  ctx: MutationCtx,
  product: Doc<"products">,
): Promise<(Id<"categories"> | null)[]> {
  const path = await categoryPath(ctx, product.categoryId);
  return [null, ...path.map(({ _id }) => _id)];
}

type SortKeys = ReturnType<typeof sortKeys>;

/** Writing the same again would run every open list anew. */
function isSorted(row: Doc<"placements">, keys: SortKeys): boolean {
  return (
    row.featuredRank === keys.featuredRank &&
    row.publishedAt === keys.publishedAt &&
    row.priceAmount === keys.priceAmount &&
    row.ratingScore === keys.ratingScore
  );
}

function sortKeys(product: Doc<"products">) {
  return {
    featuredRank: product.featuredRank ?? NOT_FEATURED_RANK,
    publishedAt: product.publishedAt,
    priceAmount: product.price.amount,
    ratingScore: ratingScore(product.rating),
  };
}

async function count(
  ctx: MutationCtx,
  categoryId: Id<"categories"> | null,
  delta: 1 | -1,
): Promise<void> {
  if (categoryId === null) return;
  const category = await ctx.db.get("categories", categoryId);
  if (category === null) return;
  await ctx.db.patch("categories", categoryId, { productCount: category.productCount + delta });
}
