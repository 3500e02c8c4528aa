import { defineTable } from "convex/server";
import { v } from "convex/values";

import { vScene } from "./catalog.ts";
import { vCurrency, vMoney } from "./money.ts";

export const vDeliveryMethodId = v.union(
  v.literal("standard"),
  v.literal("express"),
  v.literal("large-item"),
);

export const vDeliveryMethod = v.object({
  id: vDeliveryMethodId,
  name: v.string(),
  price: vMoney,
  /** Free from this subtotal on; null if never. */
  freeFrom: v.union(vMoney, v.null()),
  minDays: v.number(),
  maxDays: v.number(),
  /** Carries orders of at least this weight … */
  minWeightGrams: v.number(),
  /** … and at most this one; null without a limit. */
  maxWeightGrams: v.union(v.number(), v.null()),
});

export const vPaymentMethodId = v.union(v.literal("paypal"), v.literal("bankTransfer"));

export const vBankAccount = v.object({
  holder: v.string(),
  iban: v.string(),
  bic: v.string(),
  bankName: v.string(),
});

export const vShopContact = v.object({
  company: v.string(),
  street: v.string(),
  postalCode: v.string(),
  city: v.string(),
  country: v.string(),
  email: v.string(),
  phone: v.string(),
});

export const vHeroSlide = v.object({
  id: v.string(),
  kicker: v.string(),
  title: v.string(),
  body: v.string(),
  cta: v.object({ label: v.string(), categorySlug: v.string() }),
  scene: vScene,
  productSlugs: v.array(v.string()),
});

export const vEditorial = v.object({
  id: v.string(),
  kicker: v.string(),
  title: v.string(),
  body: v.string(),
  cta: v.object({
    label: v.string(),
    target: v.union(
      v.object({ kind: v.literal("product"), slug: v.string() }),
      v.object({ kind: v.literal("category"), slug: v.string() }),
      v.object({ kind: v.literal("page"), slug: v.string() }),
      v.object({ kind: v.literal("sort"), sort: v.string() }),
    ),
  }),
});

export const vValueProposition = v.object({
  icon: v.string(),
  title: v.string(),
  body: v.string(),
});

export const settingsFields = {
  shopName: v.string(),
  tagline: v.string(),
  announcement: v.union(v.string(), v.null()),
  currency: vCurrency,
  /** ISO 3166-1 alpha-2 codes. */
  countries: v.array(v.string()),
  /** Contained in every price, in basis points: 1900 is 19 %. */
  taxRateBasisPoints: v.number(),
  deliveryMethods: v.array(vDeliveryMethod),
  paymentMethods: v.array(vPaymentMethodId),
  lowStockThreshold: v.number(),
  bankAccount: vBankAccount,
  contact: vShopContact,
};

export const settingsTables = {
  /** One row; `key` makes it addressable. */
  settings: defineTable({ key: v.literal("shop"), ...settingsFields }).index("by_key", ["key"]),

  /** One row with the texts of the home page. */
  homePages: defineTable({
    key: v.literal("home"),
    hero: v.array(vHeroSlide),
    editorial: v.array(vEditorial),
    valuePropositions: v.array(vValueProposition),
  }).index("by_key", ["key"]),
};
