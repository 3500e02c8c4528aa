import type { PaginationOptions, PaginationResult } from "convex/server";
import type { Infer } from "convex/values";

import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import type { vReviewView } from "../tables/catalogViews.ts";
import { boundedPage } from "./catalog.ts";

/** Published reviews of a product, the newest first. */
export async function listReviews(
  ctx: Pick<QueryCtx, "db">,
  options: { productId: Id<"products">; page: PaginationOptions },
): Promise<PaginationResult<Infer<typeof vReviewView>>> {
  const found = await ctx.db
    .query("reviews")
    .withIndex("by_productId_and_status_and_writtenAt", (q) =>
      q.eq("productId", options.productId).eq("status", "published"),
    )
    .order("desc")
    .paginate(boundedPage(options.page));
  return { ...found, page: found.page.map(viewReview) };
}

function viewReview(review: Doc<"reviews">): Infer<typeof vReviewView> {
  const { _id: id, authorName, rating, title, body, isVerified, helpfulCount, writtenAt } = review;
  return { id, authorName, rating, title, body, isVerified, helpfulCount, writtenAt };
}
