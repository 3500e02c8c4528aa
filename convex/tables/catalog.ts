import { defineTable } from "convex/server";
import { v } from "convex/values";

import { vMoney } from "./money.ts";

export const vTint = v.union(
  v.literal("sand"),
  v.literal("clay"),
  v.literal("rose"),
  v.literal("butter"),
  v.literal("sage"),
  v.literal("mist"),
  v.literal("lilac"),
  v.literal("stone"),
);

/** A picture in file storage. */
export const vStoredPicture = v.object({
  storageId: v.id("_storage"),
  alt: v.string(),
  width: v.number(),
  height: v.number(),
});

/** A picture served from `public/`, one file for each theme. */
export const vScene = v.object({
  lightUrl: v.string(),
  darkUrl: v.string(),
  width: v.number(),
  height: v.number(),
});

export const vProductStatus = v.union(v.literal("active"), v.literal("archived"));

export const vProductOption = v.object({
  name: v.string(),
  values: v.array(v.object({ value: v.string(), swatch: v.union(v.string(), v.null()) })),
});

/** How many reviews gave one, two, … five stars. */
export const vRatingDistribution = v.array(v.number());

export const vRatingSummary = v.object({
  count: v.number(),
  sum: v.number(),
  distribution: vRatingDistribution,
});

export const catalogTables = {
  categories: defineTable({
    slug: v.string(),
    name: v.string(),
    description: v.string(),
    parentId: v.union(v.id("categories"), v.null()),
    position: v.number(),
    tint: vTint,
    picture: v.union(vStoredPicture, v.null()),
    banner: v.union(vScene, v.null()),
    /** Active products in it and below it, kept by `model/placements`. */
    productCount: v.number(),
  })
    .index("by_slug", ["slug"])
    .index("by_parentId_and_position", ["parentId", "position"]),

  products: defineTable({
    slug: v.string(),
    sku: v.string(),
    name: v.string(),
    brand: v.string(),
    categoryId: v.id("categories"),
    status: vProductStatus,
    description: v.string(),
    highlights: v.array(v.string()),
    options: v.array(vProductOption),
    attributes: v.array(v.object({ name: v.string(), values: v.array(v.string()) })),
    tags: v.array(v.string()),
    tint: vTint,
    pictures: v.array(vStoredPicture),
    /** The lowest price among the variants, and the former price of that variant. */
    price: vMoney,
    compareAtPrice: v.union(vMoney, v.null()),
    priceVaries: v.boolean(),
    /** Set when there is nothing to choose, so that a card can add to the cart. */
    singleVariantId: v.union(v.id("variants"), v.null()),
    rating: v.union(vRatingSummary, v.null()),
    /** Place among the featured, the smallest first; null if not featured. */
    featuredRank: v.union(v.number(), v.null()),
    publishedAt: v.number(),
    /** Switched off by a job when `newUntil` passes: a query must not compare with the clock. */
    isNew: v.boolean(),
    newUntil: v.number(),
    searchText: v.string(),
  })
    .index("by_slug", ["slug"])
    .index("by_sku", ["sku"])
    .index("by_status_and_name", ["status", "name"])
    .index("by_categoryId", ["categoryId"])
    .index("by_isNew_and_newUntil", ["isNew", "newUntil"])
    .searchIndex("by_searchText", { searchField: "searchText", filterFields: ["status"] }),

  /** Former slugs, so that an old address still leads to its product. */
  productSlugs: defineTable({ slug: v.string(), productId: v.id("products") })
    .index("by_slug", ["slug"])
    .index("by_productId", ["productId"]),

  variants: defineTable({
    productId: v.id("products"),
    sku: v.string(),
    position: v.number(),
    /** Option name to value; empty for the only variant of a product without options. */
    options: v.record(v.string(), v.string()),
    price: vMoney,
    compareAtPrice: v.union(vMoney, v.null()),
    weightGrams: v.number(),
    pictureIndex: v.number(),
    status: vProductStatus,
  })
    .index("by_productId_and_position", ["productId", "position"])
    .index("by_sku", ["sku"]),

  /**
   * One row for each active product in its category, in every category above it, and in the whole
   * shop (`categoryId` null), with the values that lists are sorted by. Every index ends in the
   * creation time, so ties keep a stable order across pages.
   */
  placements: defineTable({
    productId: v.id("products"),
    categoryId: v.union(v.id("categories"), v.null()),
    featuredRank: v.number(),
    publishedAt: v.number(),
    priceAmount: v.number(),
    ratingScore: v.number(),
  })
    .index("by_productId", ["productId"])
    .index("by_categoryId_and_featuredRank", ["categoryId", "featuredRank"])
    .index("by_categoryId_and_publishedAt", ["categoryId", "publishedAt"])
    .index("by_categoryId_and_priceAmount", ["categoryId", "priceAmount"])
    .index("by_categoryId_and_ratingScore", ["categoryId", "ratingScore"]),
};
