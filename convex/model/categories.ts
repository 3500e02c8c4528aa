import type { Infer } from "convex/values";

import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import type { vCategoryDetail, vCategoryNode, vCategorySummary } from "../tables/catalogViews.ts";
import { viewPicture } from "./pictures.ts";

const MAX_CATEGORIES = 500;
const MAX_CHILDREN = 100;

/** Root, child, grandchild. */
export const MAX_CATEGORY_DEPTH = 3;

export type CategoryNode = Infer<typeof vCategoryNode>;
type CategorySummary = Infer<typeof vCategorySummary>;
type Ctx = Pick<QueryCtx, "db" | "storage">;

export async function findCategory(
  ctx: Pick<QueryCtx, "db">,
  slug: string,
): Promise<Doc<"categories"> | null> {
  return await ctx.db
    .query("categories")
    .withIndex("by_slug", (q) => q.eq("slug", slug))
    .unique();
}

/** The category and those above it, from the root down. */
export async function categoryPath(
  ctx: Pick<QueryCtx, "db">,
  categoryId: Id<"categories">,
): Promise<Doc<"categories">[]> {
  const path: Doc<"categories">[] = [];
  let nextId: Id<"categories"> | null = categoryId;
  while (nextId !== null && path.length < MAX_CATEGORY_DEPTH) {
    const category: Doc<"categories"> | null = await ctx.db.get("categories", nextId);
    if (category === null) break;
    path.unshift(category);
    nextId = category.parentId;
  }
  return path;
}

export async function listRoots(ctx: Pick<QueryCtx, "db">): Promise<Doc<"categories">[]> {
  return await listChildren(ctx, null);
}

export async function categoryTree(ctx: Ctx): Promise<CategoryNode[]> {
  const rows = await ctx.db.query("categories").withIndex("by_slug").take(MAX_CATEGORIES);
  const views = new Map<Id<"categories">, CategorySummary>();
  await Promise.all(rows.map(async (row) => views.set(row._id, await viewCategory(ctx, row))));
  const below = (parentId: Id<"categories"> | null) =>
    rows
      .filter((row) => row.parentId === parentId)
      .sort((a, b) => a.position - b.position)
      .flatMap((row) => {
        const view = views.get(row._id);
        return view === undefined ? [] : [{ id: row._id, view }];
      });
  return below(null).map(({ id, view }) => ({
    ...view,
    children: below(id).map((child) => ({
      ...child.view,
      children: below(child.id).map((grandchild) => ({ ...grandchild.view, children: [] })),
    })),
  }));
}

export async function categoryDetail(
  ctx: Ctx,
  category: Doc<"categories">,
): Promise<Infer<typeof vCategoryDetail>> {
  const [path, children, view] = await Promise.all([
    categoryPath(ctx, category._id),
    listChildren(ctx, category._id),
    viewCategory(ctx, category),
  ]);
  return {
    ...view,
    breadcrumb: path.map(({ slug, name }) => ({ slug, name })),
    children: await Promise.all(children.map((child) => viewCategory(ctx, child))),
  };
}

export async function viewCategory(
  ctx: Ctx,
  category: Doc<"categories">,
): Promise<CategorySummary> {
  const { slug, name, description, tint, productCount, banner } = category;
  const picture = await viewPicture(ctx, category.picture);
  return { slug, name, description, tint, productCount, picture, banner };
}

async function listChildren(
  ctx: Pick<QueryCtx, "db">,
  parentId: Id<"categories"> | null,
): Promise<Doc<"categories">[]> {
  return await ctx.db
    .query("categories")
    .withIndex("by_parentId_and_position", (q) => q.eq("parentId", parentId))
    .take(MAX_CHILDREN);
}
