import { expect, test } from "vitest";

import { api } from "../_generated/api";
import { addCategory, addProduct, startShop, type TestShop } from "../lib/shop.setup.ts";
import { findPart, listPart, type SitemapPart, type SitemapPlace } from "../model/sitemap.ts";
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

test("a part has no more products than its size, whatever end it is asked for", async () => {
  const t = startShop();
  const categoryId = await addCategory(t);
  for (const at of [1, 2, 3, 4]) {
    await addProduct(t, { slug: `p${at}`, publishedAt: at, categoryId });
  }
  for (const last of [null, { publishedAt: 4, createdAt: Number.MAX_VALUE }]) {
    const products = await t.run((ctx) => listPart(ctx, { start: null, last }, 3));
    expect(products.map(({ slug }) => slug)).toEqual(["p1", "p2", "p3"]);
  }
});

test("products of the same moment are in one part each", async () => {
  const t = startShop();
  const categoryId = await addCategory(t);
  for (const slug of ["a", "b", "c"]) await addProduct(t, { slug, publishedAt: 1, categoryId });
  expect((await slugsOf(t, await walk(t, 2))).flat().toSorted()).toEqual(["a", "b", "c"]);
});

type Part = { start: string | null; last: SitemapPlace | null };

async function walk(t: TestShop, size: number): Promise<Part[]> {
  const parts: Part[] = [];
  for (let start: string | null = null; ;) {
    const from: string | null = start;
    const part: SitemapPart = await t.run((ctx) => findPart(ctx, from, size));
    parts.push({ start, last: part.last });
    if (part.isLast) return parts;
    start = part.end;
  }
}

async function slugsOf(t: TestShop, parts: readonly Part[]): Promise<string[][]> {
  const products = await Promise.all(parts.map((part) => t.query(api.shop.sitemap.products, part)));
  return products.map((part) => part.map(({ slug }) => slug));
}
