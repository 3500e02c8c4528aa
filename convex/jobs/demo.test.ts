import { expect, test, vi } from "vitest";

import { api, internal } from "../_generated/api";
import { money } from "../domain/money.ts";
import type { TestShop } from "../lib/shop.setup.ts";
import { startShop } from "../lib/shop.setup.ts";

const banner = { lightUrl: "/a.webp", darkUrl: "/b.webp", width: 1600, height: 900 };
const category = {
  ...{ slug: "kitchen", name: "Kitchen", description: "", parentSlug: null, position: 1 },
  ...{ tint: "sand" as const, pictureFile: "images/pot.webp", pictureAlt: "Pot", banner },
};
const product = {
  ...{ slug: "pot", sku: "POT", name: "Pot", brand: "Maker", categorySlug: "kitchen" },
  ...{ description: "", highlights: [], options: [], attributes: [], tags: [], ageDays: 5 },
  ...{ tint: "sage" as const, featuredRank: 1 },
  pictures: [{ file: "images/pot.webp", alt: "Pot" }],
  variants: [
    {
      ...{ sku: "POT", options: {}, price: money(1900), compareAtPrice: null },
      ...{ weightGrams: 700, pictureIndex: 0, stock: 4 },
    },
  ],
};
const review = {
  ...{ id: "r1", productSlug: "pot", rating: 4, title: "Good", body: "Pours well." },
  ...{ authorName: "Ada B.", daysAgo: 2, isVerified: true, helpfulCount: 3 },
};

async function addFile(t: TestShop) {
  const storageId = await t.run((ctx) => ctx.storage.store(new Blob(["picture"])));
  const file = { file: "images/pot.webp", storageId, width: 1000, height: 1000 };
  await t.mutation(internal.jobs.demo.recordFile, file);
}

async function load(t: TestShop) {
  await t.mutation(internal.jobs.demo.importCategories, { categories: [category] });
  await t.mutation(internal.jobs.demo.importProducts, { products: [product] });
  await t.mutation(internal.jobs.demo.importReviews, { reviews: [review] });
}

test("SYS-1: the import fills the catalogue with pictures, stock and ratings", async () => {
  const t = startShop();
  await addFile(t);
  await load(t);
  const [root] = await t.query(api.shop.categories.list, {});
  expect(root).toMatchObject({ slug: "kitchen", productCount: 1, picture: { width: 1000 } });
  const pot = await t.query(api.shop.products.get, { slug: "pot" });
  expect(pot).toMatchObject({
    price: money(1900),
    stock: { state: "in", available: 4 },
    rating: { average: 4, count: 1, distribution: [0, 0, 0, 1, 0] },
    pictures: [{ alt: "Pot" }],
    isNew: true,
  });
});

test("SYS-1: repeating an interrupted import doubles nothing and keeps what was changed since", async () => {
  const t = startShop();
  await addFile(t);
  await load(t);
  await t.run(async (ctx) => {
    const row = await ctx.db.query("stock").first();
    await ctx.db.patch("stock", row!._id, { onHand: 1 });
  });
  await load(t);
  const args = { category: null, sort: "newest" as const };
  const paginationOpts = { numItems: 10, cursor: null };
  const { page } = await t.query(api.shop.products.list, { ...args, paginationOpts });
  expect(page).toMatchObject([{ stock: { available: 1 }, rating: { count: 1 } }]);
  expect(await t.query(api.shop.products.count, { category: null })).toBe(1);
});

test("SYS-1: what cannot be right is refused as a whole", async () => {
  const t = startShop();
  await addFile(t);
  await t.mutation(internal.jobs.demo.importCategories, { categories: [category] });
  const import_ = (change: object) =>
    t.mutation(internal.jobs.demo.importProducts, { products: [{ ...product, ...change }] });
  const [variant] = product.variants;
  const free = [{ ...variant!, price: money(0) }];
  await expect(import_({ variants: free })).rejects.toThrow("is not a price");
  await expect(import_({ variants: [] })).rejects.toThrow("no variant");
  await expect(import_({ categorySlug: "nowhere" })).rejects.toThrow("no category");
  const unknown = [{ file: "images/other.webp", alt: "" }];
  await expect(import_({ pictures: unknown })).rejects.toThrow("not uploaded");
  expect(await t.run((ctx) => ctx.db.query("products").collect())).toEqual([]);
});

test("SYS-1: people get their role and can sign in with the password given", async () => {
  const t = startShop();
  const person = {
    ...{ email: "judith@example.com", firstName: "Judith", lastName: "Falk" },
    ...{ role: "manager" as const, phone: null, registeredDaysAgo: 3, address: null },
  };
  const password = "one for all managers";
  await t.action(internal.jobs.demo.importPeople, { people: [person], password });
  await t.action(internal.jobs.demo.importPeople, { people: [person], password });
  const users = await t.run((ctx) => ctx.db.query("users").collect());
  expect(users).toMatchObject([{ email: person.email, role: "manager", kind: "account" }]);
});

test("SYS-1: without DEMO nothing of it can be called", async () => {
  const t = startShop();
  vi.stubEnv("DEMO", "0");
  const refused = "only be loaded where DEMO=1";
  const { demo } = internal.jobs;
  await expect(t.mutation(demo.importProducts, { products: [] })).rejects.toThrow(refused);
  await expect(t.action(demo.importPeople, { people: [], password: "" })).rejects.toThrow(refused);
  const insert = t.mutation(demo.insertPeople, { people: [], passwordHash: "" });
  await expect(insert).rejects.toThrow(refused);
  await expect(t.mutation(demo.uploadUrl, {})).rejects.toThrow(refused);
  await expect(t.query(demo.finishedSteps, {})).rejects.toThrow(refused);
});
