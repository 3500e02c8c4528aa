import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { api } from "../_generated/api";
import { HOLD_TTL_MS } from "../domain/hold.ts";
import { money } from "../domain/money.ts";
import type { Shopper } from "../lib/payments.setup.ts";
import { scriptNetwork } from "../lib/network.setup.ts";
import {
  addShopper,
  beginPayment,
  emailsOf,
  orderOf,
  pass,
  quoteVersion,
  runDue,
  stockOf,
} from "../lib/payments.setup.ts";
import { addGuest, addProduct, startShop } from "../lib/shop.setup.ts";

beforeEach(() => {
  vi.useFakeTimers();
  scriptNetwork();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

async function begin({ as }: Pick<Shopper, "as">, version: string) {
  return await as.mutation(api.shop.checkout.begin, {
    quoteVersion: version,
    paymentMethod: "paypal",
  });
}

function code(value: string): unknown {
  return expect.objectContaining({ data: expect.objectContaining({ code: value }) });
}

test("ORD-1 what a shopper enters is kept for every step, and belongs to them alone", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const checkout = await shopper.as.query(api.shop.checkout.get, {});
  expect(checkout).toMatchObject({
    contact: { email: "maren@example.com" },
    address: { city: "Köln", postalCode: "50667" },
    deliveryMethod: "standard",
    openOrder: null,
    problems: [],
  });
  const other = await addGuest(t);
  expect(await other.as.query(api.shop.checkout.get, {})).toMatchObject({
    contact: null,
    address: null,
    quote: null,
  });
});

test("ORD-1 a wrong field is named and nothing is stored", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  const contact = { name: "Maren", email: "maren", phone: null };
  await expect(as.mutation(api.shop.checkout.setContact, contact)).rejects.toMatchObject({
    data: { code: "INVALID_INPUT", field: "email", reason: "format" },
  });
  expect(await as.query(api.shop.checkout.get, {})).toMatchObject({ contact: null });
});

test("ORD-1 a saved address can be chosen", async () => {
  const t = startShop();
  const { as, userId } = await addGuest(t);
  const address = {
    name: "Maren Brandt",
    line1: "Lindenweg 14",
    line2: null,
    postalCode: "50667",
    city: "Köln",
    region: null,
    country: "DE",
  };
  await t.run((ctx) =>
    ctx.db.insert("addresses", { ...address, userId, phone: null, isDefault: true }),
  );
  const { savedAddresses } = await as.query(api.shop.checkout.get, {});
  expect(savedAddresses).toMatchObject([{ isDefault: true, address }]);
});

test("ORD-1 a delivery method that cannot carry the cart is refused", async () => {
  const t = startShop();
  const { variantId } = await addProduct(t, { variants: [{ weightGrams: 12_001 }] });
  const { as } = await addGuest(t);
  await as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  await expect(
    as.mutation(api.shop.checkout.setDelivery, { methodId: "standard" }),
  ).rejects.toMatchObject({ data: { code: "INVALID_INPUT", field: "deliveryMethod" } });
  await as.mutation(api.shop.checkout.setDelivery, { methodId: "large-item" });
  const { quote } = await as.query(api.shop.checkout.get, {});
  expect(quote).toMatchObject({ delivery: money(4900) });
});

test("ORD-2 the server computes the quote from the live cart", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { quantity: 2 });
  const { quote } = await shopper.as.query(api.shop.checkout.get, {});
  expect(quote).toMatchObject({
    lines: [{ quantity: 2, unitPrice: money(1000), lineTotal: money(2000) }],
    subtotal: money(2000),
    delivery: money(490),
    taxIncluded: money(398),
    total: money(2490),
  });
});

test("ORD-2 an empty cart is refused", async () => {
  const t = startShop();
  const { as } = await addGuest(t);
  await expect(begin({ as }, "any")).rejects.toEqual(code("CART_EMPTY"));
});

test("ORD-2 a checkout that is not filled in is refused with the missing step", async () => {
  const t = startShop();
  const { variantId } = await addProduct(t);
  const { as } = await addGuest(t);
  await as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  await expect(begin({ as }, "any")).rejects.toMatchObject({
    data: { code: "INVALID_INPUT", field: "contact", reason: "required" },
  });
});

test("ORD-2 a payment method that the shop does not take is refused", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  await t.run(async (ctx) => {
    const { DEFAULT_SETTINGS } = await import("../model/settings.ts");
    await ctx.db.insert("settings", { ...DEFAULT_SETTINGS, paymentMethods: ["bankTransfer"] });
  });
  await expect(begin(shopper, await quoteVersion(shopper))).rejects.toMatchObject({
    data: { code: "INVALID_INPUT", field: "paymentMethod", reason: "unsupported" },
  });
});

test("ORD-2 a quote of another cart is stale", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const version = await quoteVersion(shopper);
  await shopper.as.mutation(api.shop.cart.add, { variantId: shopper.variantId, quantity: 1 });
  await expect(begin(shopper, version)).rejects.toEqual(code("QUOTE_STALE"));
});

test("ORD-2 a changed price is named before anything is ordered, and accepted once seen", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const version = await quoteVersion(shopper);
  await t.run((ctx) => ctx.db.patch("variants", shopper.variantId, { price: money(1200) }));
  await expect(begin(shopper, version)).rejects.toMatchObject({
    data: { code: "PRICE_CHANGED", name: "teapot", was: money(1000), now: money(1200) },
  });
  await shopper.as.mutation(api.shop.cart.acknowledgeChanges, {});
  await expect(begin(shopper, version)).rejects.toEqual(code("QUOTE_STALE"));
  const begun = await begin(shopper, await quoteVersion(shopper));
  expect((await orderOf(t, begun.orderId)).total).toEqual(money(1690));
});

test("ORD-2 too little stock and an archived product are named", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { stock: 2, quantity: 2 });
  const version = await quoteVersion(shopper);
  const setStock = async (onHand: number) =>
    await t.run(async (ctx) => {
      const row = await ctx.db.query("stock").first();
      if (row !== null) await ctx.db.patch("stock", row._id, { onHand });
    });
  await setStock(1);
  await expect(begin(shopper, version)).rejects.toMatchObject({
    data: { code: "OUT_OF_STOCK", name: "teapot", available: 1 },
  });
  await setStock(2);
  await t.run((ctx) => ctx.db.patch("variants", shopper.variantId, { status: "archived" }));
  await expect(begin(shopper, version)).rejects.toEqual(code("LINE_UNAVAILABLE"));
});

test("ORD-3 stock is held for fifteen minutes when payment starts, then released", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { quantity: 2 });
  const begun = await begin(shopper, await quoteVersion(shopper));
  expect(begun.holdExpiresAt).toBe(Date.now() + HOLD_TTL_MS);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 2 });
  await pass(t, HOLD_TTL_MS - 1000);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 2 });
  await pass(t, 2000);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 0 });
  expect(await orderOf(t, begun.orderId)).toMatchObject({ state: "awaitingPayment" });
});

test("ORD-3 a hold can be prolonged, and taken again after it lapsed while there is stock", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { stock: 1 });
  const { orderId } = await begin(shopper, await quoteVersion(shopper));
  await pass(t, HOLD_TTL_MS - 1000);
  await shopper.as.mutation(api.shop.checkout.extendHold, { orderId });
  await pass(t, 2000);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 1, held: 1 });
  await pass(t, HOLD_TTL_MS);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 1, held: 0 });
  await shopper.as.mutation(api.shop.checkout.extendHold, { orderId });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 1, held: 1 });
  await pass(t, 2 * HOLD_TTL_MS);
  await t.run(async (ctx) => {
    const row = await ctx.db.query("stock").first();
    if (row !== null) await ctx.db.patch("stock", row._id, { onHand: 0 });
  });
  await expect(shopper.as.mutation(api.shop.checkout.extendHold, { orderId })).rejects.toEqual(
    code("OUT_OF_STOCK"),
  );
});

test("ORD-3 what a shopper's own checkout holds is not out of stock for that shopper", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { stock: 1 });
  const rival = await addShopper(t, { variantId: shopper.variantId });
  const version = await quoteVersion(shopper);
  await begin(shopper, version);
  expect((await shopper.as.query(api.shop.checkout.get, {})).problems).toEqual([]);
  expect((await shopper.as.query(api.shop.cart.get, {})).lines[0]?.state).toBe("ok");
  expect((await rival.as.query(api.shop.checkout.get, {})).problems).toMatchObject([
    { code: "OUT_OF_STOCK", available: 0 },
  ]);
});

test("ORD-3 twenty buyers begin to pay for three units: three hold them, the others are told", async () => {
  const t = startShop();
  const first = await addShopper(t, { stock: 3 });
  const shoppers = [first];
  while (shoppers.length < 20) {
    shoppers.push(await addShopper(t, { variantId: first.variantId }));
  }
  const version = await quoteVersion(first);
  const results = await Promise.allSettled(shoppers.map((shopper) => begin(shopper, version)));
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  for (const result of results) {
    if (result.status === "rejected") expect(result.reason).toEqual(code("OUT_OF_STOCK"));
  }
  expect(await stockOf(t, first.variantId)).toEqual({ onHand: 3, held: 3 });
});

test("ORD-3 giving up an unpaid order frees its stock and keeps the cart", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderId } = await begin(shopper, await quoteVersion(shopper));
  const rival = await addGuest(t);
  await expect(rival.as.mutation(api.shop.checkout.abandon, { orderId })).rejects.toEqual(
    code("NOT_FOUND"),
  );
  await shopper.as.mutation(api.shop.checkout.abandon, { orderId });
  await shopper.as.mutation(api.shop.checkout.abandon, { orderId });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 0 });
  expect(await orderOf(t, orderId)).toMatchObject({ state: "cancelled", payment: "void" });
  expect(await shopper.as.query(api.shop.cart.count, {})).toBe(1);
  expect(await emailsOf(t)).toEqual([]);
});

test("ORD-1 beginning twice with the same quote gives one order, and one hold", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const version = await quoteVersion(shopper);
  const [first, second] = await Promise.all([begin(shopper, version), begin(shopper, version)]);
  expect(second).toEqual(first);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 1 });
});

test("ORD-1 beginning with a changed cart replaces the order that was begun before", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const first = await begin(shopper, await quoteVersion(shopper));
  await shopper.as.mutation(api.shop.cart.add, { variantId: shopper.variantId, quantity: 1 });
  const second = await begin(shopper, await quoteVersion(shopper));
  expect(second.orderId).not.toBe(first.orderId);
  expect(await orderOf(t, first.orderId)).toMatchObject({
    state: "cancelled",
    cancelReason: { kind: "replaced" },
  });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 2 });
});

test("order numbers follow each other without gaps", async () => {
  const t = startShop();
  const first = await addShopper(t);
  const second = await addShopper(t, { variantId: first.variantId });
  const a = await begin(first, await quoteVersion(first));
  await expect(begin(second, "stale")).rejects.toEqual(code("QUOTE_STALE"));
  const b = await begin(second, await quoteVersion(second));
  expect([a.orderNumber, b.orderNumber]).toEqual(["VT-10001", "VT-10002"]);
});

test("ORD-9 an order keeps what was agreed when products and prices change", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderNumber } = await begin(shopper, await quoteVersion(shopper));
  await t.run(async (ctx) => {
    const product = await ctx.db.query("products").first();
    await ctx.db.patch("products", product!._id, { name: "renamed", status: "archived" });
    await ctx.db.patch("variants", shopper.variantId, { price: money(1), sku: "NEW" });
  });
  const order = await shopper.as.query(api.account.orders.get, { orderNumber });
  expect(order).toMatchObject({
    lines: [{ name: "teapot", sku: "TEAPOT", unitPrice: money(1000) }],
    total: money(1490),
  });
});

test("ORD-5 an unpaid order lapses after its time, and its stock is free", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderId } = await beginPayment(shopper, "bankTransfer");
  await runDue(t);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 1 });
  await pass(t, 7 * 24 * 60 * 60 * 1000 + 1000);
  const { internal } = await import("../_generated/api");
  await t.mutation(internal.jobs.holds.cancelUnpaid, {});
  await runDue(t);
  expect(await orderOf(t, orderId)).toMatchObject({
    state: "cancelled",
    cancelReason: { kind: "unpaid" },
  });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 0 });
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent", "cancelled:sent"]);
});

test("SYS-5 somebody who begins to pay again and again has to wait", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const version = await quoteVersion(shopper);
  for (let count = 0; count < 20; count++) await begin(shopper, version);
  await expect(begin(shopper, version)).rejects.toEqual(code("RATE_LIMITED"));
  await pass(t, 31_000);
  await begin(shopper, version);
});
