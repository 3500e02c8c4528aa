import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { api, internal } from "../_generated/api";
import { money } from "../domain/money.ts";
import { refusal, scriptNetwork, sentTo } from "../lib/network.setup.ts";
import {
  addShopper,
  beginPayment,
  buy,
  emailsOf,
  orderOf,
  pass,
  runDue,
  stockOf,
} from "../lib/payments.setup.ts";
import type { TestShop } from "../lib/shop.setup.ts";
import { addUser, startShop } from "../lib/shop.setup.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockReturnValue(undefined);
  scriptNetwork();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

async function addManager(t: TestShop) {
  return await addUser(t, { role: "manager", email: "ines@example.com" });
}

async function auditOf(t: TestShop) {
  const entries = await t.run((ctx) => ctx.db.query("auditEntries").take(50));
  return entries.map(({ action, subject, changes }) => [action, subject.label, changes[0]?.after]);
}

test("ORD-6 an order is packed, shipped and delivered; its owner sees every step and who took it", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderNumber } = await buy(shopper);
  const { as } = await addManager(t);
  await as.mutation(api.admin.orders.startProcessing, { orderNumber });
  await as.mutation(api.admin.orders.ship, {
    orderNumber,
    carrier: " DHL ",
    trackingNumber: "3707 5512 0948",
  });
  await as.mutation(api.admin.orders.deliver, { orderNumber });
  await runDue(t);
  const order = await shopper.as.query(api.account.orders.get, { orderNumber });
  expect(order).toMatchObject({
    state: "delivered",
    shipment: { carrier: "DHL", trackingNumber: "3707 5512 0948" },
    canCancel: false,
    canPay: false,
  });
  expect(order.timeline.map(({ kind, by, byName }) => [kind, by, byName])).toEqual([
    ["placed", "customer", null],
    ["paid", "system", null],
    ["processing", "staff", "Ada"],
    ["shipped", "staff", "Ada"],
    ["delivered", "staff", "Ada"],
  ]);
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent", "shipped:sent", "delivered:sent"]);
  expect(await auditOf(t)).toEqual([
    ["orders.startProcessing", orderNumber, "processing"],
    ["orders.ship", orderNumber, "shipped"],
    ["orders.deliver", orderNumber, "delivered"],
  ]);
});

test("ORD-6 an unpaid order is not packed, and steps are not skipped", async () => {
  const t = startShop();
  const { orderNumber } = await beginPayment(await addShopper(t));
  const { as } = await addManager(t);
  await expect(
    as.mutation(api.admin.orders.startProcessing, { orderNumber }),
  ).rejects.toMatchObject({
    data: { code: "ORDER_TRANSITION", from: "awaitingPayment", to: "processing" },
  });
  const paid = await buy(await addShopper(t));
  const shipment = { carrier: "DHL", trackingNumber: "12345" };
  await expect(
    as.mutation(api.admin.orders.ship, { orderNumber: paid.orderNumber, ...shipment }),
  ).rejects.toMatchObject({ data: { code: "ORDER_TRANSITION", to: "shipped" } });
  expect(await auditOf(t)).toEqual([]);
});

test("ORD-6 a parcel needs a carrier and a tracking number", async () => {
  const t = startShop();
  const { orderNumber } = await buy(await addShopper(t));
  const { as } = await addManager(t);
  await as.mutation(api.admin.orders.startProcessing, { orderNumber });
  const ship = (carrier: string, trackingNumber: string) =>
    as.mutation(api.admin.orders.ship, { orderNumber, carrier, trackingNumber });
  await expect(ship("", "12345")).rejects.toMatchObject({
    data: { code: "INVALID_INPUT", field: "carrier", reason: "required" },
  });
  await expect(ship("DHL", "<b>")).rejects.toMatchObject({
    data: { code: "INVALID_INPUT", field: "trackingNumber", reason: "format" },
  });
});

test("ORD-6 the customer cancels until packing starts, in the packer's own transaction", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderNumber, orderId } = await buy(shopper);
  const { as } = await addManager(t);
  const results = await Promise.allSettled([
    as.mutation(api.admin.orders.startProcessing, { orderNumber }),
    shopper.as.mutation(api.account.orders.cancel, { orderNumber }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(await orderOf(t, orderId)).toMatchObject({ state: "processing" });
  await expect(
    shopper.as.mutation(api.account.orders.cancel, { orderNumber }),
  ).rejects.toMatchObject({ data: { code: "ORDER_TRANSITION", from: "processing" } });
});

test("ORD-6 a manager cancels with a reason; stock and money go back", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderNumber, orderId } = await buy(shopper);
  const { as } = await addManager(t);
  await as.mutation(api.admin.orders.startProcessing, { orderNumber });
  await expect(
    as.mutation(api.admin.orders.cancel, { orderNumber, reason: " " }),
  ).rejects.toMatchObject({ data: { code: "INVALID_INPUT", field: "reason" } });
  await as.mutation(api.admin.orders.cancel, { orderNumber, reason: "Broken in the store" });
  await runDue(t);
  expect(await orderOf(t, orderId)).toMatchObject({
    state: "cancelled",
    payment: "refunded",
    cancelReason: { kind: "person", text: "Broken in the store" },
  });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 0 });
});

test("ORD-6 an agent moves fulfilment and cancels unpaid orders, but not paid ones", async () => {
  const t = startShop();
  const { as } = await addUser(t, { role: "agent", email: "noor@example.com" });
  const unpaid = await beginPayment(await addShopper(t));
  const paid = await buy(await addShopper(t));
  const reason = "Asked by phone";
  await as.mutation(api.admin.orders.cancel, { orderNumber: unpaid.orderNumber, reason });
  const { orderNumber } = paid;
  await expect(as.mutation(api.admin.orders.cancel, { orderNumber, reason })).rejects.toMatchObject(
    { data: { code: "FORBIDDEN", permission: "order:cancel:paid" } },
  );
  await expect(
    as.mutation(api.admin.orders.refund, { orderNumber, amount: 100, reason }),
  ).rejects.toMatchObject({ data: { code: "FORBIDDEN", permission: "order:refund" } });
  await as.mutation(api.admin.orders.startProcessing, { orderNumber });
  const { can } = await as.query(api.admin.orders.get, { orderNumber });
  expect(can).toEqual({
    startProcessing: false,
    ship: true,
    deliver: false,
    cancel: false,
    refund: false,
    confirmTransfer: false,
  });
});

test("ORD-6 customers reach no order of the admin panel", async () => {
  const t = startShop();
  const { orderNumber } = await buy(await addShopper(t));
  const { as } = await addUser(t, { email: "client@example.com" });
  await expect(as.query(api.admin.orders.get, { orderNumber })).rejects.toMatchObject({
    data: { code: "FORBIDDEN" },
  });
});

test("ORD-6, ACC-6 an order is found by its owner only, guest or not", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderNumber } = await buy(shopper);
  expect(await shopper.as.query(api.account.orders.get, { orderNumber })).toMatchObject({
    number: orderNumber,
  });
  const { as } = await addUser(t);
  for (const number of [orderNumber, "VT-99999", "nonsense"]) {
    await expect(as.query(api.account.orders.get, { orderNumber: number })).rejects.toMatchObject({
      data: { code: "NOT_FOUND", what: "order" },
    });
  }
  const paginationOpts = { numItems: 10, cursor: null };
  expect((await as.query(api.account.orders.list, { paginationOpts })).page).toEqual([]);
  const own = await shopper.as.query(api.account.orders.list, { paginationOpts });
  expect(own.page).toMatchObject([{ number: orderNumber, state: "paid", itemCount: 1 }]);
});

test("ORD-4 a partial and then a full refund; together no more than was captured", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderNumber, orderId } = await buy(shopper);
  const { as } = await addManager(t);
  const refund = (amount: number) =>
    as.mutation(api.admin.orders.refund, { orderNumber, amount, reason: "Scratched" });
  await refund(490);
  await runDue(t);
  expect(await orderOf(t, orderId)).toMatchObject({ payment: "partiallyRefunded", state: "paid" });
  await expect(refund(1001)).rejects.toMatchObject({
    data: { code: "INVALID_INPUT", field: "amount", reason: "tooLarge" },
  });
  for (const amount of [0, -1, 0.5, Number.NaN]) {
    await expect(refund(amount)).rejects.toMatchObject({ data: { field: "amount" } });
  }
  await refund(1000);
  await runDue(t);
  expect(await orderOf(t, orderId)).toMatchObject({ payment: "refunded", state: "refunded" });
  const order = await as.query(api.admin.orders.get, { orderNumber });
  expect(order.refunded).toEqual(money(1490));
  const ids = sentTo(sent, "/v2/payments/captures/").map(({ headers }) =>
    headers.get("paypal-request-id"),
  );
  expect(new Set(ids).size).toBe(2);
});

test("race: refund twice", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  const { orderNumber } = await buy(await addShopper(t));
  const { as } = await addManager(t);
  const args = { orderNumber, amount: 1490, reason: "Twice" };
  const results = await Promise.allSettled([
    as.mutation(api.admin.orders.refund, args),
    as.mutation(api.admin.orders.refund, args),
  ]);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  await runDue(t);
  expect(sentTo(sent, "/v2/payments/captures/")).toHaveLength(1);
});

test("ORD-4 a refund without an answer is repeated with the same id, a refused one is flagged", async () => {
  const answers: ("no answer" | ReturnType<typeof refusal>)[] = [
    "no answer",
    refusal("TRANSACTION_DISPUTED"),
  ];
  const sent = scriptNetwork({
    "POST /v2/payments/captures/*": () => answers.shift() ?? "no answer",
  });
  const t = startShop();
  const { orderNumber, orderId } = await buy(await addShopper(t));
  const { as } = await addManager(t);
  await as.mutation(api.admin.orders.refund, { orderNumber, amount: 100, reason: "Late" });
  await runDue(t);
  vi.advanceTimersByTime(31_000);
  await t.finishInProgressScheduledFunctions();
  await runDue(t);
  const ids = sentTo(sent, "/v2/payments/captures/").map(({ headers }) =>
    headers.get("paypal-request-id"),
  );
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
  expect(await orderOf(t, orderId)).toMatchObject({ payment: "paid", attention: "refundFailed" });
  await as.mutation(api.admin.orders.refund, { orderNumber, amount: 1490, reason: "Again" });
});

test("ORD-4 a refund whose try was lost is taken up again with the same id", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  const { orderNumber, orderId } = await buy(await addShopper(t));
  const { as } = await addManager(t);
  await as.mutation(api.admin.orders.refund, { orderNumber, amount: 100, reason: "Late" });
  const refund = await t.run((ctx) => ctx.db.query("refunds").first());
  await t.mutation(internal.jobs.paymentSteps.claimRefund, { refundId: refund!._id });
  await runDue(t);
  expect(sentTo(sent, "/v2/payments/captures/")).toEqual([]);
  await pass(t, 3 * 60_000);
  await t.mutation(internal.jobs.paymentSteps.checkOverdue, {});
  await runDue(t);
  expect(sentTo(sent, "/v2/payments/captures/")).toHaveLength(1);
  expect(await orderOf(t, orderId)).toMatchObject({ payment: "partiallyRefunded" });
});

test("ORD-5 a bank transfer: instructions for the buyer, marked paid by a manager, once", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderNumber, orderId } = await beginPayment(shopper, "bankTransfer");
  const waiting = await shopper.as.query(api.account.orders.get, { orderNumber });
  expect(waiting.payment).toMatchObject({
    method: "bankTransfer",
    transfer: { purpose: orderNumber, amount: money(1490) },
  });
  expect(await shopper.as.query(api.shop.cart.count, {})).toBe(0);
  const { as } = await addManager(t);
  await as.mutation(api.admin.orders.confirmTransfer, { orderNumber });
  await expect(
    as.mutation(api.admin.orders.confirmTransfer, { orderNumber }),
  ).rejects.toMatchObject({ data: { code: "ORDER_NOT_PAYABLE" } });
  await runDue(t);
  expect(await orderOf(t, orderId)).toMatchObject({ state: "paid" });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 2, held: 0 });
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent", "paymentReceived:sent"]);
});

test("ORD-5 a transferred payment goes back by hand and counts once confirmed", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  const { orderNumber, orderId } = await beginPayment(await addShopper(t), "bankTransfer");
  const { as } = await addManager(t);
  await as.mutation(api.admin.orders.confirmTransfer, { orderNumber });
  await as.mutation(api.admin.orders.cancel, { orderNumber, reason: "Sold out" });
  await runDue(t);
  expect(await orderOf(t, orderId)).toMatchObject({ state: "cancelled", payment: "paid" });
  const { payments } = await as.query(api.admin.orders.get, { orderNumber });
  const refundId = payments[0]!.refunds[0]!.id;
  await as.mutation(api.admin.orders.confirmRefund, { refundId });
  expect(await orderOf(t, orderId)).toMatchObject({ payment: "refunded" });
  expect(sentTo(sent, "/v2/")).toEqual([]);
});

test("ADM-5 orders of one moment are each on one page, however far back", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { stock: 10 });
  const placed: string[] = [];
  for (let count = 0; count < 5; count++) {
    const { orderNumber } = await buy(await addShopper(t, { variantId: shopper.variantId }));
    placed.unshift(orderNumber);
  }
  await runDue(t);
  const { as } = await addManager(t);
  for (const status of [null, "paid"] as const) {
    const pages = await Promise.all(
      [1, 2, 3].map((page) =>
        as.query(api.admin.orders.list, { status, search: "", page, pageSize: 2 }),
      ),
    );
    expect(pages.flatMap(({ rows }) => rows.map(({ number }) => number))).toEqual(placed);
  }
});

test("ADM-5 the counts follow every order through its states", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { stock: 10 });
  const { as } = await addManager(t);
  const buyOne = async () => await buy(await addShopper(t, { variantId: shopper.variantId }));
  const [shipped, processing, cancelled] = [await buyOne(), await buyOne(), await buyOne()];
  await beginPayment(shopper);
  for (const { orderNumber } of [shipped, processing]) {
    await as.mutation(api.admin.orders.startProcessing, { orderNumber });
  }
  const parcel = { carrier: "DHL", trackingNumber: "3707 5512 0948" };
  await as.mutation(api.admin.orders.ship, { orderNumber: shipped.orderNumber, ...parcel });
  const { orderNumber } = cancelled;
  await as.mutation(api.admin.orders.cancel, { orderNumber, reason: "Not in stock" });
  await runDue(t);
  const states = await t.run((ctx) => ctx.db.query("orders").collect());
  const counted = await as.query(api.admin.orders.counts, {});
  const byState = Object.fromEntries(Object.keys(counted).map((state) => [state, 0]));
  for (const { state } of states) byState[state] = (byState[state] ?? 0) + 1;
  expect(counted).toEqual({ ...byState, all: 4 });
  expect(counted).toMatchObject({ awaitingPayment: 1, processing: 1, shipped: 1, paid: 0 });
});

test("ADM-5 orders from before there were counts are counted once", async () => {
  const t = startShop();
  await buy(await addShopper(t, { stock: 10 }));
  await t.run(async (ctx) => {
    const order = (await ctx.db.query("orders").first())!;
    const fields = Object.entries(order).filter(([name]) => !name.startsWith("_"));
    const { number, ...rest } = Object.fromEntries(fields) as Omit<typeof order, `_${string}`>;
    await ctx.db.insert("orders", { ...rest, number: `${number}0` });
  });
  const { as } = await addManager(t);
  const countPaid = async () => {
    await pass(t, 5_000);
    return (await as.query(api.admin.orders.counts, {})).paid;
  };
  expect(await countPaid()).toBe(1);
  for (let start = 0; start < 2; start++) {
    await t.mutation(internal.jobs.migrations.run, {});
    expect(await countPaid()).toBe(2);
  }
});

test("ADM-5 the payment panel shows every word of the provider", async () => {
  const t = startShop();
  const { orderNumber, payPalOrderId } = await buy(await addShopper(t));
  const { as } = await addManager(t);
  const { payments } = await as.query(api.admin.orders.get, { orderNumber });
  expect(payments).toMatchObject([
    {
      method: "paypal",
      status: "captured",
      providerOrderId: payPalOrderId,
      captureId: `CAP-${payPalOrderId}`,
      facts: [{ outcome: "applied", fact: { source: "capture" } }],
    },
  ]);
});

test("ADM-5 orders are listed the latest first, by status, by number and by name, in pages", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { stock: 10 });
  const numbers: string[] = [];
  for (let count = 0; count < 3; count++) {
    vi.advanceTimersByTime(1000);
    const { orderNumber } = await buy(await addShopper(t, { variantId: shopper.variantId }));
    numbers.push(orderNumber);
  }
  const unpaid = await beginPayment(shopper);
  const { as } = await addManager(t);
  const list = async (over: object) => {
    const args = { status: null, search: "", page: 1, pageSize: 2, ...over };
    const { rows, ...rest } = await as.query(api.admin.orders.list, args);
    return { numbers: rows.map(({ number }) => number), ...rest };
  };
  await runDue(t);
  const exact = { isTotalExact: true };
  expect(await list({ status: "paid" })).toEqual({
    numbers: [numbers[2], numbers[1]],
    ...{ total: 3, page: 1, ...exact },
  });
  expect(await list({ status: "paid", page: 2 })).toMatchObject({ numbers: [numbers[0]] });
  expect(await list({ page: 99 })).toMatchObject({ page: 2, total: 4 });
  expect(await list({ status: "awaitingPayment" })).toMatchObject({
    numbers: [unpaid.orderNumber],
  });
  expect(await list({ search: numbers[0]!.toLowerCase() })).toMatchObject({
    numbers: [numbers[0]],
    total: 1,
  });
  expect(await list({ search: numbers[1]!.slice(3) })).toMatchObject({ numbers: [numbers[1]] });
  expect(await list({ search: "Brandt", pageSize: 10 })).toMatchObject({ total: 4 });
  expect(await list({ search: "nobody" })).toMatchObject({ numbers: [], total: 0, page: 1 });
});

test("ADM-5 a whole e-mail address finds the orders from it, not those that share words with it", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { stock: 10 });
  const placed: Record<string, string> = {};
  const emails = ["maren@shop.test", "maren@shop.test", "maren@shop.org", "else@shop.test"];
  for (const [index, email] of emails.entries()) {
    const { orderId } = await buy(await addShopper(t, { variantId: shopper.variantId }));
    await t.run(async (ctx) => {
      const { contact, number } = (await ctx.db.get("orders", orderId))!;
      placed[String(index)] = number;
      // Whoever ordered for somebody else wrote down both.
      const searchText = `${number} maren@shop.test ${email}`;
      await ctx.db.patch("orders", orderId, { contact: { ...contact, email }, searchText });
    });
  }
  const { as } = await addManager(t);
  const search = async (text: string, status: "paid" | "shipped" | null = null) => {
    const args = { status, search: text, page: 1, pageSize: 10 };
    const { rows, total, isTotalExact } = await as.query(api.admin.orders.list, args);
    return { numbers: rows.map(({ number }) => number).sort(), total, isTotalExact };
  };
  expect(await search("Maren@shop.test")).toEqual({
    numbers: [placed["0"], placed["1"]],
    ...{ total: 2, isTotalExact: true },
  });
  expect(await search("maren@")).toMatchObject({ total: 3 });
  expect(await search("maren@", "paid")).toMatchObject({ total: 3 });
  expect(await search("maren@", "shipped")).toMatchObject({ total: 0 });
});
