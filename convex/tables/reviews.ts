import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vReviewStatus = v.union(v.literal("published"), v.literal("hidden"));

export const reviewTables = {
  reviews: defineTable({
    productId: v.id("products"),
    userId: v.union(v.id("users"), v.null()),
    authorName: v.string(),
    rating: v.number(),
    title: v.string(),
    body: v.string(),
    isVerified: v.boolean(),
    helpfulCount: v.number(),
    status: vReviewStatus,
    writtenAt: v.number(),
    /** Its id in the file that it was imported from. */
    importedId: v.union(v.string(), v.null()),
  })
    .index("by_productId_and_status_and_writtenAt", ["productId", "status", "writtenAt"])
    .index("by_importedId", ["importedId"]),
};
