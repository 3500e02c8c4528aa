import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { api } from "../_generated/api";
import { HOLD_TTL_MS } from "../domain/hold.ts";
import {
  captureAnswers,
  capturedOrder,
  refusal,
  scriptNetwork,
  sentTo,
} from "../lib/network.setup.ts";
import {
  addShopper,
  beginPayment,
  buy,
  capture,
  captureWebhook,
  deliverWebhook,
  emailsOf,
  orderOf,
  pass,
  runDue,
  stockOf,
} from "../lib/payments.setup.ts";
import { addGuest, startShop } from "../lib/shop.setup.ts";

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

test("ORD-4 a purchase: created, captured, paid, sold, out of the cart, confirmed by mail", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  const shopper = await addShopper(t);
  const { result, orderId, orderNumber, paymentId } = await buy(shopper);
  await runDue(t);
  expect(result).toEqual({ status: "paid", orderNumber, reason: null });
  expect(await orderOf(t, orderId)).toMatchObject({ state: "paid", payment: "paid" });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 2, held: 0 });
  expect(await shopper.as.query(api.shop.cart.count, {})).toBe(0);
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent"]);
  const [created] = sentTo(sent, "/v2/checkout/orders");
  expect(JSON.parse(created!.body)).toMatchObject({
    intent: "CAPTURE",
    purchase_units: [
      {
        custom_id: paymentId,
        invoice_id: `${orderNumber}-1`,
        amount: {
          currency_code: "EUR",
          value: "14.90",
          breakdown: { item_total: { value: "10.00" }, shipping: { value: "4.90" } },
        },
      },
    ],
  });
});

test("ORD-4 request ids are fixed before the call, so a repetition asks for the same order", async () => {
  const t = startShop();
  const answers = [
    { status: 500, body: {} },
    { status: 201, body: { id: "PP77" } },
  ];
  const sent = scriptNetwork({
    "POST /v2/checkout/orders": () => answers.shift() ?? { status: 500, body: {} },
  });
  const shopper = await addShopper(t);
  await expect(beginPayment(shopper)).rejects.toMatchObject({
    data: { code: "PAYMENT_UNAVAILABLE" },
  });
  const { paymentId, payPalOrderId } = await beginPayment(shopper);
  expect(payPalOrderId).toBe("PP77");
  const again = await shopper.as.action(api.shop.payments.createPayPalOrder, { paymentId });
  expect(again.payPalOrderId).toBe("PP77");
  const ids = sentTo(sent, "/v2/checkout/orders").map(({ headers }) =>
    headers.get("paypal-request-id"),
  );
  expect(ids).toEqual([`create-${paymentId}-1`, `create-${paymentId}-1`]);
});

test("ORD-4 a payment of somebody else is not to be found", async () => {
  const t = startShop();
  const begun = await beginPayment(await addShopper(t));
  const { paymentId, payPalOrderId } = begun;
  const { as } = await addGuest(t);
  const notFound = { data: { code: "NOT_FOUND", what: "payment" } };
  await expect(as.action(api.shop.payments.createPayPalOrder, { paymentId })).rejects.toMatchObject(
    notFound,
  );
  await expect(
    as.action(api.shop.payments.capture, { paymentId, payPalOrderId }),
  ).rejects.toMatchObject(notFound);
  await expect(as.mutation(api.shop.payments.cancel, { paymentId })).rejects.toMatchObject(
    notFound,
  );
});

test("ORD-4 an order of PayPal that belongs to another payment is not captured", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  await expect(capture(shopper, { ...begun, payPalOrderId: "OTHER" })).rejects.toMatchObject({
    data: { code: "NOT_FOUND" },
  });
});

test("ORD-4 a captured amount, currency or payee that differs is never paid but reviewed", async () => {
  for (const over of [{ value: "14.89" }, { currency: "USD" }, { payee: "SOMEBODY" }]) {
    scriptNetwork(captureAnswers(over));
    const t = startShop();
    const shopper = await addShopper(t);
    const { result, orderId } = await buy(shopper);
    await runDue(t);
    expect(result.status).toBe("needsReview");
    expect(await orderOf(t, orderId)).toMatchObject({
      state: "needsReview",
      attention: "amountMismatch",
    });
    expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 1 });
    expect(await emailsOf(t)).toEqual([]);
  }
});

test("ORD-4 a capture that does not name its payee is asked about before it counts", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  const { paymentId, payPalOrderId: orderId } = begun;
  scriptNetwork({
    ...captureAnswers({ payee: null }),
    "GET /v2/checkout/orders/*": () => ({
      status: 200,
      body: capturedOrder({ paymentId, orderId }),
    }),
  });
  expect((await capture(shopper, begun)).status).toBe("unknown");
  await runDue(t);
  expect(await orderOf(t, begun.orderId)).toMatchObject({ state: "paid" });
});

test("ORD-4 a declined payment can be tried again with the same PayPal order", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  const sent = scriptNetwork({
    "POST /v2/checkout/orders/*": () => refusal("INSTRUMENT_DECLINED"),
  });
  expect(await capture(shopper, begun)).toMatchObject({
    status: "declined",
    reason: "INSTRUMENT_DECLINED",
  });
  expect(await orderOf(t, begun.orderId)).toMatchObject({ state: "awaitingPayment" });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 1 });
  const { payPalOrderId } = await beginPayment(shopper);
  expect(payPalOrderId).toBe(begun.payPalOrderId);
  sent.push(...scriptNetwork());
  const retried = scriptNetwork();
  expect((await capture(shopper, begun)).status).toBe("paid");
  const requestId = (requests: typeof sent) =>
    sentTo(requests, "/v2/checkout/orders/")[0]?.headers.get("paypal-request-id");
  expect(requestId(retried)).not.toBe(requestId(sent));
});

test("ORD-4 a refusal that ends PayPal's order lets the buyer begin a new one", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  scriptNetwork({ "POST /v2/checkout/orders/*": () => refusal("TRANSACTION_REFUSED") });
  expect((await capture(shopper, begun)).status).toBe("declined");
  scriptNetwork();
  const again = await beginPayment(shopper);
  expect(again.orderId).toBe(begun.orderId);
  expect(again.payPalOrderId).not.toBe(begun.payPalOrderId);
  expect((await capture(shopper, again)).status).toBe("paid");
});

test("ORD-4 a capture before approval charges nothing and can be tried again", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  scriptNetwork({ "POST /v2/checkout/orders/*": () => refusal("ORDER_NOT_APPROVED") });
  expect((await capture(shopper, begun)).status).toBe("declined");
  scriptNetwork();
  expect((await capture(shopper, begun)).status).toBe("paid");
});

test("ORD-4 a pending payment is shown and confirmed but not packed, then completes", async () => {
  scriptNetwork(captureAnswers({ status: "PENDING", reason: "ECHECK", captureId: "CAP9" }));
  const t = startShop();
  const shopper = await addShopper(t);
  const { result, orderId, orderNumber, ...begun } = await buy(shopper);
  await runDue(t);
  expect(result).toEqual({ status: "pending", orderNumber, reason: "ECHECK" });
  expect(await orderOf(t, orderId)).toMatchObject({ state: "paymentPending" });
  await pass(t, 2 * HOLD_TTL_MS);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 1 });
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent"]);
  const completed = captureWebhook({ ...begun, orderId, orderNumber }, { captureId: "CAP9" });
  await deliverWebhook(t, "PAYMENT.CAPTURE.COMPLETED", completed);
  expect(await orderOf(t, orderId)).toMatchObject({ state: "paid" });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 2, held: 0 });
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent", "paymentReceived:sent"]);
});

test("ORD-4 a pending payment that is denied can be paid again until the hold lapses", async () => {
  scriptNetwork(captureAnswers({ status: "PENDING", reason: "ECHECK", captureId: "CAP9" }));
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderId, ...begun } = await buy(shopper);
  const denied = captureWebhook({ ...begun, orderId }, { captureId: "CAP9", status: "DECLINED" });
  await deliverWebhook(t, "PAYMENT.CAPTURE.DENIED", denied);
  expect(await orderOf(t, orderId)).toMatchObject({ state: "awaitingPayment" });
  await pass(t, HOLD_TTL_MS + 1000);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 0 });
});

test("ORD-3 stock corrected to nothing while held is not sold: nothing is captured", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { stock: 1 });
  const begun = await beginPayment(shopper);
  await t.run(async (ctx) => {
    const row = await ctx.db.query("stock").first();
    await ctx.db.patch("stock", row!._id, { onHand: 0 });
  });
  await expect(capture(shopper, begun)).rejects.toMatchObject({ data: { code: "OUT_OF_STOCK" } });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 0, held: 0 });
});

test("ORD-3 money for goods that are gone marks the order and stock stays at zero", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { stock: 1 });
  const rival = await addShopper(t, { variantId: shopper.variantId });
  const begun = await beginPayment(shopper);
  await pass(t, HOLD_TTL_MS + 1000);
  expect((await buy(rival)).result.status).toBe("paid");
  await deliverWebhook(t, "PAYMENT.CAPTURE.COMPLETED", captureWebhook(begun));
  expect(await orderOf(t, begun.orderId)).toMatchObject({
    payment: "paid",
    attention: "paidWithoutStock",
  });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 0, held: 0 });
});

test("ORD-4 closing PayPal's window keeps the hold and the PayPal order", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  await shopper.as.mutation(api.shop.payments.cancel, { paymentId: begun.paymentId });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 1 });
  expect((await beginPayment(shopper)).payPalOrderId).toBe(begun.payPalOrderId);
});

test("ORD-5 an order whose hold lapsed says so before PayPal is opened again", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderId, paymentId } = await beginPayment(shopper);
  await pass(t, HOLD_TTL_MS + 1000);
  await expect(
    shopper.as.action(api.shop.payments.createPayPalOrder, { paymentId }),
  ).rejects.toMatchObject({ data: { code: "HOLD_LAPSED" } });
  await shopper.as.mutation(api.shop.checkout.extendHold, { orderId });
  await shopper.as.action(api.shop.payments.createPayPalOrder, { paymentId });
});

test("ORD-5 an unpaid order can be paid by the other method", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderId } = await beginPayment(shopper, "bankTransfer");
  await runDue(t);
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent"]);
  const { as } = shopper;
  const { paymentId } = await as.mutation(api.shop.payments.start, {
    orderId,
    paymentMethod: "paypal",
  });
  const { payPalOrderId } = await as.action(api.shop.payments.createPayPalOrder, { paymentId });
  const { status } = await as.action(api.shop.payments.capture, { paymentId, payPalOrderId });
  expect(status).toBe("paid");
  await runDue(t);
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent", "paymentReceived:sent"]);
});

test("a purchase takes out of the cart what was bought and leaves what was added meanwhile", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { quantity: 1 });
  const begun = await beginPayment(shopper);
  await shopper.as.mutation(api.shop.cart.add, { variantId: shopper.variantId, quantity: 1 });
  expect((await capture(shopper, begun)).status).toBe("paid");
  expect(await shopper.as.query(api.shop.cart.count, {})).toBe(1);
});

test("ORD-3 twenty shoppers race for three units: three paid orders and no stock", async () => {
  const t = startShop();
  const first = await addShopper(t, { stock: 3 });
  const shoppers = [first];
  while (shoppers.length < 20) {
    shoppers.push(await addShopper(t, { variantId: first.variantId }));
  }
  const results = await Promise.allSettled(shoppers.map((shopper) => buy(shopper)));
  const paid = results.filter(
    (result) => result.status === "fulfilled" && result.value.result.status === "paid",
  );
  expect(paid).toHaveLength(3);
  expect(await stockOf(t, first.variantId)).toEqual({ onHand: 0, held: 0 });
});

test("ORD-5 a payment that comes later leaves the next cart alone", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderId } = await beginPayment(shopper, "bankTransfer");
  const { as, variantId } = shopper;
  await as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  const { paymentId } = await as.mutation(api.shop.payments.start, {
    orderId,
    paymentMethod: "paypal",
  });
  const { payPalOrderId } = await as.action(api.shop.payments.createPayPalOrder, { paymentId });
  await as.action(api.shop.payments.capture, { paymentId, payPalOrderId });
  expect(await orderOf(t, orderId)).toMatchObject({ state: "paid" });
  expect(await as.query(api.shop.cart.count, {})).toBe(1);
});

test("ORD-7 an order is confirmed once, however often its buyer changes the way to pay", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderId } = await beginPayment(shopper, "bankTransfer");
  for (const paymentMethod of ["paypal", "bankTransfer"] as const) {
    await shopper.as.mutation(api.shop.payments.start, { orderId, paymentMethod });
  }
  await runDue(t);
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent"]);
});
