import type { Infer } from "convex/values";
import { expect, test, vi } from "vitest";

import { api, internal } from "../_generated/api";
import { money } from "../domain/money.ts";
import type { TestShop } from "../lib/shop.setup.ts";
import { addProduct, addUser, startShop } from "../lib/shop.setup.ts";
import type { vDemoOrder } from "../tables/demoOrders.ts";

const PLACED_AT = 1_700_000_000_000;

const ORDER = {
  number: "VT-10440",
  email: "ada@example.com",
  status: "delivered" as const,
  paymentMethod: "card" as const,
  shippingMethod: "standard" as const,
  items: [
    {
      sku: "TEAPOT",
      productSlug: "teapot",
      name: "Teapot",
      options: null,
      quantity: 2,
      unitPrice: 1300,
      lineTotal: 2600,
    },
  ],
  ...{ subtotal: 2600, discount: 0, shipping: 490, taxIncluded: 493, total: 3090 },
  timeline: [
    { event: "placed" as const, at: PLACED_AT },
    { event: "paid" as const, at: PLACED_AT + 1 },
    { event: "processing" as const, at: PLACED_AT + 2 },
    { event: "shipped" as const, at: PLACED_AT + 3 },
    { event: "delivered" as const, at: PLACED_AT + 4 },
  ],
  refunds: [],
  trackingNumber: "EX9437474061",
  customerNote: null,
};

type DemoOrder = Infer<typeof vDemoOrder>;

async function importOne(t: TestShop, order: DemoOrder) {
  await t.mutation(internal.jobs.demoOrders.importOrders, { orders: [order] });
}

async function startDemo() {
  const t = startShop();
  await addProduct(t);
  const customer = await addUser(t);
  await t.run((ctx) =>
    ctx.db.insert("addresses", {
      userId: customer.userId,
      name: "Ada Byron",
      line1: "Street 1",
      line2: null,
      postalCode: "10115",
      city: "Berlin",
      region: null,
      country: "DE",
      phone: null,
      isDefault: true,
    }),
  );
  return { t, ...customer };
}

test("a past order comes in with its times, its people and no side effects", async () => {
  const { t, as } = await startDemo();
  await importOne(t, ORDER);
  const order = await as.query(api.account.orders.get, { orderNumber: "VT-10440" });
  expect(order).toMatchObject({
    state: "delivered",
    axes: { payment: "paid", fulfilment: "delivered" },
    placedAt: PLACED_AT,
    total: money(3090),
    lines: [{ name: "Teapot", quantity: 2, lineTotal: money(2600) }],
    shipment: { trackingNumber: "EX9437474061" },
  });
  expect(order.timeline.map(({ kind, at }) => [kind, at - PLACED_AT])).toEqual([
    ["placed", 0],
    ["paid", 1],
    ["processing", 2],
    ["shipped", 3],
    ["delivered", 4],
  ]);
  expect(await t.run((ctx) => ctx.db.query("emails").take(1))).toEqual([]);
  expect(await t.run((ctx) => ctx.db.query("stock").first())).toMatchObject({ onHand: 10 });
});

test("a batch that is imported twice is there once", async () => {
  const { t } = await startDemo();
  await importOne(t, ORDER);
  await importOne(t, ORDER);
  expect(await t.run((ctx) => ctx.db.query("orders").take(5))).toHaveLength(1);
  expect(await t.run((ctx) => ctx.db.query("orderEvents").take(50))).toHaveLength(5);
});

test("new orders are numbered after the imported ones", async () => {
  const { t } = await startDemo();
  await importOne(t, ORDER);
  const counter = await t.run((ctx) => ctx.db.query("counters").first());
  expect(counter).toMatchObject({ name: "order", value: 10_440 });
});

test("refunds and cancellations of the past are told as they were", async () => {
  const { t, as } = await startDemo();
  const { timeline } = ORDER;
  const refundedAt = PLACED_AT + 9;
  const refund = (amount: number) => [{ amount, reason: "Too small", at: refundedAt }];
  await importOne(t, {
    ...ORDER,
    status: "refunded_partial",
    timeline: [...timeline, { event: "refunded_partial", at: refundedAt }],
    refunds: refund(1300),
  });
  await importOne(t, {
    ...ORDER,
    number: "VT-10441",
    status: "cancelled",
    timeline: [...timeline.slice(0, 2), { event: "cancelled", at: refundedAt }],
    refunds: refund(3090),
  });
  await importOne(t, {
    ...ORDER,
    number: "VT-10442",
    status: "pending_payment",
    timeline: timeline.slice(0, 1),
  });
  const get = (orderNumber: string) => as.query(api.account.orders.get, { orderNumber });
  expect(await get("VT-10440")).toMatchObject({
    axes: { payment: "partiallyRefunded", fulfilment: "delivered" },
    refunded: money(1300),
  });
  expect(await get("VT-10441")).toMatchObject({
    state: "cancelled",
    axes: { payment: "refunded" },
    refunded: money(3090),
  });
  expect(await get("VT-10442")).toMatchObject({ state: "awaitingPayment", canPay: true });
});

test("an order that does not add up is refused with its number and fault", async () => {
  const { t } = await startDemo();
  const [first] = ORDER.items;
  const faults: [Partial<DemoOrder>, string][] = [
    [{ number: "10440" }, "not an order number"],
    [{ total: 3091 }, "its total does not add up"],
    [{ taxIncluded: 494 }, "its tax"],
    [{ subtotal: 2601, total: 3091 }, "its lines do not add up"],
    [{ items: [{ ...first!, lineTotal: 1 }] }, "a line does not add up"],
    [{ items: [] }, "it has no items"],
    [{ timeline: ORDER.timeline.slice(1) }, "does not begin with placing"],
    [{ timeline: [...ORDER.timeline, { event: "paid", at: 1 }] }, "goes back in time"],
    [{ refunds: [{ amount: 3091, reason: "", at: 1 }] }, "it refunds too much"],
    [{ email: "nobody@example.com" }, "no customer"],
    [{ items: [{ ...first!, sku: "NONE" }] }, "no product with the SKU"],
  ];
  for (const [over, fault] of faults) {
    await expect(importOne(t, { ...ORDER, ...over })).rejects.toThrow(fault);
  }
  expect(await t.run((ctx) => ctx.db.query("orders").take(5))).toEqual([]);
});

test("demo orders are refused where there is no demo", async () => {
  const { t } = await startDemo();
  vi.stubEnv("DEMO", "");
  await expect(importOne(t, ORDER)).rejects.toThrow("DEMO=1");
});
