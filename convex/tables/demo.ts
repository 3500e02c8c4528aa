import { v } from "convex/values";

import { vProductOption, vScene, vStoredPicture, vTint } from "./catalog.ts";
import { vMoney } from "./money.ts";
import { vRole } from "./users.ts";

/** What the demo import takes. Pictures name files that were uploaded before. */
export const vDemoCategory = v.object({
  slug: v.string(),
  name: v.string(),
  description: v.string(),
  parentSlug: v.union(v.string(), v.null()),
  position: v.number(),
  tint: vTint,
  pictureFile: v.union(v.string(), v.null()),
  pictureAlt: v.string(),
  banner: vScene,
});

export const vDemoProduct = v.object({
  slug: v.string(),
  sku: v.string(),
  name: v.string(),
  brand: v.string(),
  categorySlug: v.string(),
  description: v.string(),
  highlights: v.array(v.string()),
  options: v.array(vProductOption),
  attributes: v.array(v.object({ name: v.string(), values: v.array(v.string()) })),
  tags: v.array(v.string()),
  tint: vTint,
  pictures: v.array(v.object({ file: v.string(), alt: v.string() })),
  variants: v.array(
    v.object({
      sku: v.string(),
      options: v.record(v.string(), v.string()),
      price: vMoney,
      compareAtPrice: v.union(vMoney, v.null()),
      weightGrams: v.number(),
      pictureIndex: v.number(),
      stock: v.number(),
    }),
  ),
  featuredRank: v.union(v.number(), v.null()),
  ageDays: v.number(),
});

export const vDemoPerson = v.object({
  email: v.string(),
  firstName: v.string(),
  lastName: v.string(),
  role: vRole,
  phone: v.union(v.string(), v.null()),
  registeredDaysAgo: v.number(),
  address: v.union(
    v.object({
      line1: v.string(),
      postalCode: v.string(),
      city: v.string(),
      region: v.union(v.string(), v.null()),
      country: v.string(),
    }),
    v.null(),
  ),
});

export const vDemoReview = v.object({
  id: v.string(),
  productSlug: v.string(),
  rating: v.number(),
  title: v.string(),
  body: v.string(),
  authorName: v.string(),
  daysAgo: v.number(),
  isVerified: v.boolean(),
  helpfulCount: v.number(),
});

export const vDemoFile = v.object({
  file: v.string(),
  storageId: vStoredPicture.fields.storageId,
  width: v.number(),
  height: v.number(),
});
