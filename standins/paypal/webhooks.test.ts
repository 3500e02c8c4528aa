import { createPublicKey, verify, X509Certificate } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";

import { expect, test } from "vitest";

import { startReceiver, type Received } from "../receiver.fixture.ts";
import { startTestStandin, WEBHOOK_ID } from "./standin.fixture.ts";

test("approval, capture, refund and reversal are each told", async () => {
  const { receiver, paidCapture, steer, post, approvedOrder } = await startTestStandin();

  const refunded = await paidCapture();
  await post(`/v2/payments/captures/${refunded}/refund`);
  await receiver.waitFor(3);
  const pending = await paidCapture(undefined, "pending");
  await receiver.waitFor(5);
  await steer(`captures/${pending}/complete`);
  await receiver.waitFor(6);
  await steer(`captures/${pending}/reverse`);
  await receiver.waitFor(7);
  await steer(`orders/${await approvedOrder()}/reverse-approval`);
  await receiver.waitFor(9);

  expect(receiver.received.map((each) => eventOf(each).event_type).sort()).toEqual([
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
  ]);
  const completed = receiver.received
    .map(eventOf)
    .find((event) => event.event_type === "PAYMENT.CAPTURE.COMPLETED");
  expect(completed).toMatchObject({
    resource_type: "capture",
    resource: {
      id: refunded,
      custom_id: "payment-1",
      supplementary_data: { related_ids: { order_id: expect.any(String) } },
    },
  });
});

test("a pending capture that fails is told as denied", async () => {
  const { receiver, paidCapture, steer } = await startTestStandin();
  const id = await paidCapture(undefined, "pending");
  await receiver.waitFor(2);

  await steer(`captures/${id}/deny`);
  await receiver.waitFor(3);

  expect(eventOf(receiver.received[2]!)).toMatchObject({
    event_type: "PAYMENT.CAPTURE.DENIED",
    resource: { id, status: "DECLINED" },
  });
});

test("a signature is verified with the certificate that its header names", async () => {
  const { receiver, approvedOrder } = await startTestStandin();
  await approvedOrder();
  await receiver.waitFor(1);
  const { headers, body } = receiver.received[0]!;
  const of = (name: string) => headers.get(`paypal-${name}`) ?? "";

  const pem = await (await fetch(of("cert-url"))).text();
  const certificate = new X509Certificate(pem);
  const signed = (text: string) =>
    verify(
      "sha256",
      Buffer.from(
        `${of("transmission-id")}|${of("transmission-time")}|${WEBHOOK_ID}|${crc32(text)}`,
      ),
      createPublicKey(certificate.publicKey.export({ type: "spki", format: "pem" })),
      Buffer.from(of("transmission-sig"), "base64"),
    );

  expect(of("auth-algo")).toBe("SHA256withRSA");
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
  expect(signed(body)).toBe(true);
  expect(signed(`${body} `)).toBe(false);
});

test("the postback says SUCCESS for what was sent and FAILURE for anything else", async () => {
  const { receiver, approvedOrder, call } = await startTestStandin();
  await approvedOrder();
  await receiver.waitFor(1);
  const received = receiver.received[0]!;
  const ask = async (change: (text: string) => string) => {
    const rawBody = change(verificationOf(received));
    return (await call("POST", "/v1/notifications/verify-webhook-signature", { rawBody })).body;
  };

  expect(await ask((text) => text)).toEqual({ verification_status: "SUCCESS" });
  for (const [from, to] of [
    ["250.00", "25.00"],
    [WEBHOOK_ID, "WEBHOOK0000000002"],
    ["SHA256withRSA", "SHA1withRSA"],
    ["/certs/CERT-", "/certs/CERT-0"],
    ['"webhook_event":{', '"webhook_event":{ '],
  ] as const) {
    const answer = await ask((text) => text.replaceAll(from, to));
    expect(answer, from).toEqual({ verification_status: "FAILURE" });
  }
  const incomplete = await call("POST", "/v1/notifications/verify-webhook-signature", {
    body: { webhook_id: WEBHOOK_ID },
  });
  expect(incomplete.status).toBe(400);
});

test("a delivery that is not answered with success is tried again", async () => {
  const { receiver, approvedOrder, steer, url } = await startTestStandin({
    webhookStatuses: [500, 302],
  });
  await steer("settings", { webhookRetryMs: 10 });

  await approvedOrder();
  await receiver.waitFor(3);

  expect(new Set(receiver.received.map((each) => each.body)).size).toBe(1);
  expect(
    new Set(receiver.received.map((each) => each.headers.get("paypal-transmission-id"))).size,
  ).toBe(3);
  await expect.poll(() => eventStates(url)).toEqual(["delivered"]);
});

test("after the last attempt an event has failed, and can be sent by hand", async () => {
  const { receiver, approvedOrder, steer, url, call } = await startTestStandin({
    webhookStatuses: [500, 500],
  });
  await steer("settings", { webhookRetryMs: 1, webhookMaxAttempts: 2 });
  await approvedOrder();
  await expect.poll(() => eventStates(url)).toEqual(["failed"]);

  const { body } = await call("GET", "/v1/notifications/webhooks-events");
  const [event] = (body as { events: { id: string }[] }).events;
  await call("POST", `/v1/notifications/webhooks-events/${event!.id}/resend`, { body: {} });

  await expect.poll(() => eventStates(url)).toEqual(["delivered"]);
  expect(receiver.received).toHaveLength(3);
});

test("deliveries are doubled, held back or late when that is asked for", async () => {
  const { receiver, approvedOrder, steer, url } = await startTestStandin();

  await steer("settings", { webhookDuplicates: 2 });
  await approvedOrder();
  await receiver.waitFor(3);
  await steer("settings", { webhookDuplicates: 0, webhookDrop: true });
  await approvedOrder();
  await steer("settings", { webhookDrop: false, webhookDelayMs: 200 });
  const sentAt = Date.now();
  await approvedOrder();
  await receiver.waitFor(4);

  expect(Date.now() - sentAt).toBeGreaterThanOrEqual(190);
  await expect.poll(() => eventStates(url)).toEqual(["delivered", "dropped", "delivered"]);
});

test("events that were waiting at the end are sent after a restart, with the same key", async () => {
  const dataFile = join(mkdtempSync(join(tmpdir(), "paypal-")), "state.jsonl");
  const receiver = await startReceiver();
  const before = await startTestStandin({ dataFile, webhookUrl: receiver.url });
  await before.steer("settings", { webhookDelayMs: 600_000 });
  await before.approvedOrder();
  await before.close();
  expect(receiver.received).toHaveLength(0);

  const after = await startTestStandin({ dataFile, webhookUrl: receiver.url });
  await receiver.waitFor(1);
  const answer = await after.call("POST", "/v1/notifications/verify-webhook-signature", {
    rawBody: verificationOf(receiver.received[0]!),
  });

  expect(answer.body).toEqual({ verification_status: "SUCCESS" });
  await receiver.close();
});

test("the webhook and its events are listed", async () => {
  const { receiver, approvedOrder, call } = await startTestStandin();
  const id = await approvedOrder();

  const { body } = await call("GET", "/v1/notifications/webhooks");
  expect(body).toMatchObject({ webhooks: [{ id: WEBHOOK_ID, url: receiver.url }] });
  expect((await call("GET", `/v1/notifications/webhooks/${WEBHOOK_ID}`)).status).toBe(200);
  expect((await call("GET", "/v1/notifications/webhooks/OTHER")).status).toBe(404);
  const events = await call("GET", `/v1/notifications/webhooks-events?transaction_id=${id}`);
  expect(events.body).toMatchObject({ count: 1, events: [{ resource: { id } }] });
});

interface Event {
  readonly event_type: string;
}

function eventOf({ body }: Received): Event {
  return JSON.parse(body) as Event;
}

/** The body of the postback, with the event pasted in byte for byte. */
function verificationOf({ headers, body }: Received): string {
  const fields = {
    auth_algo: headers.get("paypal-auth-algo"),
    cert_url: headers.get("paypal-cert-url"),
    transmission_id: headers.get("paypal-transmission-id"),
    transmission_sig: headers.get("paypal-transmission-sig"),
    transmission_time: headers.get("paypal-transmission-time"),
    webhook_id: WEBHOOK_ID,
  };
  return `${JSON.stringify(fields).slice(0, -1)},"webhook_event":${body}}`;
}

async function eventStates(url: string): Promise<string[]> {
  const state = (await (await fetch(`${url}/_standin/state`)).json()) as {
    events: { state: string }[];
  };
  return state.events.map((event) => event.state);
}
