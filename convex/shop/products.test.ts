import { expect, test } from "vitest";

import { api, internal } from "../_generated/api";
import { money } from "../domain/money.ts";
import { addCategory, addProduct, startShop } from "../lib/shop.setup.ts";
import { syncPlacements } from "../model/placements.ts";

const firstPage = { numItems: 10, cursor: null };

test("SHP-2: a category lists its own products and those of the categories below it", async () => {
  const t = startShop();
  const kitchen = await addCategory(t, { slug: "kitchen" });
  const pantry = await addCategory(t, { slug: "pantry", parentId: kitchen });
  await addProduct(t, { slug: "pan", categoryId: kitchen });
  await addProduct(t, { slug: "honey", categoryId: pantry });
  await addProduct(t, { slug: "chair" });
  const slugs = async (category: string | null) => {
    const args = { category, sort: "newest" as const, paginationOpts: firstPage };
    const { page } = await t.query(api.shop.products.list, args);
    return page.map(({ slug }) => slug).sort();
  };
  expect(await slugs("kitchen")).toEqual(["honey", "pan"]);
  expect(await slugs("pantry")).toEqual(["honey"]);
  expect(await slugs(null)).toEqual(["chair", "honey", "pan"]);
  expect(await t.query(api.shop.products.count, { category: "kitchen" })).toBe(2);
  expect(await t.query(api.shop.products.count, { category: null })).toBe(3);
});

test("SHP-2: the list is sorted by price, age, rank and rating", async () => {
  const t = startShop();
  const categoryId = await addCategory(t);
  const variants = (price: number) => [{ price }];
  const cheap = { slug: "cheap", variants: variants(100), publishedAt: 3, featuredRank: 2 };
  const dear = { slug: "dear", variants: variants(900), publishedAt: 1, featuredRank: 1 };
  const loved = { slug: "loved", variants: variants(500), publishedAt: 2 };
  for (const product of [cheap, dear, loved]) await addProduct(t, { ...product, categoryId });
  await t.run(async (ctx) => {
    const product = await ctx.db
      .query("products")
      .withIndex("by_slug", (q) => q.eq("slug", "loved"))
      .unique();
    const rating = { count: 9, sum: 45, distribution: [0, 0, 0, 0, 9] };
    await ctx.db.patch("products", product!._id, { rating });
    await syncPlacements(ctx, product!._id);
  });
  const order = async (sort: "featured" | "newest" | "priceAsc" | "priceDesc" | "rating") => {
    const args = { category: "kitchen", sort, paginationOpts: firstPage };
    return (await t.query(api.shop.products.list, args)).page.map(({ slug }) => slug);
  };
  expect(await order("priceAsc")).toEqual(["cheap", "loved", "dear"]);
  expect(await order("priceDesc")).toEqual(["dear", "loved", "cheap"]);
  expect(await order("newest")).toEqual(["cheap", "loved", "dear"]);
  expect(await order("featured")).toEqual(["dear", "cheap", "loved"]);
  expect((await order("rating"))[0]).toBe("loved");
});

test("SHP-2: load more continues where the page ended, without gaps or repeats", async () => {
  const t = startShop();
  const categoryId = await addCategory(t);
  for (let i = 0; i < 7; i++) await addProduct(t, { slug: `p${i}`, categoryId });
  const seen: string[] = [];
  let cursor: string | null = null;
  for (let isDone = false; !isDone;) {
    const args = { category: null, sort: "priceAsc" as const };
    const paginationOpts: { numItems: number; cursor: string | null } = { numItems: 3, cursor };
    const result: { page: { slug: string }[]; isDone: boolean; continueCursor: string } =
      await t.query(api.shop.products.list, { ...args, paginationOpts });
    seen.push(...result.page.map(({ slug }) => slug));
    ({ isDone, continueCursor: cursor } = result);
  }
  expect(seen.sort()).toEqual(["p0", "p1", "p2", "p3", "p4", "p5", "p6"]);
});

test("SHP-2: a page is never larger than the shop allows", async () => {
  const t = startShop();
  const categoryId = await addCategory(t);
  for (let i = 0; i < 122; i++) await addProduct(t, { slug: `p${i}`, categoryId });
  const paginationOpts = { numItems: 1_000_000, cursor: null };
  const args = { category: null, sort: "newest" as const, paginationOpts };
  expect((await t.query(api.shop.products.list, args)).page).toHaveLength(120);
});

test("SHP-2: out-of-stock items are listed and marked, and held units are not for sale", async () => {
  const t = startShop();
  const gone = await addProduct(t, { slug: "gone", variants: [{ stock: 0 }] });
  const low = await addProduct(t, { slug: "low", variants: [{ stock: 2 }, { stock: 1 }] });
  const held = await addProduct(t, { slug: "held", variants: [{ stock: 5 }] });
  await t.run(async (ctx) => {
    const row = await ctx.db
      .query("stock")
      .withIndex("by_variantId", (q) => q.eq("variantId", held.variantId))
      .unique();
    await ctx.db.patch("stock", row!._id, { held: 5 });
  });
  const args = { category: null, sort: "newest" as const, paginationOpts: firstPage };
  const { page } = await t.query(api.shop.products.list, args);
  const stock = (id: string) => page.find((card) => card.id === id)?.stock;
  expect(stock(gone.productId)).toEqual({ state: "out", available: 0 });
  expect(stock(low.productId)).toEqual({ state: "low", available: 3 });
  expect(stock(held.productId)).toEqual({ state: "out", available: 0 });
});

test("SHP-2: an unknown category is not found", async () => {
  const t = startShop();
  const args = { category: "nowhere", sort: "newest" as const, paginationOpts: firstPage };
  await expect(t.query(api.shop.products.list, args)).rejects.toMatchObject({
    data: { code: "NOT_FOUND", what: "category" },
  });
  expect(await t.query(api.shop.categories.get, { slug: "nowhere" })).toBeNull();
});

test("SHP-4: the product page has variants with options, prices and stock", async () => {
  const t = startShop();
  const variants = [
    { price: 2500, stock: 4 },
    { price: 1900, stock: 0 },
  ];
  await addProduct(t, { slug: "tee", variants });
  const product = await t.query(api.shop.products.get, { slug: "tee" });
  if (product === null || "movedTo" in product) throw new Error("expected a product");
  expect(product.price).toEqual(money(1900));
  expect(product.priceVaries).toBe(true);
  expect(product.variants.map(({ options, stock }) => [options, stock.state])).toEqual([
    [{ Size: "S0" }, "in"],
    [{ Size: "S1" }, "out"],
  ]);
});

test("SHP-4: an unknown slug is null and an old slug leads to the new one", async () => {
  const t = startShop();
  const { productId } = await addProduct(t, { slug: "new-name" });
  await t.run((ctx) => ctx.db.insert("productSlugs", { slug: "old-name", productId }));
  expect(await t.query(api.shop.products.get, { slug: "nothing" })).toBeNull();
  const moved = await t.query(api.shop.products.get, { slug: "old-name" });
  expect(moved).toEqual({ movedTo: "new-name" });
});

test("SHP-4: an archived product is gone from its page, the lists, the counts and the search", async () => {
  const t = startShop();
  const categoryId = await addCategory(t);
  const { productId } = await addProduct(t, { slug: "lamp", categoryId });
  await t.run(async (ctx) => {
    await ctx.db.patch("products", productId, { status: "archived" });
    await syncPlacements(ctx, productId);
  });
  const args = { category: null, sort: "newest" as const, paginationOpts: firstPage };
  expect(await t.query(api.shop.products.get, { slug: "lamp" })).toBeNull();
  expect((await t.query(api.shop.products.list, args)).page).toEqual([]);
  expect(await t.query(api.shop.products.count, { category: "kitchen" })).toBe(0);
  expect(await t.query(api.shop.products.suggest, { query: "lamp" })).toEqual([]);
});

test("SHP-3: search finds by name, tag and the beginning of the last word, whatever the accents", async () => {
  const t = startShop();
  await addProduct(t, { slug: "cup", name: "Café Crème cup" });
  await addProduct(t, { slug: "candle", name: "Pillar candle", tags: ["evening"] });
  const found = async (query: string) => {
    const result = await t.query(api.shop.products.search, { query, paginationOpts: firstPage });
    return result.page.map(({ slug }) => slug);
  };
  expect(await found("CAFE")).toEqual(["cup"]);
  expect(await found("crème")).toEqual(["cup"]);
  expect(await found("pillar can")).toEqual(["candle"]);
  expect(await found("evening")).toEqual(["candle"]);
});

test("SHP-3: a search without a word finds nothing and fails nothing", async () => {
  const t = startShop();
  await addProduct(t);
  for (const query of ["", "  ", "?!", "%"]) {
    const args = { query, paginationOpts: firstPage };
    expect((await t.query(api.shop.products.search, args)).page).toEqual([]);
  }
});

test("SHP-3: at most six products are suggested", async () => {
  const t = startShop();
  for (let i = 0; i < 8; i++) await addProduct(t, { slug: `p${i}`, name: `Teapot ${i}` });
  expect(await t.query(api.shop.products.suggest, { query: "tea" })).toHaveLength(6);
});

test("SHP-4: a new product stops being new when its time is over", async () => {
  const t = startShop();
  await addProduct(t, { slug: "old", publishedAt: Date.now() - 40 * 24 * 3600 * 1000 });
  await addProduct(t, { slug: "young" });
  await t.mutation(internal.jobs.catalogue.retireNewArrivals, {});
  const args = { category: null, sort: "newest" as const, paginationOpts: firstPage };
  const { page } = await t.query(api.shop.products.list, args);
  expect(page.map(({ slug, isNew }) => [slug, isNew])).toEqual([
    ["young", true],
    ["old", false],
  ]);
});
