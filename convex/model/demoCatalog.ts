import type { Infer } from "convex/values";

import type { Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { NEW_FOR_MS, priceSummary } from "../domain/catalog.ts";
import { isPriceAmount } from "../domain/money.ts";
import { addRating, isRating } from "../domain/rating.ts";
import { productSearchText } from "../domain/searchText.ts";
import { MAX_ON_HAND } from "../domain/stock.ts";
import type { vDemoCategory, vDemoProduct, vDemoReview } from "../tables/demo.ts";
import { findCategory } from "./categories.ts";
import type { StoredPicture } from "./pictures.ts";
import { syncPlacements } from "./placements.ts";

export const DAY_MS = 24 * 60 * 60 * 1000;

type DemoProduct = Infer<typeof vDemoProduct>;
type DemoVariant = DemoProduct["variants"][number];

/** Each importer leaves alone what is already there, so an interrupted import can be repeated. */
export async function importCategory(
  ctx: MutationCtx,
  category: Infer<typeof vDemoCategory>,
): Promise<void> {
  if ((await findCategory(ctx, category.slug)) !== null) return;
  const { slug, name, description, position, tint, banner, pictureFile, pictureAlt } = category;
  const parent = category.parentSlug === null ? null : await findCategory(ctx, category.parentSlug);
  if (category.parentSlug !== null && parent === null) fail(slug, "its parent is not there");
  await ctx.db.insert("categories", {
    ...{ slug, name, description, position, tint, banner },
    parentId: parent?._id ?? null,
    picture: pictureFile === null ? null : await storedPicture(ctx, pictureFile, pictureAlt),
    productCount: 0,
  });
}

export async function importProduct(ctx: MutationCtx, product: DemoProduct): Promise<void> {
  const existing = await ctx.db
    .query("products")
    .withIndex("by_slug", (q) => q.eq("slug", product.slug))
    .unique();
  if (existing !== null) return;
  const productId = await insertProduct(ctx, product);
  const variantIds: Id<"variants">[] = [];
  for (const [position, variant] of product.variants.entries()) {
    variantIds.push(await insertVariant(ctx, { productId, position, variant }));
  }
  const [onlyVariantId] = variantIds;
  if (product.options.length === 0 && onlyVariantId !== undefined) {
    await ctx.db.patch("products", productId, { singleVariantId: onlyVariantId });
  }
  await syncPlacements(ctx, productId);
}

export async function importReview(
  ctx: MutationCtx,
  review: Infer<typeof vDemoReview>,
): Promise<void> {
  const existing = await ctx.db
    .query("reviews")
    .withIndex("by_importedId", (q) => q.eq("importedId", review.id))
    .unique();
  if (existing !== null) return;
  const { authorName, rating, title, body, isVerified, helpfulCount } = review;
  const product = await ctx.db
    .query("products")
    .withIndex("by_slug", (q) => q.eq("slug", review.productSlug))
    .unique();
  if (product === null) return fail(review.id, `there is no product ${review.productSlug}`);
  if (!isRating(rating)) fail(review.id, `${rating} is not a rating`);
  await ctx.db.insert("reviews", {
    ...{ authorName, rating, title, body, isVerified, helpfulCount },
    productId: product._id,
    userId: null,
    status: "published",
    writtenAt: Date.now() - review.daysAgo * DAY_MS,
    importedId: review.id,
  });
  await ctx.db.patch("products", product._id, { rating: addRating(product.rating, rating) });
}

async function insertProduct(ctx: MutationCtx, product: DemoProduct): Promise<Id<"products">> {
  const { slug, sku, name, brand, description, highlights, options, attributes } = product;
  const { tags, tint, featuredRank, variants } = product;
  const category = await findCategory(ctx, product.categorySlug);
  if (category === null) return fail(slug, `there is no category ${product.categorySlug}`);
  const prices = priceSummary(variants);
  if (prices === null) return fail(slug, "it has no variant");
  const publishedAt = Date.now() - product.ageDays * DAY_MS;
  const newUntil = publishedAt + NEW_FOR_MS;
  const skus = [sku, ...variants.map((variant) => variant.sku)];
  const searchable = { name, brand, categoryName: category.name, tags, highlights };
  return await ctx.db.insert("products", {
    ...{ slug, sku, name, brand, description, highlights, options, attributes, tags, tint },
    ...{ featuredRank, publishedAt, newUntil, ...prices },
    categoryId: category._id,
    status: "active",
    pictures: await Promise.all(
      product.pictures.map(({ file, alt }) => storedPicture(ctx, file, alt)),
    ),
    singleVariantId: null,
    rating: null,
    isNew: newUntil > Date.now(),
    searchText: productSearchText({ ...searchable, attributes, skus }),
  });
}

async function insertVariant(
  ctx: MutationCtx,
  entry: { productId: Id<"products">; position: number; variant: DemoVariant },
): Promise<Id<"variants">> {
  const { productId, position } = entry;
  const { sku, options, price, compareAtPrice, weightGrams, pictureIndex, stock } = entry.variant;
  if (!isPriceAmount(price.amount)) fail(sku, `${price.amount} is not a price`);
  if (!Number.isSafeInteger(stock) || stock < 0 || stock > MAX_ON_HAND) fail(sku, "bad stock");
  const variantId = await ctx.db.insert("variants", {
    ...{ productId, sku, position, options, price, compareAtPrice, weightGrams, pictureIndex },
    status: "active",
  });
  await ctx.db.insert("stock", { variantId, productId, onHand: stock, held: 0 });
  await ctx.db.insert("stockMovements", {
    ...{ variantId, productId, kind: "import", delta: stock, onHandAfter: stock },
    ...{ reason: "Opening stock", actorId: null, reference: null, at: Date.now() },
  });
  return variantId;
}

async function storedPicture(ctx: MutationCtx, file: string, alt: string): Promise<StoredPicture> {
  const stored = await ctx.db
    .query("demoFiles")
    .withIndex("by_file", (q) => q.eq("file", file))
    .unique();
  if (stored === null) return fail(file, "it was not uploaded");
  const { storageId, width, height } = stored;
  return { storageId, alt, width, height };
}

function fail(what: string, why: string): never {
  throw new Error(`Cannot import ${what}: ${why}`);
}
