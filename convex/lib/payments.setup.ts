import { parse } from "convex-helpers/validators";
import { v } from "convex/values";
import { vi } from "vitest";

import { api } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { TestShop } from "./shop.setup.ts";
import { addGuest, addProduct } from "./shop.setup.ts";

export const PAYEE = "MERCHANT1";
const PAYPAL = "http://paypal.test";
const RESEND = "http://resend.test";

export type Sent = { method: string; path: string; headers: Headers; body: string };
type Reply = { status: number; body: unknown } | "no answer";
type Script = (request: Sent) => Reply;

/** Answers by "METHOD /path"; a path may end in `*`. What is not scripted answers as usual. */
export type Scripts = Record<string, Script>;

/** Stands where the network would: PayPal and Resend as scripted, with everything sent kept. */
export function scriptNetwork(scripts: Scripts = {}): Sent[] {
  vi.stubEnv("PAYPAL_API_BASE", PAYPAL);
  vi.stubEnv("PAYPAL_CLIENT_ID", "client");
  vi.stubEnv("PAYPAL_CLIENT_SECRET", "secret");
  vi.stubEnv("PAYPAL_WEBHOOK_ID", "WEBHOOK1");
  vi.stubEnv("PAYPAL_MERCHANT_ID", PAYEE);
  vi.stubEnv("RESEND_API_KEY", "re_test");
  vi.stubEnv("RESEND_BASE_URL", RESEND);
  vi.stubEnv("EMAIL_FROM", "Vitrine <shop@example.com>");
  const sent: Sent[] = [];
  const scripted = { ...USUAL, ...scripts };
  vi.stubGlobal("fetch", async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    const { pathname: path } = new URL(request.url);
    const { method, headers } = request;
    const entry: Sent = { method, path, headers, body: await request.text() };
    sent.push(entry);
    const reply = findScript(scripted, `${method} ${path}`)(entry);
    if (reply === "no answer") throw new TypeError("fetch failed");
    return Response.json(reply.body, { status: reply.status });
  });
  return sent;
}

export function sentTo(sent: readonly Sent[], path: string): Sent[] {
  return sent.filter((request) => request.path.startsWith(path));
}

export type CaptureBody = {
  paymentId: string;
  orderId?: string;
  captureId?: string;
  status?: string;
  value?: string;
  currency?: string;
  payee?: string | null;
  reason?: string;
};

/** A capture as PayPal describes it inside of an order. */
export function captureResource(capture: CaptureBody) {
  const { paymentId, captureId = "CAP1", status = "COMPLETED", value = "14.90" } = capture;
  return {
    id: captureId,
    status,
    ...(capture.reason === undefined ? {} : { status_details: { reason: capture.reason } }),
    amount: { currency_code: capture.currency ?? "EUR", value },
    custom_id: paymentId,
  };
}

/** An order with its capture. */
export function capturedOrder(capture: CaptureBody) {
  const { orderId = "PP1", payee = PAYEE } = capture;
  return {
    id: orderId,
    status: "COMPLETED",
    purchase_units: [
      {
        custom_id: capture.paymentId,
        ...(payee === null ? {} : { payee: { merchant_id: payee } }),
        payments: { captures: [captureResource(capture)] },
      },
    ],
  };
}

/** PayPal's words for a refusal, as the service sends them. */
export function refusal(issue: string, status = 422): Reply {
  return { status, body: { name: "UNPROCESSABLE_ENTITY", details: [{ issue }] } };
}

export type Shopper = Awaited<ReturnType<typeof addShopper>>;

/** A guest with one piece at €10 in the cart and every step of the checkout filled in. */
export async function addShopper(
  t: TestShop,
  options: { variantId?: Id<"variants">; quantity?: number; stock?: number } = {},
) {
  const variantId =
    options.variantId ??
    (await addProduct(t, { variants: [{ stock: options.stock ?? 3 }] })).variantId;
  const guest = await addGuest(t);
  const { as } = guest;
  await as.mutation(api.shop.cart.add, { variantId, quantity: options.quantity ?? 1 });
  await as.mutation(api.shop.checkout.setContact, {
    name: "Maren Brandt",
    email: "maren@example.com",
    phone: null,
  });
  await as.mutation(api.shop.checkout.setAddress, {
    name: "Maren Brandt",
    line1: "Lindenweg 14",
    line2: null,
    postalCode: "50667",
    city: "Köln",
    region: null,
    country: "DE",
  });
  await as.mutation(api.shop.checkout.setDelivery, { methodId: "standard" });
  return { ...guest, variantId };
}

export async function quoteVersion({ as }: Pick<Shopper, "as">): Promise<string> {
  const { quote } = await as.query(api.shop.checkout.get, {});
  if (quote === null) throw new Error("There is no quote");
  return quote.version;
}

/** Payment begun, and by PayPal its order opened. */
export async function beginPayment(
  shopper: Shopper,
  paymentMethod: "paypal" | "bankTransfer" = "paypal",
) {
  const { as } = shopper;
  const version = await quoteVersion(shopper);
  const begun = await as.mutation(api.shop.checkout.begin, {
    quoteVersion: version,
    paymentMethod,
  });
  if (paymentMethod === "bankTransfer") return { ...begun, payPalOrderId: "" };
  const { paymentId } = begun;
  const { payPalOrderId } = await as.action(api.shop.payments.createPayPalOrder, { paymentId });
  return { ...begun, payPalOrderId };
}

/** Bought and paid. */
export async function buy(shopper: Shopper) {
  const begun = await beginPayment(shopper);
  const { paymentId, payPalOrderId } = begun;
  const result = await shopper.as.action(api.shop.payments.capture, { paymentId, payPalOrderId });
  return { ...begun, result };
}

export type Begun = Awaited<ReturnType<typeof beginPayment>>;

export async function capture({ as }: Shopper, { paymentId, payPalOrderId }: Begun) {
  return await as.action(api.shop.payments.capture, { paymentId, payPalOrderId });
}

export async function paymentOf(t: TestShop, paymentId: Id<"payments">) {
  const payment = await t.run((ctx) => ctx.db.get("payments", paymentId));
  if (payment === null) throw new Error("There is no such payment");
  return payment;
}

export async function factsOf(t: TestShop, paymentId: Id<"payments">): Promise<string[]> {
  const facts = await t.run((ctx) =>
    ctx.db
      .query("paymentFacts")
      .withIndex("by_paymentId_and_at", (q) => q.eq("paymentId", paymentId))
      .take(100),
  );
  return facts.map(({ fact, outcome }) => `${fact.source} ${fact.claim.kind} ${outcome}`);
}

export async function deliverWebhook(
  t: TestShop,
  type: string,
  resource: object,
  id = `WH-${type}`,
) {
  const body = JSON.stringify({ id, event_type: type, resource });
  const response = await t.fetch("/webhooks/paypal", {
    method: "POST",
    body,
    headers: {
      "paypal-auth-algo": "SHA256withRSA",
      "paypal-cert-url": "https://api.paypal.com/cert",
      "paypal-transmission-id": "t-1",
      "paypal-transmission-sig": "sig",
      "paypal-transmission-time": "2026-11-22T15:00:00Z",
    },
  });
  await runDue(t);
  return response.status;
}

export function captureWebhook(
  begun: Begun,
  over: Partial<Parameters<typeof captureResource>[0]> = {},
) {
  const { paymentId, payPalOrderId } = begun;
  const resource = captureResource({ paymentId, captureId: `CAP-${payPalOrderId}`, ...over });
  return {
    ...resource,
    payee: { merchant_id: PAYEE },
    supplementary_data: { related_ids: { order_id: payPalOrderId } },
  };
}

export function captureAnswers(over: Partial<Parameters<typeof capturedOrder>[0]>): Scripts {
  return {
    "POST /v2/checkout/orders/*": ({ path, headers }) => {
      const orderId = path.split("/")[4] ?? "";
      const paymentId = headers.get("paypal-request-id")?.split("-")[1] ?? "";
      return { status: 201, body: capturedOrder({ paymentId, orderId, ...over }) };
    },
  };
}

export async function stockOf(t: TestShop, variantId: Id<"variants">) {
  return await t.run(async (ctx) => {
    const row = await ctx.db
      .query("stock")
      .withIndex("by_variantId", (q) => q.eq("variantId", variantId))
      .unique();
    return row === null ? null : { onHand: row.onHand, held: row.held };
  });
}

export async function orderOf(t: TestShop, orderId: Id<"orders">) {
  const order = await t.run((ctx) => ctx.db.get("orders", orderId));
  if (order === null) throw new Error("There is no such order");
  return order;
}

export async function emailsOf(t: TestShop): Promise<string[]> {
  const emails = await t.run((ctx) => ctx.db.query("emails").take(100));
  return emails.map(({ template, status }) => `${template.kind}:${status}`);
}

/** Runs what is due now, and what that makes due, but nothing that is due later. */
export async function runDue(t: TestShop): Promise<void> {
  for (let round = 0; round < 6; round++) {
    vi.advanceTimersByTime(1);
    await t.finishInProgressScheduledFunctions();
  }
}

/** Lets time pass with everything that becomes due in it. */
export async function pass(t: TestShop, ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await t.finishInProgressScheduledFunctions();
  await runDue(t);
}

const vOpenRequest = v.object({
  purchase_units: v.array(v.object({ custom_id: v.string() })),
});

const vRefundRequest = v.object({
  amount: v.object({ currency_code: v.string(), value: v.string() }),
  custom_id: v.string(),
});

let opened = 0;
const paymentIdOf = new Map<string, string>();

const USUAL: Scripts = {
  "POST /v1/oauth2/token": () => ({ status: 200, body: { access_token: "token" } }),
  "POST /v2/checkout/orders": ({ body }) => {
    const id = `PP${(opened += 1)}`;
    const request = parse(vOpenRequest, JSON.parse(body));
    paymentIdOf.set(id, request.purchase_units[0]?.custom_id ?? "");
    return { status: 201, body: { id, status: "CREATED" } };
  },
  "POST /v2/checkout/orders/*": ({ path }) => {
    const orderId = path.split("/")[4] ?? "";
    const paymentId = paymentIdOf.get(orderId) ?? "";
    const captureId = `CAP-${orderId}`;
    return { status: 201, body: capturedOrder({ paymentId, orderId, captureId }) };
  },
  "GET /v2/checkout/orders/*": ({ path }) => ({
    status: 200,
    body: { id: path.split("/")[4], status: "APPROVED" },
  }),
  "POST /v2/payments/captures/*": ({ body }) => {
    const { amount, custom_id } = parse(vRefundRequest, JSON.parse(body));
    return {
      status: 201,
      body: { id: `REF-${custom_id}`, status: "COMPLETED", amount, custom_id },
    };
  },
  "POST /v1/notifications/verify-webhook-signature": () => ({
    status: 200,
    body: { verification_status: "SUCCESS" },
  }),
  "POST /emails": () => ({ status: 200, body: { id: "mail" } }),
};

function findScript(scripts: Scripts, call: string): Script {
  const exact = scripts[call];
  if (exact !== undefined) return exact;
  const pattern = Object.keys(scripts).find(
    (key) => key.endsWith("*") && call.startsWith(key.slice(0, -1)),
  );
  const script = pattern === undefined ? undefined : scripts[pattern];
  if (script === undefined) throw new Error(`Nothing is scripted for ${call}`);
  return script;
}
