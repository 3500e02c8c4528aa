import { expect, test } from "vitest";

import { api } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import { money } from "../domain/money.ts";
import type { TestShop } from "../lib/shop.setup.ts";
import { addGuest, addProduct, addUser, startShop } from "../lib/shop.setup.ts";

async function setStock(t: TestShop, variantId: Id<"variants">, onHand: number) {
  await t.run(async (ctx) => {
    const row = await ctx.db
      .query("stock")
      .withIndex("by_variantId", (q) => q.eq("variantId", variantId))
      .unique();
    await ctx.db.patch("stock", row!._id, { onHand });
  });
}

test("CRT-1: adding, changing and removing shows in the lines, the count and the total", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  const { variantId } = await addProduct(t, { slug: "pot", variants: [{ price: 2500 }] });
  expect(await as.mutation(api.shop.cart.add, { variantId, quantity: 2 })).toBe(2);
  expect(await as.mutation(api.shop.cart.add, { variantId, quantity: 1 })).toBe(3);
  const cart = await as.query(api.shop.cart.get, {});
  expect(cart.lines).toMatchObject([{ productSlug: "pot", quantity: 3, state: "ok" }]);
  expect(cart.subtotal).toEqual(money(7500));
  const lineId = cart.lines[0]!.id;
  expect(await as.mutation(api.shop.cart.setQuantity, { lineId, quantity: 5 })).toBe(5);
  expect(await as.query(api.shop.cart.count, {})).toBe(5);
  expect(await as.mutation(api.shop.cart.setQuantity, { lineId, quantity: 0 })).toBe(0);
  expect((await as.query(api.shop.cart.get, {})).lines).toEqual([]);
});

test("CRT-1: no more than the stock can be added, and the refusal says how many there are", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  const { variantId } = await addProduct(t, { slug: "pot", variants: [{ stock: 3 }] });
  await as.mutation(api.shop.cart.add, { variantId, quantity: 2 });
  const refusal = { data: { code: "OUT_OF_STOCK", sku: "POT", name: "pot", available: 3 } };
  const tooMany = as.mutation(api.shop.cart.add, { variantId, quantity: 2 });
  await expect(tooMany).rejects.toMatchObject(refusal);
  expect(await as.query(api.shop.cart.count, {})).toBe(2);
  const lineId = (await as.query(api.shop.cart.get, {})).lines[0]!.id;
  const set = as.mutation(api.shop.cart.setQuantity, { lineId, quantity: 4 });
  await expect(set).rejects.toMatchObject(refusal);
});

test("CRT-1: a quantity is a whole number above zero and at most 99", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  const { variantId } = await addProduct(t, { variants: [{ stock: 500 }] });
  for (const quantity of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const added = as.mutation(api.shop.cart.add, { variantId, quantity });
    await expect(added).rejects.toMatchObject({
      data: { code: "INVALID_INPUT", field: "quantity" },
    });
  }
  const tooMany = as.mutation(api.shop.cart.add, { variantId, quantity: 100 });
  await expect(tooMany).rejects.toMatchObject({ data: { code: "QUANTITY_LIMIT", max: 99 } });
});

test("CRT-1: a removal can be undone once, as far as the stock allows", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  const { variantId } = await addProduct(t, { variants: [{ stock: 5 }] });
  await as.mutation(api.shop.cart.add, { variantId, quantity: 4 });
  const lineId = (await as.query(api.shop.cart.get, {})).lines[0]!.id;
  await as.mutation(api.shop.cart.remove, { lineId });
  expect(await as.mutation(api.shop.cart.remove, { lineId })).toBe(0);
  await setStock(t, variantId, 3);
  expect(await as.mutation(api.shop.cart.restore, { variantId, quantity: 4 })).toBe(3);
  expect(await as.mutation(api.shop.cart.restore, { variantId, quantity: 4 })).toBe(3);
});

test("CRT-2: the cart belongs to the identity and nobody else can reach it", async () => {
  const t = startShop();
  const mine = await addGuest(t);
  const other = await addUser(t);
  const { variantId } = await addProduct(t);
  await mine.as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  const lineId = (await mine.as.query(api.shop.cart.get, {})).lines[0]!.id;
  const change = other.as.mutation(api.shop.cart.setQuantity, { lineId, quantity: 2 });
  await expect(change).rejects.toMatchObject({ data: { code: "NOT_FOUND", what: "cartLine" } });
  expect(await other.as.mutation(api.shop.cart.remove, { lineId })).toBe(0);
  expect(await other.as.query(api.shop.cart.count, {})).toBe(0);
  expect(await mine.as.query(api.shop.cart.count, {})).toBe(1);
});

test("CRT-2: a stranger has an empty cart and needs an identity to fill it", async () => {
  const t = startShop();
  const { variantId } = await addProduct(t);
  expect(await t.query(api.shop.cart.get, {})).toMatchObject({ lines: [], count: 0 });
  expect(await t.query(api.shop.cart.count, {})).toBe(0);
  const added = t.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  await expect(added).rejects.toMatchObject({ data: { code: "NOT_SIGNED_IN" } });
});

test("CRT-3: a changed price is named on its line until it is acknowledged", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  const manager = await addUser(t, { role: "manager" });
  const { variantId } = await addProduct(t, { variants: [{ price: 1000 }] });
  await as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  const change = { variantId, price: 1200, compareAtPrice: null, expected: 1000 };
  await manager.as.mutation(api.admin.products.setPrice, change);
  const [line] = (await as.query(api.shop.cart.get, {})).lines;
  expect(line).toMatchObject({ unitPrice: money(1200), priceWas: money(1000) });
  await as.mutation(api.shop.cart.acknowledgeChanges, {});
  const [seen] = (await as.query(api.shop.cart.get, {})).lines;
  expect(seen).toMatchObject({ unitPrice: money(1200), priceWas: null });
});

test("CRT-3: a stock change is named on its line, and only what is left counts", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  const pot = await addProduct(t, { slug: "pot" });
  const cup = await addProduct(t, { slug: "cup" });
  await as.mutation(api.shop.cart.add, { variantId: pot.variantId, quantity: 3 });
  await as.mutation(api.shop.cart.add, { variantId: cup.variantId, quantity: 1 });
  await setStock(t, pot.variantId, 2);
  await setStock(t, cup.variantId, 0);
  const cart = await as.query(api.shop.cart.get, {});
  expect(cart.lines).toMatchObject([
    { productSlug: "pot", state: "reduced", quantity: 3, available: 2, lineTotal: money(2000) },
    { productSlug: "cup", state: "unavailable", available: 0, lineTotal: money(0) },
  ]);
  expect(cart.subtotal).toEqual(money(2000));
  expect(await as.mutation(api.shop.cart.acknowledgeChanges, {})).toBe(2);
  const after = await as.query(api.shop.cart.get, {});
  expect(after.lines).toMatchObject([{ productSlug: "pot", quantity: 2, state: "ok" }]);
});

test("CRT-3: an archived product stays in the cart as unavailable and cannot be added", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  const { productId, variantId } = await addProduct(t);
  await as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  await t.run((ctx) => ctx.db.patch("products", productId, { status: "archived" }));
  const cart = await as.query(api.shop.cart.get, {});
  expect(cart.lines).toMatchObject([{ state: "unavailable" }]);
  const added = as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  await expect(added).rejects.toMatchObject({ data: { code: "NOT_FOUND", what: "product" } });
});

test("CRT-4: the cart estimates delivery by weight and value, and the tax contained", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  const pot = await addProduct(t, { slug: "pot", variants: [{ price: 2000 }] });
  await as.mutation(api.shop.cart.add, { variantId: pot.variantId, quantity: 1 });
  expect(await as.query(api.shop.cart.get, {})).toMatchObject({
    deliveryEstimate: money(490),
    freeDeliveryFrom: money(8000),
    total: money(2490),
    taxIncluded: money(398),
  });
  await as.mutation(api.shop.cart.add, { variantId: pot.variantId, quantity: 3 });
  expect(await as.query(api.shop.cart.get, {})).toMatchObject({
    deliveryEstimate: money(0),
    total: money(8000),
  });
  const sofa = await addProduct(t, { slug: "sofa", variants: [{ weightGrams: 40_000 }] });
  await as.mutation(api.shop.cart.add, { variantId: sofa.variantId, quantity: 1 });
  expect((await as.query(api.shop.cart.get, {})).deliveryEstimate).toEqual(money(4900));
});

test("CRT-2: every write raises the cart's version", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  const { variantId } = await addProduct(t);
  const version = async () => (await as.query(api.shop.cart.get, {})).version;
  await as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  const first = await version();
  await as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  expect(await version()).toBeGreaterThan(first);
});
