import { v } from "convex/values";

import { publicQuery } from "../lib/functions.ts";
import { categoryDetail, categoryTree, findCategory } from "../model/categories.ts";
import { vCategoryDetail, vCategoryNode } from "../tables/catalogViews.ts";

export const list = publicQuery({
  args: {},
  returns: v.array(vCategoryNode),
  handler: (ctx) => categoryTree(ctx),
});

export const get = publicQuery({
  args: { slug: v.string() },
  returns: v.union(vCategoryDetail, v.null()),
  handler: async (ctx, { slug }) => {
    const category = await findCategory(ctx, slug);
    return category === null ? null : await categoryDetail(ctx, category);
  },
});
