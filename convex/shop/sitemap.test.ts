import { expect, test } from "vitest";

import { api } from "../_generated/api";
import { addCategory, addProduct, startShop, type TestShop } from "../lib/shop.setup.ts";
import { findPart } from "../model/sitemap.ts";
import { syncPlacements } from "../model/placements.ts";

test("every product for sale is in one part of the sitemap, the oldest first", async () => {
  const t = startShop();
  const categoryId = await addCategory(t);
  for (const age of [5, 4, 3, 2, 1]) {
    await addProduct(t, { slug: `p${age}`, publishedAt: 10 - age, categoryId });
  }
  const parts = await walk(t, 2);
  expect(await slugsOf(t, parts)).toEqual([["p5", "p4"], ["p3", "p2"], ["p1"]]);
});

test("a part keeps its ends when products come or go", async () => {
  const t = startShop();
  const categoryId = await addCategory(t);
  for (const at of [1, 2, 3, 4]) {
    await addProduct(t, { slug: `p${at}`, publishedAt: at, categoryId });
  }
  const parts = await walk(t, 3);
  await addProduct(t, { slug: "late", publishedAt: 9, categoryId });
  await t.run(async (ctx) => {
    const gone = await ctx.db
      .query("products")
      .withIndex("by_slug", (q) => q.eq("slug", "p2"))
      .unique();
    await ctx.db.patch("products", gone!._id, { status: "archived" });
    await syncPlacements(ctx, gone!._id);
  });
  expect(await slugsOf(t, parts)).toEqual([
    ["p1", "p3"],
    ["p4", "late"],
  ]);
});

test("a shop without products has one part, which is empty", async () => {
  const t = startShop();
  const part = await t.query(api.shop.sitemap.part, { start: null });
  expect([part.isLast, part.isEmpty]).toEqual([true, true]);
});

type Part = { start: string | null; end: string };

async function walk(t: TestShop, size: number): Promise<Part[]> {
  const parts: Part[] = [];
  for (let start: string | null = null; ; start = parts.at(-1)?.end ?? null) {
    const from = start;
    const { end, isLast } = await t.run((ctx) => findPart(ctx, from, size));
    parts.push({ start, end });
    if (isLast) return parts;
  }
}

async function slugsOf(t: TestShop, parts: readonly Part[]): Promise<string[][]> {
  const products = await Promise.all(parts.map((part) => t.query(api.shop.sitemap.products, part)));
  return products.map((part) => part.map(({ slug }) => slug));
}
