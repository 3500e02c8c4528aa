import { expect, test } from "vitest";

import { api } from "../_generated/api";
import { addCategory, addProduct, startShop } from "../lib/shop.setup.ts";

const scene = { lightUrl: "/a.webp", darkUrl: "/b.webp", width: 1600, height: 900 };

test("SHP-1: hero, new arrivals, featured and categories all come from data", async () => {
  const t = startShop();
  const kitchen = await addCategory(t, { slug: "kitchen" });
  await addCategory(t, { slug: "pantry", parentId: kitchen });
  for (let i = 0; i < 10; i++) {
    await addProduct(t, { slug: `p${i}`, categoryId: kitchen, publishedAt: i, featuredRank: i });
  }
  await t.run((ctx) =>
    ctx.db.insert("homePages", {
      key: "home",
      hero: [
        {
          ...{ id: "table", kicker: "Autumn", title: "Made to last", body: "…", scene },
          cta: { label: "Shop", categorySlug: "kitchen" },
          productSlugs: ["p3", "gone", "p1"],
        },
      ],
      editorial: [],
      valuePropositions: [],
    }),
  );
  const home = await t.query(api.shop.home.get, {});
  expect(home.hero).toMatchObject({
    title: "Made to last",
    cta: { label: "Shop", category: "kitchen" },
    tiles: [{ slug: "p3" }, { slug: "p1" }],
  });
  expect(home.justIn.map(({ slug }) => slug)).toEqual([
    ...["p9", "p8", "p7", "p6", "p5", "p4", "p3", "p2"],
  ]);
  expect(home.featured[0]?.slug).toBe("p0");
  expect(home.categories).toMatchObject([{ slug: "kitchen", productCount: 10 }]);
});

test("SHP-1: a shop without products has a home page too", async () => {
  const t = startShop();
  const home = await t.query(api.shop.home.get, {});
  expect(home).toMatchObject({ hero: null, justIn: [], featured: [], categories: [] });
  expect(await t.query(api.shop.settings.get, {})).toMatchObject({ shopName: "Vitrine" });
});

test("SHP-2: the category tree has its children in order, and a category its breadcrumb", async () => {
  const t = startShop();
  const kitchen = await addCategory(t, { slug: "kitchen", name: "Kitchen" });
  await addCategory(t, { slug: "pantry", name: "Pantry", parentId: kitchen });
  const tree = await t.query(api.shop.categories.list, {});
  expect(tree).toMatchObject([{ slug: "kitchen", children: [{ slug: "pantry", children: [] }] }]);
  expect(await t.query(api.shop.categories.get, { slug: "pantry" })).toMatchObject({
    breadcrumb: [
      { slug: "kitchen", name: "Kitchen" },
      { slug: "pantry", name: "Pantry" },
    ],
  });
});

test("SHP-5: reviews are listed newest first, and hidden ones are not", async () => {
  const t = startShop();
  const { productId } = await addProduct(t, { slug: "pot" });
  await t.run(async (ctx) => {
    for (const [title, status, writtenAt] of [
      ["older", "published", 1],
      ["newer", "published", 2],
      ["rude", "hidden", 3],
    ] as const) {
      await ctx.db.insert("reviews", {
        ...{ productId, title, status, writtenAt, userId: null, authorName: "Ada B." },
        ...{ rating: 5, body: "", isVerified: false, helpfulCount: 0, importedId: null },
      });
    }
  });
  const paginationOpts = { numItems: 10, cursor: null };
  const { page } = await t.query(api.shop.reviews.list, { slug: "pot", paginationOpts });
  expect(page.map(({ title }) => title)).toEqual(["newer", "older"]);
  const missing = t.query(api.shop.reviews.list, { slug: "nothing", paginationOpts });
  await expect(missing).rejects.toMatchObject({ data: { code: "NOT_FOUND", what: "product" } });
});
