import { v } from "convex/values";

import { vScene } from "./catalog.ts";
import { vCategorySummary, vProductCard } from "./catalogViews.ts";
import { vEditorial, vValueProposition } from "./settings.ts";

export const vHomeView = v.object({
  hero: v.union(
    v.object({
      kicker: v.string(),
      title: v.string(),
      body: v.string(),
      cta: v.object({ label: v.string(), category: v.string() }),
      scene: vScene,
      tiles: v.array(vProductCard),
    }),
    v.null(),
  ),
  justIn: v.array(vProductCard),
  featured: v.array(vProductCard),
  counter: v.array(vProductCard),
  categories: v.array(vCategorySummary),
  editorial: v.array(vEditorial),
  valuePropositions: v.array(vValueProposition),
});
