import { expect, test } from "vitest";

import { api } from "../_generated/api";
import { money } from "../domain/money.ts";
import { addCategory, addProduct, addUser, startShop } from "../lib/shop.setup.ts";
import { syncPlacements } from "../model/placements.ts";

const firstPage = { numItems: 10, cursor: null };

test("ADM-2: a new price shows on the product, its card, its place in the list and in the log", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  const categoryId = await addCategory(t);
  const pot = await addProduct(t, { slug: "pot", categoryId, variants: [{ price: 1000 }] });
  await addProduct(t, { slug: "cup", categoryId, variants: [{ price: 2000 }] });
  const change = { variantId: pot.variantId, price: 3000, compareAtPrice: 3500, expected: 1000 };
  await manager.as.mutation(api.admin.products.setPrice, change);
  const args = { category: null, sort: "priceAsc" as const, paginationOpts: firstPage };
  const { page } = await t.query(api.shop.products.list, args);
  expect(page.map(({ slug, price }) => [slug, price])).toEqual([
    ["cup", money(2000)],
    ["pot", money(3000)],
  ]);
  const entries = await t.run((ctx) => ctx.db.query("auditEntries").collect());
  expect(entries).toMatchObject([
    {
      actorId: manager.userId,
      actorName: "Ada Byron",
      permission: "product:write",
      action: "products.setPrice",
      subject: { table: "variants", id: pot.variantId },
      changes: [
        { field: "price", before: 1000, after: 3000 },
        { field: "compareAtPrice", before: null, after: 3500 },
      ],
    },
  ]);
});

test("ADM-2: the card shows the lowest price of all variants", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  const variants = [{ price: 1000 }, { price: 1500 }];
  const { variantIds } = await addProduct(t, { slug: "tee", variants });
  const change = { variantId: variantIds[0]!, price: 1800, compareAtPrice: null, expected: 1000 };
  await manager.as.mutation(api.admin.products.setPrice, change);
  const [card] = await t.query(api.shop.products.suggest, { query: "tee" });
  expect(card).toMatchObject({ price: money(1500), priceVaries: true });
});

test("ADM-2: impossible prices are refused by field", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  const { variantId } = await addProduct(t);
  const set = (price: number, compareAtPrice: number | null = null) =>
    manager.as.mutation(api.admin.products.setPrice, {
      ...{ variantId, price, compareAtPrice },
      expected: 1000,
    });
  for (const price of [0, -1, 9.99, Number.NaN, 1e12]) {
    await expect(set(price)).rejects.toMatchObject({
      data: { code: "INVALID_INPUT", field: "price" },
    });
  }
  await expect(set(900, 900)).rejects.toMatchObject({
    data: { code: "INVALID_INPUT", field: "compareAtPrice", reason: "notHigher" },
  });
});

test("ADM-2: of two managers who change a price at once the second is told what it is now", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  const { variantId } = await addProduct(t);
  const change = { variantId, compareAtPrice: null, expected: 1000 };
  await manager.as.mutation(api.admin.products.setPrice, { ...change, price: 900 });
  const second = manager.as.mutation(api.admin.products.setPrice, { ...change, price: 800 });
  await expect(second).rejects.toMatchObject({
    data: { code: "CONFLICT_STALE", expected: "1000", actual: "900" },
  });
});

test("ADM-2: stock is corrected with a reason, which stays as a movement and in the log", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  const { variantId, slug } = await addProduct(t, { variants: [{ stock: 10 }] });
  const adjust = api.admin.products.adjustStock;
  const reason = "counted";
  expect(await manager.as.mutation(adjust, { variantId, delta: -3, reason })).toBe(7);
  expect(await manager.as.mutation(adjust, { variantId, setTo: 2, reason })).toBe(2);
  const product = await t.query(api.shop.products.get, { slug });
  expect(product).toMatchObject({ stock: { state: "low", available: 2 } });
  const movements = await t.run((ctx) => ctx.db.query("stockMovements").collect());
  expect(movements).toMatchObject([
    { kind: "adjust", delta: -3, onHandAfter: 7, reason, actorId: manager.userId },
    { kind: "adjust", delta: -5, onHandAfter: 2, reason },
  ]);
  const entries = await t.run((ctx) => ctx.db.query("auditEntries").collect());
  expect(entries.map(({ changes }) => changes)).toEqual([
    [{ field: "onHand", before: 10, after: 7 }],
    [{ field: "onHand", before: 7, after: 2 }],
  ]);
});

test("ADM-2: stock cannot become negative or a fraction, and needs a reason", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  const { variantId } = await addProduct(t, { variants: [{ stock: 1 }] });
  const refused = { data: { code: "INVALID_INPUT" } };
  const attempts = [
    { delta: -2, reason: "x" },
    { setTo: 1.5, reason: "x" },
    { setTo: 5, reason: " " },
    { reason: "neither" },
    { delta: 1, setTo: 1, reason: "both" },
  ];
  for (const attempt of attempts) {
    const adjusted = manager.as.mutation(api.admin.products.adjustStock, { variantId, ...attempt });
    await expect(adjusted).rejects.toMatchObject(refused);
  }
  expect(await t.run((ctx) => ctx.db.query("stockMovements").collect())).toEqual([]);
  expect(await t.run((ctx) => ctx.db.query("auditEntries").collect())).toEqual([]);
});

test("ADM-2: a correction that was meant for the count on the page is refused when it moved", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  const { variantId } = await addProduct(t, { variants: [{ stock: 10 }] });
  const setTo = (count: number, expected: number) => {
    const args = { variantId, setTo: count, expected, reason: "counted" };
    return manager.as.mutation(api.admin.products.adjustStock, args);
  };
  expect(await setTo(8, 10)).toBe(8);
  await expect(setTo(12, 10)).rejects.toMatchObject({
    data: { code: "CONFLICT_STALE", expected: "10", actual: "8" },
  });
  const { rows } = await manager.as.query(api.admin.products.list, {
    ...{ search: "", page: 1, pageSize: 10, beside: null },
  });
  expect(rows).toMatchObject([{ onHand: 8, onlyVariantId: variantId }]);
});

test("ADM-2: the list goes on and back from a product, by name, and counts them all", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  const ids = new Map<string, string>();
  for (const slug of ["apron", "bowl", "cup", "dish", "ewer"]) {
    ids.set(slug, (await addProduct(t, { slug })).productId);
  }
  const { productId: archived } = await addProduct(t, { slug: "archived" });
  await t.run(async (ctx) => {
    await ctx.db.patch("products", archived, { status: "archived" });
    await syncPlacements(ctx, archived);
  });
  const list = async (side?: "after" | "before", slug = "") => {
    const beside = side === undefined ? null : { side, productId: ids.get(slug) ?? slug };
    const args = { search: "", page: 1, pageSize: 2, beside };
    const { rows, ...found } = await manager.as.query(api.admin.products.list, args);
    expect([found.total, found.isTotalExact]).toEqual([6, true]);
    return [found.hasPrevious, ...rows.map((row) => row.slug), found.hasNext];
  };
  expect(await list()).toEqual([false, "apron", "bowl", true]);
  expect(await list("after", "bowl")).toEqual([true, "cup", "dish", true]);
  expect(await list("after", "dish")).toEqual([true, "ewer", "archived", false]);
  expect(await list("before", "ewer")).toEqual([true, "cup", "dish", true]);
  expect(await list("before", "cup")).toEqual([false, "apron", "bowl", true]);
  expect(await list("before", "bowl")).toEqual([false, "apron", "bowl", true]);
  expect(await list("after", "nonsense")).toEqual([false, "apron", "bowl", true]);
});

test("ADM-2: a search has numbered pages, and says when it found more than they hold", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  for (const slug of ["apron", "bowl", "bowl-blue"]) await addProduct(t, { slug });
  const search = (words: string, page: number, pageSize = 1) => {
    const args = { search: words, page, pageSize, beside: null };
    return manager.as.query(api.admin.products.list, args);
  };
  expect(await search("bow", 1)).toMatchObject({ total: 2, isTotalExact: true, page: 1 });
  expect((await search("bow", 99)).page).toBe(2);
  expect((await search("apro", 1)).rows.map(({ slug }) => slug)).toEqual(["apron"]);
  const categoryId = await addCategory(t);
  for (let i = 0; i < 199; i++) await addProduct(t, { slug: `bowl-${i}`, categoryId });
  expect(await search("bow", 1)).toMatchObject({ total: 200, isTotalExact: false });
  expect((await search("bow", 99, 90)).rows).toHaveLength(20);
});

test("ADM-2: a whole SKU finds the one product that has it, or a variant with it", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  const categoryId = await addCategory(t);
  for (const slug of ["kit-10", "kit-100", "kit"]) await addProduct(t, { slug, categoryId });
  await addProduct(t, { slug: "bath-7", categoryId, variants: [{}, {}] });
  const search = async (words: string) => {
    const args = { search: words, page: 1, pageSize: 10, beside: null };
    const { rows, total } = await manager.as.query(api.admin.products.list, args);
    return { slugs: rows.map(({ slug }) => slug), total };
  };
  expect(await search(" Kit-10 ")).toEqual({ slugs: ["kit-10"], total: 1 });
  expect(await search("bath-7-1")).toEqual({ slugs: ["bath-7"], total: 1 });
  expect((await search("kit")).total).toBe(3);
});

test("ADM-2: an id that is none is not found, and a known one shows its variants", async () => {
  const t = startShop();
  const manager = await addUser(t, { role: "manager" });
  const { productId } = await addProduct(t, { variants: [{ stock: 4 }] });
  const get = (id: string) => manager.as.query(api.admin.products.get, { productId: id });
  expect((await get(productId)).variants).toMatchObject([{ onHand: 4, held: 0, available: 4 }]);
  for (const id of ["", "nonsense", manager.userId]) {
    await expect(get(id)).rejects.toMatchObject({ data: { code: "NOT_FOUND", what: "product" } });
  }
});
