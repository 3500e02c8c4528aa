import { expect, test } from "vitest";

import {
  CLIENT_ID,
  euros,
  fetchToken,
  issuesOf,
  orderBody,
  startTestStandin,
} from "./standin.fixture.ts";

test("a token is given for the client's credentials alone", async () => {
  const { url } = await startTestStandin();
  const ask = async (credentials: string, body: Record<string, string>) => {
    const response = await fetch(`${url}/v1/oauth2/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(credentials)}` },
      body: new URLSearchParams(body),
    });
    return { status: response.status, body: await response.json() };
  };
  const good = `${CLIENT_ID}:secret-of-the-test`;
  const grant = { grant_type: "client_credentials" };

  expect(await ask(good, grant)).toMatchObject({
    status: 200,
    body: { token_type: "Bearer", expires_in: 32_400, access_token: expect.any(String) },
  });
  expect(await ask("someone:else", grant)).toMatchObject({
    status: 401,
    body: { error: "invalid_client" },
  });
  expect(await ask(good, { grant_type: "password" })).toMatchObject({
    status: 400,
    body: { error: "unsupported_grant_type" },
  });
  expect((await ask(good, { ...grant, surprise: "1" })).status).toBe(400);
});

test("a missing, foreign or lapsed token is not authorised", async () => {
  const { url, call, steer } = await startTestStandin();
  const authorised = (authorization: string) =>
    call("GET", "/v2/checkout/orders/X", { headers: { authorization } });

  expect((await fetch(`${url}/v2/checkout/orders/X`)).status).toBe(401);
  expect((await authorised("Bearer A21AAzzzzzzzzz.forged")).body).toMatchObject({
    name: "AUTHENTICATION_FAILURE",
  });
  await steer("settings", { tokenLifetimeSeconds: 1 });
  const token = await fetchToken(url);
  await expect
    .poll(async () => (await authorised(`Bearer ${token}`)).status, { timeout: 5_000 })
    .toBe(401);
});

test("fields that PayPal does not document are refused wherever they are", async () => {
  const { post } = await startTestStandin();

  const answer = await post("/v2/checkout/orders", {
    ...orderBody({ amount: { ...euros("1.00"), vat: "0.19" }, items: [] }),
    note: "hello",
  });

  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({
    name: "INVALID_REQUEST",
    debug_id: expect.any(String),
    details: expect.arrayContaining([
      expect.objectContaining({ field: "/purchase_units/0/amount/vat", issue: "NOT_SUPPORTED" }),
      expect.objectContaining({ field: "/note", issue: "NOT_SUPPORTED", location: "body" }),
    ]),
  });
});

test("schema violations are told in PayPal's words", async () => {
  const { post } = await startTestStandin();

  const answer = await post("/v2/checkout/orders", {
    intent: "BUY",
    purchase_units: [{ amount: { currency_code: "EURO" }, invoice_id: "" }],
  });

  expect(answer.body).toMatchObject({
    details: expect.arrayContaining([
      expect.objectContaining({ field: "/intent", value: "BUY", issue: "INVALID_PARAMETER_VALUE" }),
      expect.objectContaining({
        field: "/purchase_units/0/amount/value",
        issue: "MISSING_REQUIRED_PARAMETER",
      }),
      expect.objectContaining({
        field: "/purchase_units/0/amount/currency_code",
        issue: "INVALID_STRING_LENGTH",
      }),
    ]),
  });
});

test("headers and query parameters that PayPal does not document are refused", async () => {
  const { call, createOrder } = await startTestStandin();
  const id = await createOrder();
  const get = (query: string, headers = {}) =>
    call("GET", `/v2/checkout/orders/${id}${query}`, { headers });

  expect((await get("")).status).toBe(200);
  expect((await get("?fields=payment_source")).status).toBe(200);
  expect((await get("?expand=1")).body).toMatchObject({ details: [{ field: "expand" }] });
  expect((await get("", { "x-shop": "1" })).body).toMatchObject({
    details: [{ field: "x-shop", location: "header" }],
  });
  expect((await get("", { "idempotency-key": "1" })).status).toBe(400);
});

test("a request id is required and bounded, and Prefer takes two values", async () => {
  const { call } = await startTestStandin();
  const create = (headers: Record<string, string>) =>
    call("POST", "/v2/checkout/orders", { body: orderBody(), headers });

  expect((await create({})).body).toMatchObject({
    details: [{ field: "PayPal-Request-Id", issue: "MISSING_REQUIRED_PARAMETER" }],
  });
  expect((await create({ "paypal-request-id": "x".repeat(109) })).body).toMatchObject({
    details: [{ field: "PayPal-Request-Id", issue: "INVALID_STRING_LENGTH" }],
  });
  expect((await create({ "paypal-request-id": "1", prefer: "return=all" })).body).toMatchObject({
    details: [{ field: "Prefer", issue: "INVALID_PARAMETER_VALUE" }],
  });
});

test("a body that is no JSON, missing or not announced as JSON is refused", async () => {
  const { call, approvedOrder } = await startTestStandin();
  const headers = { "paypal-request-id": "r" };
  const path = "/v2/checkout/orders";

  const broken = await call("POST", path, { rawBody: "{", headers });
  const empty = await call("POST", path, { headers });
  const text = await call("POST", `${path}/${await approvedOrder()}/capture`, {
    headers: { ...headers, "content-type": "text/plain" },
  });

  expect(issuesOf(broken)).toEqual(["MALFORMED_REQUEST_JSON"]);
  expect(issuesOf(empty)).toEqual(["MISSING_REQUIRED_PARAMETER"]);
  expect(text).toMatchObject({ status: 415, body: { name: "UNSUPPORTED_MEDIA_TYPE" } });
});

test("unknown resources and paths are not found", async () => {
  const { call } = await startTestStandin();

  const order = await call("GET", "/v2/checkout/orders/5O190127TN364715T");
  expect(order.status).toBe(404);
  expect(issuesOf(order)).toEqual(["INVALID_RESOURCE_ID"]);
  for (const path of ["/v2/payments/captures/X", "/v2/payments/refunds/%zz", "/v2/nothing"]) {
    expect(await call("GET", path)).toMatchObject({
      status: 404,
      body: { name: "RESOURCE_NOT_FOUND" },
    });
  }
});

test("faults of the next capture happen once, and a captured order is found afterwards", async () => {
  const { approvedOrder, capture, steer, call } = await startTestStandin();
  const id = await approvedOrder();

  await steer("settings", { nextCapture: "error" });
  expect((await capture(id, "c")).body).toMatchObject({ name: "INTERNAL_SERVER_ERROR" });
  await steer("settings", { nextCapture: "unavailable" });
  expect((await capture(id, "c")).body).toMatchObject({ name: "SERVICE_UNAVAILABLE" });
  await steer("settings", { nextCapture: "drop" });
  await expect(capture(id, "c")).rejects.toThrow("fetch failed");

  const { body } = await call("GET", `/v2/checkout/orders/${id}`);
  expect(body).toMatchObject({ status: "COMPLETED" });
  expect((await capture(id, "c")).status).toBe(200);
});

test("a capture that times out has happened", async () => {
  const { url, approvedOrder, steer, call } = await startTestStandin();
  const id = await approvedOrder();
  const token = await fetchToken(url);

  await steer("settings", { nextCapture: "timeout" });
  const attempt = fetch(`${url}/v2/checkout/orders/${id}/capture`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "paypal-request-id": "c",
    },
    signal: AbortSignal.timeout(300),
  });

  await expect(attempt).rejects.toThrow(/timeout/);
  const { body } = await call("GET", `/v2/checkout/orders/${id}`);
  expect(body).toMatchObject({ status: "COMPLETED" });
});
