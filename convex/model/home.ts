import type { Infer } from "convex/values";

import type { Doc } from "../_generated/dataModel";
import type { vHomeView } from "../tables/homeView.ts";
import type { CatalogCtx } from "./catalog.ts";
import { productCardsBySlug, topProducts } from "./catalog.ts";
import { listRoots, viewCategory } from "./categories.ts";

const HERO_TILES = 3;
const JUST_IN_COUNT = 8;
const FEATURED_COUNT = 8;
const COUNTER_COUNT = 5;

type HomeView = Infer<typeof vHomeView>;

/** The home page, all of it from data; the hero is null in a shop that has none yet. */
export async function homePage(ctx: CatalogCtx): Promise<HomeView> {
  const whole = { categoryId: null };
  const [page, justIn, featured, counter, roots] = await Promise.all([
    findHomePage(ctx),
    topProducts(ctx, { ...whole, sort: "newest", count: JUST_IN_COUNT }),
    topProducts(ctx, { ...whole, sort: "featured", count: FEATURED_COUNT }),
    topProducts(ctx, { ...whole, sort: "rating", count: COUNTER_COUNT }),
    listRoots(ctx),
  ]);
  return {
    hero: await viewHero(ctx, page),
    justIn,
    featured,
    counter,
    categories: await Promise.all(roots.map((root) => viewCategory(ctx, root))),
    editorial: page?.editorial ?? [],
    valuePropositions: page?.valuePropositions ?? [],
  };
}

async function findHomePage(ctx: CatalogCtx): Promise<Doc<"homePages"> | null> {
  return await ctx.db
    .query("homePages")
    .withIndex("by_key", (q) => q.eq("key", "home"))
    .unique();
}

async function viewHero(ctx: CatalogCtx, page: Doc<"homePages"> | null): Promise<HomeView["hero"]> {
  const slide = page?.hero[0];
  if (slide === undefined) return null;
  const { kicker, title, body, cta, scene } = slide;
  const tiles = await productCardsBySlug(ctx, slide.productSlugs.slice(0, HERO_TILES));
  return {
    kicker,
    title,
    body,
    scene,
    tiles,
    cta: { label: cta.label, category: cta.categorySlug },
  };
}
