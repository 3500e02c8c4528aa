import { onTestFinished } from "vitest";
import * as z from "zod";

import { startReceiver } from "../receiver.fixture.ts";
import { startPayPalStandin, type PayPalStandinOptions } from "./server.ts";

export const CLIENT_ID = "client-of-the-test";
export const MERCHANT_ID = "ABCDEFGH23456";
export const WEBHOOK_ID = "WEBHOOK0000000001";
const CLIENT_SECRET = "secret-of-the-test";

const vToken = z.object({ access_token: z.string() });
const vIdentified = z.looseObject({ id: z.string() });
const vIssues = z.object({ details: z.array(z.looseObject({ issue: z.string() })) });
const vCaptured = z.object({
  purchase_units: z.array(
    z.object({ payments: z.object({ captures: z.array(z.looseObject({ id: z.string() })) }) }),
  ),
});

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

interface StartOptions extends Partial<PayPalStandinOptions> {
  /** Statuses that the shop's webhook answers first. */
  readonly webhookStatuses?: readonly number[];
}

/** A stand-in with a shop's webhook to send to; both end with the test. */
export async function startTestStandin({ webhookStatuses = [], ...options }: StartOptions = {}) {
  const receiver = await startReceiver(webhookStatuses);
  const logged: string[] = [];
  const standin = await startPayPalStandin({
    port: 0,
    host: "127.0.0.1",
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    merchantId: MERCHANT_ID,
    webhookUrl: receiver.url,
    webhookId: WEBHOOK_ID,
    log: (line) => logged.push(line),
    ...options,
  });
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await standin.close();
  };
  onTestFinished(async () => {
    await close();
    await receiver.close();
  });
  return { url: standin.url, receiver, logged, close, ...clientOf(standin.url) };
}

function clientOf(url: string) {
  const { call, post } = callsOf(url);

  async function createOrder(body: unknown = orderBody()): Promise<string> {
    return vIdentified.parse((await post("/v2/checkout/orders", body)).body).id;
  }

  async function steer(path: string, body: unknown = {}): Promise<Answer> {
    const response = await fetch(`${url}/_standin/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    return { status: response.status, headers: response.headers, body: answer };
  }

  async function approvedOrder(body?: unknown, plan = "approve"): Promise<string> {
    const id = await createOrder(body);
    await steer(`orders/${id}/${plan}`);
    return id;
  }

  function capture(orderId: string, requestId?: string): Promise<Answer> {
    const options = requestId === undefined ? {} : { requestId };
    return post(`/v2/checkout/orders/${orderId}/capture`, undefined, options);
  }

  async function paidCapture(body?: unknown, plan?: string): Promise<string> {
    const { body: order } = await capture(await approvedOrder(body, plan));
    const id = vCaptured.parse(order).purchase_units[0]?.payments.captures[0]?.id;
    if (id === undefined) throw new Error("The order was not captured.");
    return id;
  }

  return { call, post, createOrder, steer, approvedOrder, capture, paidCapture };
}

/** The REST API as a shop with a token calls it. */
function callsOf(url: string) {
  let token: string | null = null;
  let requestCount = 0;

  async function call(
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string>; rawBody?: string } = {},
  ): Promise<Answer> {
    token ??= await fetchToken(url);
    const body =
      options.rawBody ?? (options.body === undefined ? null : JSON.stringify(options.body));
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method !== "GET" && { "content-type": "application/json" }),
        ...options.headers,
      },
      body,
    });
    const text = await response.text();
    const answer: unknown = text === "" ? null : JSON.parse(text);
    return { status: response.status, headers: response.headers, body: answer };
  }

  function post(
    path: string,
    body?: unknown,
    { requestId = `request-${++requestCount}`, representation = true } = {},
  ): Promise<Answer> {
    const headers = {
      "paypal-request-id": requestId,
      ...(representation && { prefer: "return=representation" }),
    };
    return call("POST", path, body === undefined ? { headers } : { body, headers });
  }

  return { call, post };
}

export async function fetchToken(url: string): Promise<string> {
  const response = await fetch(`${url}/v1/oauth2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  return vToken.parse(await response.json()).access_token;
}

export function issuesOf(answer: Answer): string[] {
  return vIssues.parse(answer.body).details.map((detail) => detail.issue);
}

export function euros(value: string) {
  return { currency_code: "EUR", value };
}

/** An order of one unit: two lamps at 100.00, tax of 10.00 each, delivery 35.00, discount 5.00. */
export function orderBody(unit: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    intent: "CAPTURE",
    purchase_units: [
      {
        custom_id: "payment-1",
        amount: {
          ...euros("250.00"),
          breakdown: {
            item_total: euros("200.00"),
            tax_total: euros("20.00"),
            shipping: euros("35.00"),
            discount: euros("5.00"),
          },
        },
        items: [{ name: "Lamp", quantity: "2", unit_amount: euros("100.00"), tax: euros("10.00") }],
        ...unit,
      },
    ],
  };
}
