import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { internal } from "../_generated/api";
import type { Scripts } from "../lib/network.setup.ts";
import { scriptNetwork, sentTo } from "../lib/network.setup.ts";
import { runDue } from "../lib/payments.setup.ts";
import type { TestShop } from "../lib/shop.setup.ts";
import { startShop } from "../lib/shop.setup.ts";

const VERIFY = "POST /v1/notifications/verify-webhook-signature";
const HEADERS = {
  "paypal-auth-algo": "SHA256withRSA",
  "paypal-cert-url": "https://api.paypal.com/cert",
  "paypal-transmission-id": "69cd13f0-d67a-11e5",
  "paypal-transmission-sig": "signature",
  "paypal-transmission-time": "2026-11-22T15:00:00Z",
};
const EVENT = '{"id":"WH-1",  "event_type":"CATALOG.PRODUCT.CREATED","resource":{"amount":1.00}}';

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

async function post(t: TestShop, body: string, headers: Record<string, string> = HEADERS) {
  const response = await t.fetch("/webhooks/paypal", { method: "POST", body, headers });
  return response.status;
}

async function events(t: TestShop) {
  return await t.run((ctx) => ctx.db.query("webhookEvents").take(10));
}

function verdict(verification_status: string): Scripts {
  return { [VERIFY]: () => ({ status: 200, body: { verification_status } }) };
}

test("ORD-4 a webhook is verified by PayPal with its body byte for byte, stored, and answered", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  expect(await post(t, EVENT)).toBe(200);
  const [request] = sentTo(sent, "/v1/notifications");
  expect(request!.body).toContain(`"webhook_event":${EVENT}}`);
  expect(JSON.parse(request!.body)).toMatchObject({
    webhook_id: "WEBHOOK1",
    auth_algo: "SHA256withRSA",
    cert_url: "https://api.paypal.com/cert",
    transmission_id: "69cd13f0-d67a-11e5",
    transmission_sig: "signature",
    transmission_time: "2026-11-22T15:00:00Z",
  });
  expect(await events(t)).toMatchObject([{ eventId: "WH-1", body: EVENT, status: "received" }]);
  await runDue(t);
  expect(await events(t)).toMatchObject([{ status: "ignored" }]);
});

test("ORD-4 a webhook that PayPal did not sign is refused and not stored", async () => {
  scriptNetwork(verdict("FAILURE"));
  const t = startShop();
  expect(await post(t, EVENT)).toBe(400);
  expect(await events(t)).toEqual([]);
});

test("ORD-4 a webhook that cannot be verified now is delivered again later", async () => {
  scriptNetwork({ [VERIFY]: () => "no answer" });
  const t = startShop();
  expect(await post(t, EVENT)).toBe(503);
  expect(await events(t)).toEqual([]);
});

test("ORD-4 what is not a signed event is refused without asking PayPal", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  expect(await post(t, EVENT, {})).toBe(400);
  for (const body of ["", "not json", "null", "[]", '{"id":7}', '{"id":"WH-1"}']) {
    expect(await post(t, body)).toBe(400);
  }
  expect(await post(t, `{"id":"${"x".repeat(300_000)}"}`)).toBe(413);
  expect(sent).toEqual([]);
});

test("ORD-4 an event about an order that never appears is given up after its last retry", async () => {
  scriptNetwork();
  const t = startShop();
  const resource = { id: "PP1", status: "APPROVED", purchase_units: [{ custom_id: "nobody" }] };
  const event = { id: "WH-2", event_type: "CHECKOUT.ORDER.APPROVED", resource };
  await post(t, JSON.stringify(event));
  await t.finishAllScheduledFunctions(vi.runAllTimers);
  expect(await events(t)).toMatchObject([{ status: "orphan", failures: 6 }]);
});

test("an event whose processing was lost is taken up by the sweep, an old one is deleted", async () => {
  scriptNetwork();
  const t = startShop();
  const row = { provider: "paypal", eventType: "X", status: "received", failures: 0 } as const;
  await t.run(async (ctx) => {
    const now = Date.now();
    const day = 24 * 60 * 60 * 1000;
    const lost = { ...row, eventId: "WH-1", body: EVENT, receivedAt: now - 10 * 60_000 };
    await ctx.db.insert("webhookEvents", lost);
    const old = { ...row, status: "processed", eventId: "WH-0", body: EVENT } as const;
    await ctx.db.insert("webhookEvents", { ...old, receivedAt: now - 91 * day });
  });
  await t.mutation(internal.jobs.webhooks.sweep, {});
  await runDue(t);
  expect(await events(t)).toMatchObject([{ eventId: "WH-1", status: "ignored" }]);
});
