import { v } from "convex/values";

import { vProductOption, vRatingDistribution, vScene, vTint } from "./catalog.ts";
import { vMoney } from "./money.ts";

export const vPicture = v.object({
  url: v.string(),
  alt: v.string(),
  width: v.number(),
  height: v.number(),
});

export const vStockView = v.object({
  state: v.union(v.literal("in"), v.literal("low"), v.literal("out")),
  available: v.number(),
});

export const vRatingView = v.object({ average: v.number(), count: v.number() });

export const vProductCard = v.object({
  id: v.id("products"),
  slug: v.string(),
  name: v.string(),
  brand: v.string(),
  price: vMoney,
  priceVaries: v.boolean(),
  compareAtPrice: v.union(vMoney, v.null()),
  picture: v.union(vPicture, v.null()),
  tint: vTint,
  stock: vStockView,
  rating: v.union(vRatingView, v.null()),
  isNew: v.boolean(),
  singleVariantId: v.union(v.id("variants"), v.null()),
});

export const vCategoryLink = v.object({ slug: v.string(), name: v.string() });

const categoryFields = {
  slug: v.string(),
  name: v.string(),
  description: v.string(),
  tint: vTint,
  productCount: v.number(),
  picture: v.union(vPicture, v.null()),
  banner: v.union(vScene, v.null()),
};

export const vCategorySummary = v.object(categoryFields);

/** The tree is at most three levels deep, which also keeps the validator finite. */
export const vCategoryNode = v.object({
  ...categoryFields,
  children: v.array(
    v.object({
      ...categoryFields,
      children: v.array(v.object({ ...categoryFields, children: v.array(v.null()) })),
    }),
  ),
});

export const vCategoryDetail = v.object({
  ...categoryFields,
  breadcrumb: v.array(vCategoryLink),
  children: v.array(vCategorySummary),
});

export const vVariantView = v.object({
  id: v.id("variants"),
  sku: v.string(),
  options: v.record(v.string(), v.string()),
  price: vMoney,
  compareAtPrice: v.union(vMoney, v.null()),
  pictureIndex: v.number(),
  stock: vStockView,
});

export const vProductDetail = v.object({
  id: v.id("products"),
  slug: v.string(),
  sku: v.string(),
  name: v.string(),
  brand: v.string(),
  breadcrumb: v.array(vCategoryLink),
  descriptionMarkdown: v.string(),
  highlights: v.array(v.string()),
  price: vMoney,
  priceVaries: v.boolean(),
  compareAtPrice: v.union(vMoney, v.null()),
  tint: vTint,
  pictures: v.array(vPicture),
  options: v.array(vProductOption),
  variants: v.array(vVariantView),
  attributes: v.array(v.object({ name: v.string(), values: v.array(v.string()) })),
  stock: vStockView,
  rating: v.union(
    v.object({
      average: v.number(),
      count: v.number(),
      distribution: vRatingDistribution,
    }),
    v.null(),
  ),
  isNew: v.boolean(),
  related: v.array(vProductCard),
});

export const vReviewView = v.object({
  id: v.id("reviews"),
  authorName: v.string(),
  rating: v.number(),
  title: v.string(),
  body: v.string(),
  isVerified: v.boolean(),
  helpfulCount: v.number(),
  writtenAt: v.number(),
});
