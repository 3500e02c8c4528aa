import { v } from "convex/values";

import { internal } from "../_generated/api";
import { internalAction, internalMutation, internalQuery } from "../lib/functions.ts";
import { isDemo } from "../lib/env.ts";
import { hashPassword } from "../lib/passwordHash.ts";
import * as Demo from "../model/demoCatalog.ts";
import * as DemoShop from "../model/demoShop.ts";
import { syncPlacements } from "../model/placements.ts";
import { putSettings } from "../model/settings.ts";
import {
  vDemoCategory,
  vDemoFile,
  vDemoPerson,
  vDemoProduct,
  vDemoReview,
} from "../tables/demo.ts";
import { settingsFields, vEditorial, vHeroSlide, vValueProposition } from "../tables/settings.ts";

/** The steps that are finished; the import skips them. */
export const finishedSteps = internalQuery({
  args: {},
  returns: v.array(v.string()),
  handler: async (ctx) => {
    requireDemo();
    return await DemoShop.finishedSteps(ctx);
  },
});

export const finishStep = internalMutation({
  args: { step: v.string() },
  returns: v.null(),
  handler: async (ctx, { step }) => {
    requireDemo();
    await DemoShop.finishStep(ctx, step);
    return null;
  },
});

/** Which of these files are not in storage yet. */
export const missingFiles = internalQuery({
  args: { files: v.array(v.string()) },
  returns: v.array(v.string()),
  handler: async (ctx, { files }) => {
    requireDemo();
    return await DemoShop.missingFiles(ctx, files);
  },
});

export const uploadUrl = internalMutation({
  args: {},
  returns: v.string(),
  handler: async (ctx) => {
    requireDemo();
    return await ctx.storage.generateUploadUrl();
  },
});

export const recordFile = internalMutation({
  args: vDemoFile,
  returns: v.null(),
  handler: async (ctx, file) => {
    requireDemo();
    await DemoShop.recordFile(ctx, file);
    return null;
  },
});

export const importSettings = internalMutation({
  args: {
    settings: v.object(settingsFields).pick("shopName", "tagline", "announcement", "contact"),
    bankAccount: settingsFields.bankAccount,
    hero: v.array(vHeroSlide),
    editorial: v.array(vEditorial),
    valuePropositions: v.array(vValueProposition),
  },
  returns: v.null(),
  handler: async (ctx, { settings, bankAccount, ...homePage }) => {
    requireDemo();
    await putSettings(ctx, { ...settings, bankAccount });
    await DemoShop.importHomePage(ctx, homePage);
    return null;
  },
});

/** Parents before their children. */
export const importCategories = internalMutation({
  args: { categories: v.array(vDemoCategory) },
  returns: v.null(),
  handler: async (ctx, { categories }) => {
    requireDemo();
    for (const category of categories) await Demo.importCategory(ctx, category);
    return null;
  },
});

export const importProducts = internalMutation({
  args: { products: v.array(vDemoProduct) },
  returns: v.null(),
  handler: async (ctx, { products }) => {
    requireDemo();
    for (const product of products) await Demo.importProduct(ctx, product);
    return null;
  },
});

/** Reviews of one product; its rating is computed from them. */
export const importReviews = internalMutation({
  args: { reviews: v.array(vDemoReview) },
  returns: v.null(),
  handler: async (ctx, { reviews }) => {
    requireDemo();
    for (const review of reviews) await Demo.importReview(ctx, review);
    for (const slug of new Set(reviews.map(({ productSlug }) => productSlug))) {
      const product = await DemoShop.getProductBySlug(ctx, slug);
      await syncPlacements(ctx, product._id);
    }
    return null;
  },
});

/** Accounts that share one password, which is hashed once for all of them. */
export const importPeople = internalAction({
  args: { people: v.array(vDemoPerson), password: v.string() },
  returns: v.null(),
  handler: async (ctx, { people, password }) => {
    requireDemo();
    const passwordHash = await hashPassword(password);
    await ctx.runMutation(internal.jobs.demo.insertPeople, { people, passwordHash });
    return null;
  },
});

export const insertPeople = internalMutation({
  args: { people: v.array(vDemoPerson), passwordHash: v.string() },
  returns: v.null(),
  handler: async (ctx, { people, passwordHash }) => {
    requireDemo();
    for (const person of people) await DemoShop.importPerson(ctx, person, passwordHash);
    return null;
  },
});

function requireDemo(): void {
  if (!isDemo()) throw new Error("Demo data can only be loaded where DEMO=1");
}
