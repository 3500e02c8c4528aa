import { vi } from "vitest";

import { api } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { CaptureBody } from "./network.setup.ts";
import { captureResource, PAYEE } from "./network.setup.ts";
import type { TestShop } from "./shop.setup.ts";
import { addGuest, addProduct } from "./shop.setup.ts";

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

export function captureWebhook(begun: Begun, over: Partial<CaptureBody> = {}) {
  const { paymentId, payPalOrderId } = begun;
  const resource = captureResource({ paymentId, captureId: `CAP-${payPalOrderId}`, ...over });
  return {
    ...resource,
    payee: { merchant_id: PAYEE },
    supplementary_data: { related_ids: { order_id: payPalOrderId } },
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
