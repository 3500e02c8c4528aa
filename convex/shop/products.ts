import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";

import { publicQuery } from "../lib/functions.ts";
import * as Catalog from "../model/catalog.ts";
import { vProductCard, vProductDetail } from "../tables/catalogViews.ts";

const SUGGESTION_COUNT = 6;

const vCategorySlug = v.union(v.string(), v.null());

const vSort = v.union(
  v.literal("featured"),
  v.literal("newest"),
  v.literal("priceAsc"),
  v.literal("priceDesc"),
  v.literal("rating"),
);

/** Products of a category and those below it; `null` is the whole shop. Throws NOT_FOUND. */
export const list = publicQuery({
  args: { category: vCategorySlug, sort: vSort, paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vProductCard),
  handler: (ctx, { category, sort, paginationOpts }) =>
    Catalog.listProducts(ctx, { categorySlug: category, sort, page: paginationOpts }),
});

/** How many products the list has in all. Throws NOT_FOUND. */
export const count = publicQuery({
  args: { category: vCategorySlug },
  returns: v.number(),
  handler: (ctx, { category }) => Catalog.countProducts(ctx, category),
});

export const search = publicQuery({
  args: { query: v.string(), paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vProductCard),
  handler: (ctx, { query, paginationOpts }) => Catalog.searchProducts(ctx, query, paginationOpts),
});

/** A few products for what is being typed. */
export const suggest = publicQuery({
  args: { query: v.string() },
  returns: v.array(vProductCard),
  handler: (ctx, { query }) => Catalog.suggestProducts(ctx, query, SUGGESTION_COUNT),
});

/** The product; where it went, if its slug was changed; or null. */
export const get = publicQuery({
  args: { slug: v.string() },
  returns: v.union(vProductDetail, v.object({ movedTo: v.string() }), v.null()),
  handler: async (ctx, { slug }) => {
    const product = await Catalog.findProduct(ctx, slug);
    if (product !== null) return await Catalog.productDetail(ctx, product);
    const movedTo = await Catalog.findMovedSlug(ctx, slug);
    return movedTo === null ? null : { movedTo };
  },
});
