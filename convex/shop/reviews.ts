import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";

import { notFound } from "../lib/errors.ts";
import { publicQuery } from "../lib/functions.ts";
import { findProduct } from "../model/catalog.ts";
import { listReviews } from "../model/reviews.ts";
import { vReviewView } from "../tables/catalogViews.ts";

/** Published reviews, the newest first. Throws NOT_FOUND. */
export const list = publicQuery({
  args: { slug: v.string(), paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vReviewView),
  handler: async (ctx, { slug, paginationOpts }) => {
    const product = await findProduct(ctx, slug);
    if (product === null) throw notFound("product");
    return await listReviews(ctx, { productId: product._id, page: paginationOpts });
  },
});
