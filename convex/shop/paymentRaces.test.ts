import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { api, internal } from "../_generated/api";
import { HOLD_TTL_MS } from "../domain/hold.ts";
import { money } from "../domain/money.ts";
import {
  captureAnswers,
  capturedOrder,
  PAYEE,
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
  factsOf,
  orderOf,
  pass,
  paymentOf,
  quoteVersion,
  runDue,
  stockOf,
} from "../lib/payments.setup.ts";
import { startShop } from "../lib/shop.setup.ts";

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

test("race: webhook COMPLETED before the capture response", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  await deliverWebhook(t, "PAYMENT.CAPTURE.COMPLETED", captureWebhook(begun));
  expect(await orderOf(t, begun.orderId)).toMatchObject({ state: "paid" });
  expect((await capture(shopper, begun)).status).toBe("paid");
  await runDue(t);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 2, held: 0 });
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent"]);
});

test("race: webhook COMPLETED while the capture response is under way", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  await t.mutation(internal.jobs.paymentSteps.prepareCapture, {
    paymentId: begun.paymentId,
    userId: shopper.userId,
    providerOrderId: begun.payPalOrderId,
  });
  await deliverWebhook(t, "PAYMENT.CAPTURE.COMPLETED", captureWebhook(begun));
  const { paymentId, payPalOrderId: providerOrderId } = begun;
  const claim = {
    kind: "capture" as const,
    captureId: `CAP-${providerOrderId}`,
    status: "COMPLETED" as const,
    reason: null,
    amount: money(1490),
    payeeId: PAYEE,
    customId: paymentId,
  };
  const fact = { source: "capture" as const, eventId: null, providerOrderId, claim };
  expect(await t.mutation(internal.jobs.payments.apply, { facts: [fact] })).toEqual(["duplicate"]);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 2, held: 0 });
  expect(await factsOf(t, paymentId)).toEqual([
    "webhook capture applied",
    "capture capture duplicate",
  ]);
});

test("race: ORDER.APPROVED before our createOrder returned", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  scriptNetwork({ "POST /v2/checkout/orders": () => "no answer" });
  await expect(beginPayment(shopper)).rejects.toMatchObject({
    data: { code: "PAYMENT_UNAVAILABLE" },
  });
  const { openOrder } = await shopper.as.query(api.shop.checkout.get, {});
  const paymentId = openOrder!.paymentId!;
  const approved = { id: "PP55", status: "APPROVED", purchase_units: [{ custom_id: paymentId }] };
  await deliverWebhook(t, "CHECKOUT.ORDER.APPROVED", approved);
  expect(await paymentOf(t, paymentId)).toMatchObject({
    status: "approved",
    providerOrderId: "PP55",
  });
});

test("race: a webhook about an unknown order waits as an orphan and makes no order", async () => {
  const t = startShop();
  const approved = { id: "PP66", status: "APPROVED", purchase_units: [{ custom_id: "nobody" }] };
  expect(await deliverWebhook(t, "CHECKOUT.ORDER.APPROVED", approved)).toBe(200);
  const statusOf = () =>
    t.run(async (ctx) => (await ctx.db.query("webhookEvents").first())?.status);
  expect(await statusOf()).toBe("orphan");
  expect(await t.run((ctx) => ctx.db.query("orders").first())).toBeNull();
  const shopper = await addShopper(t);
  scriptNetwork({ "POST /v2/checkout/orders": () => ({ status: 201, body: { id: "PP66" } }) });
  const { paymentId } = await beginPayment(shopper);
  await pass(t, 60_000);
  expect(await statusOf()).toBe("processed");
  expect(await paymentOf(t, paymentId)).toMatchObject({ status: "approved" });
});

test("race: the same webhook twice", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  const resource = captureWebhook(begun);
  const statuses = await Promise.all([
    deliverWebhook(t, "PAYMENT.CAPTURE.COMPLETED", resource, "WH-1"),
    deliverWebhook(t, "PAYMENT.CAPTURE.COMPLETED", resource, "WH-1"),
  ]);
  expect(statuses).toEqual([200, 200]);
  expect(await t.run((ctx) => ctx.db.query("webhookEvents").take(5))).toHaveLength(1);
  expect(await factsOf(t, begun.paymentId)).toEqual(["webhook capture applied"]);
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent"]);
});

test("race: two tabs approve", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  const results = await Promise.all([capture(shopper, begun), capture(shopper, begun)]);
  expect(results.map(({ status }) => status)).toEqual(["paid", "paid"]);
  const ids = sentTo(sent, "/v2/checkout/orders/").map(({ headers }) =>
    headers.get("paypal-request-id"),
  );
  expect(new Set(ids).size).toBe(1);
  await runDue(t);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 2, held: 0 });
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent"]);
});

test("race: capture times out, and asking PayPal shows that it went through", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  const { paymentId, payPalOrderId: orderId } = begun;
  scriptNetwork({
    "POST /v2/checkout/orders/*": () => "no answer",
    "GET /v2/checkout/orders/*": () => ({
      status: 200,
      body: capturedOrder({ paymentId, orderId }),
    }),
  });
  expect((await capture(shopper, begun)).status).toBe("paid");
  expect(await orderOf(t, begun.orderId)).toMatchObject({ state: "paid" });
});

test("race: capture times out and PayPal cannot be asked: unknown, stock held, found out later", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  const { paymentId, payPalOrderId: orderId } = begun;
  scriptNetwork({
    "POST /v2/checkout/orders/*": () => "no answer",
    "GET /v2/checkout/orders/*": () => "no answer",
  });
  expect((await capture(shopper, begun)).status).toBe("unknown");
  await pass(t, 2 * HOLD_TTL_MS);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 1 });
  await expect(beginPayment(shopper)).rejects.toMatchObject({ data: { code: "PAYMENT_PENDING" } });
  scriptNetwork({
    "GET /v2/checkout/orders/*": () => ({
      status: 200,
      body: capturedOrder({ paymentId, orderId }),
    }),
  });
  await pass(t, 61_000);
  await t.mutation(internal.jobs.paymentSteps.checkOverdue, {});
  await runDue(t);
  expect(await orderOf(t, begun.orderId)).toMatchObject({ state: "paid" });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 2, held: 0 });
});

test("race: capture times out and never happened: the buyer can try again", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  scriptNetwork({ "POST /v2/checkout/orders/*": () => "no answer" });
  expect((await capture(shopper, begun)).status).toBe("unknown");
  scriptNetwork();
  await pass(t, 31_000);
  expect(await paymentOf(t, begun.paymentId)).toMatchObject({ status: "approved" });
  expect((await capture(shopper, begun)).status).toBe("paid");
});

test("race: the hold expired while the buyer approves, and the stock can be had again", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  await pass(t, HOLD_TTL_MS + 1000);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 0 });
  expect((await capture(shopper, begun)).status).toBe("paid");
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 2, held: 0 });
});

test("race: the hold expired and another buyer took the last unit: nothing is captured", async () => {
  const t = startShop();
  const shopper = await addShopper(t, { stock: 1 });
  const rival = await addShopper(t, { variantId: shopper.variantId });
  const begun = await beginPayment(shopper);
  await pass(t, HOLD_TTL_MS + 1000);
  expect((await buy(rival)).result.status).toBe("paid");
  const sent = scriptNetwork();
  await expect(capture(shopper, begun)).rejects.toMatchObject({
    data: { code: "OUT_OF_STOCK", available: 0 },
  });
  expect(sent).toEqual([]);
  expect(await orderOf(t, begun.orderId)).toMatchObject({
    state: "cancelled",
    cancelReason: { kind: "outOfStock" },
  });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 0, held: 0 });
});

test("race: the price is edited while the buyer approves: nothing is captured, the buyer is asked", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  await t.run((ctx) => ctx.db.patch("variants", shopper.variantId, { price: money(1200) }));
  const sent = scriptNetwork();
  await expect(capture(shopper, begun)).rejects.toMatchObject({
    data: { code: "PRICE_CHANGED", was: money(1000), now: money(1200) },
  });
  expect(sent).toEqual([]);
  expect(await shopper.as.query(api.shop.cart.count, {})).toBe(1);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 0 });
  await shopper.as.mutation(api.shop.cart.acknowledgeChanges, {});
  scriptNetwork(captureAnswers({ value: "16.90" }));
  expect((await buy(shopper)).result.status).toBe("paid");
});

test("race: cancel vs capture: money that arrives for a cancelled order goes back", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  const { orderId, orderNumber, paymentId, payPalOrderId: providerOrderId } = begun;
  const own = { paymentId, userId: shopper.userId, providerOrderId };
  await t.mutation(internal.jobs.paymentSteps.prepareCapture, own);
  await shopper.as.mutation(api.account.orders.cancel, { orderNumber });
  const sent = scriptNetwork();
  await deliverWebhook(t, "PAYMENT.CAPTURE.COMPLETED", captureWebhook(begun));
  expect(await orderOf(t, orderId)).toMatchObject({ state: "cancelled", payment: "refunded" });
  expect(sentTo(sent, "/v2/payments/captures/")).toHaveLength(1);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 0 });
});

test("race: cancel after capture gives stock and money back once", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  const shopper = await addShopper(t);
  const { orderId, orderNumber } = await buy(shopper);
  const cancel = () => shopper.as.mutation(api.account.orders.cancel, { orderNumber });
  await cancel();
  await expect(cancel()).rejects.toMatchObject({ data: { code: "ORDER_TRANSITION" } });
  await runDue(t);
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 3, held: 0 });
  expect(await orderOf(t, orderId)).toMatchObject({ state: "cancelled", payment: "refunded" });
  expect(sentTo(sent, "/v2/payments/captures/")).toHaveLength(1);
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent", "cancelled:sent", "refunded:sent"]);
});

test("race: out-of-order PENDING after COMPLETED", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { result, ...begun } = await buy(shopper);
  expect(result.status).toBe("paid");
  await deliverWebhook(t, "PAYMENT.CAPTURE.PENDING", captureWebhook(begun, { status: "PENDING" }));
  expect(await orderOf(t, begun.orderId)).toMatchObject({ state: "paid" });
  expect(await factsOf(t, begun.paymentId)).toEqual([
    "capture capture applied",
    "webhook capture outOfOrder",
  ]);
});

test("race: an approval event that is older than the capture takes nothing back", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  const { paymentId, payPalOrderId: providerOrderId } = begun;
  const own = { paymentId, userId: shopper.userId, providerOrderId };
  await t.mutation(internal.jobs.paymentSteps.prepareCapture, own);
  const approved = {
    id: providerOrderId,
    status: "APPROVED",
    purchase_units: [{ custom_id: paymentId }],
  };
  await deliverWebhook(t, "CHECKOUT.ORDER.APPROVED", approved);
  expect(await paymentOf(t, paymentId)).toMatchObject({ status: "capturing" });
});

test("race: REVERSED or a dispute after shipping flags the order and restocks nothing", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { result, ...begun } = await buy(shopper);
  expect(result.status).toBe("paid");
  const captureId = `CAP-${begun.payPalOrderId}`;
  const links = [{ rel: "up", href: `http://paypal.test/v2/payments/captures/${captureId}` }];
  await t.run((ctx) =>
    ctx.db.patch("orders", begun.orderId, { fulfilment: "shipped", state: "shipped" }),
  );
  const reversed = { id: "REF9", status: "COMPLETED", links };
  await deliverWebhook(t, "PAYMENT.CAPTURE.REVERSED", reversed);
  expect(await orderOf(t, begun.orderId)).toMatchObject({
    state: "shipped",
    attention: "paymentReversed",
  });
  await deliverWebhook(t, "CUSTOMER.DISPUTE.CREATED", {
    dispute_id: "D1",
    status: "OPEN",
    disputed_transactions: [{ seller_transaction_id: captureId }],
  });
  expect(await orderOf(t, begun.orderId)).toMatchObject({ attention: "disputed" });
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 2, held: 0 });
});

test("race: a late approval of an order that came to nothing does not bring it back", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const begun = await beginPayment(shopper);
  scriptNetwork({ "POST /v2/checkout/orders/*": () => refusal("TRANSACTION_REFUSED") });
  expect((await capture(shopper, begun)).status).toBe("declined");
  scriptNetwork();
  const { paymentId, payPalOrderId: id } = begun;
  const approved = { id, status: "APPROVED", purchase_units: [{ custom_id: paymentId }] };
  await deliverWebhook(t, "CHECKOUT.ORDER.APPROVED", approved);
  expect(await paymentOf(t, paymentId)).toMatchObject({
    status: "created",
    providerOrderId: null,
  });
});

test("race: two tabs open PayPal at once and get the same order", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { paymentId, orderId } = await shopper.as.mutation(api.shop.checkout.begin, {
    quoteVersion: await quoteVersion(shopper),
    paymentMethod: "paypal",
  });
  const open = () => shopper.as.action(api.shop.payments.createPayPalOrder, { paymentId });
  const [first, second] = await Promise.all([open(), open()]);
  expect(second).toEqual(first);
  expect(await orderOf(t, orderId)).toMatchObject({ state: "awaitingPayment" });
});

test("race: a refund made on PayPal's own pages is told once, and nothing is paid twice", async () => {
  const t = startShop();
  const shopper = await addShopper(t);
  const { result, orderNumber, ...begun } = await buy(shopper);
  expect(result.status).toBe("paid");
  const { paymentId, payPalOrderId: orderId } = begun;
  const captureId = `CAP-${orderId}`;
  const order = capturedOrder({ paymentId, orderId, captureId, status: "PARTIALLY_REFUNDED" });
  const amount = { currency_code: "EUR", value: "1.00" };
  const refund = { id: "REF7", status: "COMPLETED", amount };
  Object.assign(order.purchase_units[0]!.payments, { refunds: [refund] });
  await deliverWebhook(t, "CHECKOUT.ORDER.COMPLETED", order, "WH-1");
  await deliverWebhook(t, "CHECKOUT.ORDER.COMPLETED", order, "WH-2");
  const view = await shopper.as.query(api.account.orders.get, { orderNumber });
  expect(view.timeline.map(({ kind }) => kind)).toEqual(["placed", "paid", "partiallyRefunded"]);
  expect(view.refunded).toEqual(money(100));
  expect(await stockOf(t, shopper.variantId)).toEqual({ onHand: 2, held: 0 });
});
