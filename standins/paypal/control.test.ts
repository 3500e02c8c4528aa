import { expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod";

import { listen } from "../http.ts";
import { startPayPalStandin } from "./server.ts";
import { CLIENT_ID, MERCHANT_ID, startTestStandin, WEBHOOK_ID } from "./standin.fixture.ts";

const PATIENCE = { timeout: 15_000 };

test("a stand-in neither listens on nor answers for another machine", async () => {
  const options = {
    port: 0,
    clientId: CLIENT_ID,
    clientSecret: "s",
    merchantId: MERCHANT_ID,
    webhookUrl: null,
    webhookId: WEBHOOK_ID,
    log: () => undefined,
  };

  await expect(startPayPalStandin({ ...options, host: "0.0.0.0" })).rejects.toThrow(RangeError);
  await expect(
    startPayPalStandin({ ...options, host: "127.0.0.1", publicUrl: "https://shop.example" }),
  ).rejects.toThrow(RangeError);
});

test("a page of another origin cannot steer or choose", async () => {
  const { url, createOrder } = await startTestStandin();
  const id = await createOrder();
  const from = (origin: string, path: string, body: string) =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { origin, "content-type": "application/x-www-form-urlencoded" },
      body,
      redirect: "manual",
    });

  const choice = `token=${id}&choice=approve`;
  expect((await from("http://evil.example", "/checkoutnow", choice)).status).toBe(403);
  expect((await from("null", `/_standin/orders/${id}/approve`, "{}")).status).toBe(403);
  expect((await from(url, "/checkoutnow", choice)).status).toBe(200);
});

test("what is not possible is said with its status", async () => {
  const { steer, paidCapture, createOrder } = await startTestStandin();
  const order = await createOrder();
  const captured = await paidCapture();

  expect((await steer("orders/NONE/approve")).status).toBe(404);
  expect((await steer(`orders/${order}/dance`)).status).toBe(404);
  expect((await steer(`orders/${order}/reverse-approval`)).status).toBe(409);
  expect((await steer(`captures/${captured}/complete`)).status).toBe(409);
  expect((await steer("settings", { latencyMs: -1 })).status).toBe(400);
  expect((await steer("settings", { speed: 1 })).status).toBe(400);
  expect((await steer(`orders/${order}/decline`, { issue: "BAD_MOOD" })).status).toBe(400);
});

test("the state holds everything until it is reset", async () => {
  const { steer, paidCapture, url } = await startTestStandin();
  await paidCapture();
  const state = async (): Promise<unknown> => (await fetch(`${url}/_standin/state`)).json();

  expect(await state()).toMatchObject({
    settings: { latencyMs: 0, nextCapture: null },
    orders: [{ status: "COMPLETED" }],
    captures: [{ status: "COMPLETED" }],
    events: [{ type: "PAYMENT.CAPTURE.COMPLETED" }, { type: "CHECKOUT.ORDER.APPROVED" }],
    calls: [{ method: "POST", status: 201 }, { path: "/v2/checkout/orders" }],
  });
  await steer("reset");
  expect(await state()).toMatchObject({ orders: [], captures: [], events: [] });
});

test("an event that was on its way at a reset stays forgotten", async () => {
  let standinUrl = "";
  let isReset = false;
  const shop = await listen(
    { port: 0, host: "127.0.0.1", maxBodyBytes: 1_000_000, log: () => undefined },
    async () => {
      if (!isReset) await fetch(`${standinUrl}/_standin/reset`, { method: "POST" });
      isReset = true;
      return { status: 200 };
    },
  );
  onTestFinished(() => shop.close());
  const { url, approvedOrder } = await startTestStandin({ webhookUrl: `${shop.url}/webhook` });
  standinUrl = url;
  const states = async () =>
    z
      .object({ events: z.array(z.object({ state: z.string() })) })
      .parse(await (await fetch(`${url}/_standin/state`)).json())
      .events.map((event) => event.state);

  await approvedOrder();
  await vi.waitUntil(() => isReset, PATIENCE);
  await approvedOrder();

  await vi.waitUntil(async () => (await states()).includes("delivered"), PATIENCE);
  expect(await states()).toEqual(["delivered"]);
});

test("the buyer's page shows the order and leads back with the choice", async () => {
  const { url, post } = await startTestStandin();
  const experience = {
    brand_name: "Vitrine <b>",
    return_url: "http://127.0.0.1:3000/checkout/return",
    cancel_url: "http://127.0.0.1:3000/checkout/cancel",
  };
  const { body } = await post("/v2/checkout/orders", {
    intent: "CAPTURE",
    purchase_units: [{ amount: { currency_code: "JPY", value: "1200" } }],
    payment_source: { paypal: { experience_context: experience } },
  });
  const { id } = body as { id: string };
  const choose = (choice: string) =>
    fetch(`${url}/checkoutnow`, {
      method: "POST",
      body: new URLSearchParams({ token: id, choice }),
      redirect: "manual",
    });

  const page = await (await fetch(`${url}/checkoutnow?token=${id}`)).text();
  expect(page).toContain("¥1,200 to Vitrine &lt;b&gt;");
  expect((await choose("cancel")).headers.get("location")).toBe(
    `http://127.0.0.1:3000/checkout/cancel?token=${id}`,
  );
  expect((await choose("approve")).headers.get("location")).toMatch(
    new RegExp(`/checkout/return\\?token=${id}&PayerID=[2-9A-HJ-NP-Z]{13}$`),
  );
  expect((await choose("steal")).status).toBe(400);
});

test("pages of orders that cannot be paid say so", async () => {
  const { url, approvedOrder, capture, steer } = await startTestStandin();
  const paid = await approvedOrder();
  await capture(paid);
  const lapsed = await approvedOrder();
  await steer(`orders/${lapsed}/reverse-approval`);

  for (const [token, status, text] of [
    ["NONE", 404, "no such order"],
    [paid, 409, "paid already"],
    [lapsed, 409, "lapsed"],
  ] as const) {
    const response = await fetch(`${url}/checkoutnow?token=${token}`);
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
  }
  expect((await fetch(`${url}/checkoutnow`)).status).toBe(404);
});

test("the overview's forms do what the control API does", async () => {
  const { url, createOrder } = await startTestStandin();
  const id = await createOrder();
  const submit = async (path: string, fields: Record<string, string> = {}) => {
    const init = { method: "POST", body: new URLSearchParams(fields) };
    return (await fetch(`${url}/control/${path}`, init)).text();
  };

  expect(await submit(`orders/${id}/approve`)).toContain("Done.");
  expect(await submit(`orders/${id}/approve`)).toContain("APPROVED");
  expect(await submit("captures/NONE/reverse")).toContain("There is no such capture.");
  const settings = {
    webhookDelayMs: "250",
    webhookDrop: "true",
    nextCapture: "drop",
    nextRefund: "",
  };
  expect(await submit("settings", settings)).toContain('value="250"');
  expect(await submit("settings", { latencyMs: "-5" })).toContain("latencyMs");
  expect(await submit("settings", { latencyMs: "fast" })).toContain("Invalid input");
  expect(await (await fetch(`${url}/_standin/state`)).json()).toMatchObject({
    settings: { webhookDelayMs: 250, webhookDrop: true, nextCapture: "drop", nextRefund: null },
  });
});
