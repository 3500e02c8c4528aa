import { afterEach, expect, test, vi } from "vitest";

import { money } from "../../domain/money.ts";
import { createPayPal } from "./paypal.ts";
import { readWebhookEvent } from "./paypalFacts.ts";
import type { PaymentRequest } from "./port.ts";

const CONFIG = {
  apiBase: "http://paypal.test",
  clientId: "client",
  clientSecret: "secret",
  webhookId: "WEBHOOK1",
  merchantId: "MERCHANT1",
};

const REQUEST: PaymentRequest = {
  requestId: "create-p1-1",
  paymentId: "p1",
  invoiceId: "VT-10001-1",
  shopName: "Vitrine",
  items: [{ name: "Jar", sku: "KIT-1", quantity: 2, unitPrice: money(1400) }],
  subtotal: money(2800),
  discount: money(300),
  delivery: money(490),
  total: money(2990),
  address: {
    name: "Maren Brandt",
    line1: "Lindenweg 14",
    line2: "Hinterhaus",
    postalCode: "01067",
    city: "Dresden",
    region: null,
    country: "DE",
  },
};

type Reply = { status: number; body?: unknown; text?: string } | "no answer";

/** Answers the calls after the token's in turn, and keeps what was sent. */
function script(...replies: Reply[]) {
  const sent: { method: string; path: string; headers: Headers; body: string }[] = [];
  vi.stubGlobal("fetch", async (input: string, init: RequestInit) => {
    const request = new Request(input, init);
    const path = new URL(request.url).pathname;
    if (path === "/v1/oauth2/token") return Response.json({ access_token: "TOKEN" });
    const { method, headers } = request;
    sent.push({ method, path, headers, body: await request.text() });
    const reply = replies.shift() ?? "no answer";
    if (reply === "no answer") throw new TypeError("fetch failed");
    return new Response(reply.text ?? JSON.stringify(reply.body), { status: reply.status });
  });
  return sent;
}

afterEach(() => void vi.unstubAllGlobals());

test("ORD-4 an order is opened with amounts that add up, the address, and its request id", async () => {
  const sent = script({ status: 201, body: { id: "PP1", status: "CREATED" } });
  const opened = await createPayPal(CONFIG).open(REQUEST);
  expect(opened).toEqual({ kind: "opened", providerOrderId: "PP1" });
  const [call] = sent;
  expect(call).toMatchObject({ method: "POST", path: "/v2/checkout/orders" });
  expect(call!.headers.get("paypal-request-id")).toBe("create-p1-1");
  expect(call!.headers.get("prefer")).toBe("return=representation");
  expect(call!.headers.get("authorization")).toBe("Bearer TOKEN");
  expect(JSON.parse(call!.body)).toMatchObject({
    intent: "CAPTURE",
    purchase_units: [
      {
        custom_id: "p1",
        invoice_id: "VT-10001-1",
        amount: {
          currency_code: "EUR",
          value: "29.90",
          breakdown: {
            item_total: { currency_code: "EUR", value: "28.00" },
            shipping: { currency_code: "EUR", value: "4.90" },
            discount: { currency_code: "EUR", value: "3.00" },
          },
        },
        items: [{ name: "Jar", sku: "KIT-1", quantity: "2", unit_amount: { value: "14.00" } }],
        shipping: {
          name: { full_name: "Maren Brandt" },
          address: {
            address_line_1: "Lindenweg 14",
            address_line_2: "Hinterhaus",
            admin_area_2: "Dresden",
            postal_code: "01067",
            country_code: "DE",
          },
        },
      },
    ],
  });
});

test("ORD-4 no answer, a fault of PayPal and an unreadable answer leave open what happened", async () => {
  const faults: Reply[] = [
    "no answer",
    { status: 500, body: {} },
    { status: 503, text: "<html>" },
    { status: 429, body: { name: "RATE_LIMIT_REACHED" } },
    { status: 409, body: { name: "RESOURCE_CONFLICT" } },
    { status: 401, body: { error: "invalid_token" } },
    { status: 201, text: "" },
    { status: 201, body: { unexpected: true } },
  ];
  for (const fault of faults) {
    script(fault);
    const capture = { providerOrderId: "PP1", requestId: "capture-p1-1" };
    expect((await createPayPal(CONFIG).capture(capture)).kind).toBe("unknown");
  }
});

test("ORD-4 a token that cannot be had is no answer either", async () => {
  vi.stubGlobal("fetch", async () => Response.json({ error: "invalid_client" }, { status: 401 }));
  expect(await createPayPal(CONFIG).open(REQUEST)).toMatchObject({ kind: "unknown" });
});

test("ORD-4 an order that was captured already is read, and counts as captured", async () => {
  const captured = {
    id: "PP1",
    status: "COMPLETED",
    purchase_units: [
      {
        custom_id: "p1",
        payee: { merchant_id: "MERCHANT1" },
        payments: {
          captures: [
            {
              id: "CAP1",
              status: "COMPLETED",
              amount: { currency_code: "EUR", value: "29.90" },
            },
          ],
          refunds: [
            {
              id: "REF1",
              status: "COMPLETED",
              amount: { currency_code: "EUR", value: "1.00" },
              custom_id: "r1",
            },
          ],
        },
      },
    ],
  };
  const sent = script(
    { status: 422, body: { details: [{ issue: "ORDER_ALREADY_CAPTURED" }] } },
    { status: 200, body: captured },
  );
  const capture = { providerOrderId: "PP1", requestId: "capture-p1-1" };
  const told = await createPayPal(CONFIG).capture(capture);
  expect(sent.map(({ method }) => method)).toEqual(["POST", "GET"]);
  expect(told).toEqual({
    kind: "told",
    facts: [
      {
        source: "capture",
        eventId: null,
        providerOrderId: "PP1",
        claim: {
          kind: "capture",
          captureId: "CAP1",
          status: "COMPLETED",
          reason: null,
          amount: { amount: 2990, currency: "EUR" },
          payeeId: "MERCHANT1",
          customId: "p1",
        },
      },
      {
        source: "capture",
        eventId: null,
        providerOrderId: "PP1",
        claim: {
          kind: "refund",
          refundId: "REF1",
          captureId: "CAP1",
          status: "COMPLETED",
          amount: { amount: 100, currency: "EUR" },
          customId: "r1",
        },
      },
    ],
  });
});

test("ORD-4 refusals are told apart: choose another source, begin anew, approve first", async () => {
  const meaning = async (issue: string) => {
    script({ status: 422, body: { issues: [{ issue }] } });
    const capture = { providerOrderId: "PP1", requestId: "capture-p1-1" };
    const told = await createPayPal(CONFIG).capture(capture);
    if (told.kind !== "told") return told.kind;
    return told.facts.map(({ claim }) => claim.status).join();
  };
  expect(await meaning("INSTRUMENT_DECLINED")).toBe("declined");
  expect(await meaning("TRANSACTION_REFUSED")).toBe("declined,voided");
  expect(await meaning("ORDER_NOT_APPROVED")).toBe("open");
});

test("ORD-4 an order that PayPal has forgotten can be opened anew", async () => {
  script({ status: 404, body: { name: "RESOURCE_NOT_FOUND" } });
  const read = { providerOrderId: "PP1", source: "reconcile" as const };
  expect(await createPayPal(CONFIG).read(read)).toMatchObject({
    kind: "told",
    facts: [{ claim: { kind: "order", status: "voided" } }],
  });
});

test("ORD-4 a refund names its amount and our refund, and its answer is a fact", async () => {
  const amount = { currency_code: "EUR", value: "4.90" };
  const sent = script({ status: 201, body: { id: "REF1", status: "PENDING", amount } });
  const told = await createPayPal(CONFIG).refund({
    requestId: "refund-r1",
    refundId: "r1",
    captureId: "CAP1",
    amount: money(490),
  });
  expect(sent[0]).toMatchObject({ path: "/v2/payments/captures/CAP1/refund" });
  expect(sent[0]!.headers.get("paypal-request-id")).toBe("refund-r1");
  expect(JSON.parse(sent[0]!.body)).toEqual({ amount, custom_id: "r1" });
  expect(told).toMatchObject({
    facts: [{ source: "refund", claim: { captureId: "CAP1", status: "PENDING" } }],
  });
});

test("ORD-4 a webhook's meaning is read from its resource", () => {
  const read = (event_type: string, resource: object) =>
    readWebhookEvent(JSON.stringify({ id: "WH-1", event_type, resource }))?.facts.map(
      ({ providerOrderId, claim }) => ({ providerOrderId, ...claim }),
    );
  const links = [
    { rel: "self", href: "https://api.paypal.com/v2/payments/refunds/REF1" },
    { rel: "up", href: "https://api.paypal.com/v2/payments/captures/CAP1" },
  ];
  const amount = { currency_code: "EUR", value: "1.00" };
  expect(read("PAYMENT.CAPTURE.DENIED", { id: "CAP1", status: "DENIED" })).toMatchObject([
    { kind: "capture", captureId: "CAP1", status: "DECLINED", amount: null, payeeId: null },
  ]);
  const refund = { id: "REF1", status: "COMPLETED", amount, links };
  expect(read("PAYMENT.CAPTURE.REFUNDED", refund)).toMatchObject([
    { kind: "refund", refundId: "REF1", captureId: "CAP1" },
  ]);
  expect(read("PAYMENT.CAPTURE.REVERSED", refund)).toMatchObject([
    { kind: "capture", captureId: "CAP1", status: "REVERSED" },
  ]);
  expect(read("CHECKOUT.PAYMENT-APPROVAL.REVERSED", { order_id: "PP1" })).toMatchObject([
    { kind: "order", status: "voided", providerOrderId: "PP1" },
  ]);
  expect(read("PAYMENT.SALE.COMPLETED", { id: "X" })).toEqual([]);
});
