import { expect, test } from "vitest";

import { euros, issuesOf, orderBody, startTestStandin } from "./standin.fixture.ts";

test("a new order is answered minimally unless the caller asks for its representation", async () => {
  const { post } = await startTestStandin();

  const minimal = await post("/v2/checkout/orders", orderBody(), { representation: false });
  const whole = await post("/v2/checkout/orders", orderBody());

  expect(minimal.status).toBe(201);
  expect(Object.keys(minimal.body as object)).toEqual(["id", "status", "links"]);
  expect(whole.body).toMatchObject({
    status: "CREATED",
    intent: "CAPTURE",
    purchase_units: [{ reference_id: "default", custom_id: "payment-1", amount: euros("250.00") }],
    links: [{ rel: "self" }, { rel: "approve" }, { rel: "update" }, { rel: "capture" }],
  });
  expect(whole.headers.get("paypal-debug-id")).toMatch(/^[0-9a-f]{13}$/);
});

test("an order with PayPal as its source waits for the payer", async () => {
  const { post, url } = await startTestStandin();
  const source = { paypal: { experience_context: { user_action: "PAY_NOW" } } };

  const { body } = await post("/v2/checkout/orders", { ...orderBody(), payment_source: source });

  expect(body).toMatchObject({ status: "PAYER_ACTION_REQUIRED", payment_source: { paypal: {} } });
  const { id, links } = body as { id: string; links: object[] };
  expect(links).toContainEqual({
    href: `${url}/checkoutnow?token=${id}`,
    rel: "payer-action",
    method: "GET",
  });
});

test.each([
  [
    "AMOUNT_MISMATCH",
    { amount: { ...euros("251.00"), breakdown: { item_total: euros("250.00") } }, items: [] },
  ],
  [
    "ITEM_TOTAL_MISMATCH",
    {
      items: [
        {
          name: "Lamp",
          quantity: "3",
          unit_amount: euros("100.00"),
          tax: euros("6.666667".slice(0, 4)),
        },
      ],
    },
  ],
  [
    "ITEM_TOTAL_REQUIRED",
    {
      amount: euros("200.00"),
      items: [{ name: "Lamp", quantity: "2", unit_amount: euros("100.00") }],
    },
  ],
  [
    "TAX_TOTAL_MISMATCH",
    { items: [{ name: "Lamp", quantity: "2", unit_amount: euros("100.00"), tax: euros("9.99") }] },
  ],
  [
    "TAX_TOTAL_REQUIRED",
    {
      amount: { ...euros("200.00"), breakdown: { item_total: euros("200.00") } },
      items: [{ name: "Lamp", quantity: "2", unit_amount: euros("100.00"), tax: euros("1.00") }],
    },
  ],
  ["DECIMAL_PRECISION", { amount: euros("10.001"), items: [] }],
  ["CANNOT_BE_ZERO_OR_NEGATIVE", { amount: euros("0.00"), items: [] }],
  [
    "CANNOT_BE_NEGATIVE",
    {
      amount: {
        ...euros("10.00"),
        breakdown: { item_total: euros("11.00"), shipping: euros("-1.00") },
      },
      items: [],
    },
  ],
  ["MAX_VALUE_EXCEEDED", { amount: euros("1000000000000000.00"), items: [] }],
  ["INVALID_CURRENCY_CODE", { amount: { currency_code: "XTS", value: "1.00" }, items: [] }],
  [
    "MULTI_CURRENCY_ORDER",
    {
      amount: {
        ...euros("10.00"),
        breakdown: { item_total: { currency_code: "USD", value: "10.00" } },
      },
      items: [],
    },
  ],
  ["PAYEE_ACCOUNT_INVALID", { payee: { merchant_id: "ZZZZZZZZZZZZZ" } }],
])("an order is refused with %s", async (issue, unit) => {
  const { post } = await startTestStandin();

  const answer = await post("/v2/checkout/orders", orderBody(unit));

  expect(answer.status).toBe(422);
  expect(answer.body).toMatchObject({ name: "UNPROCESSABLE_ENTITY" });
  expect(issuesOf(answer)).toContain(issue);
});

test("yen have no decimals", async () => {
  const { post } = await startTestStandin();
  const yen = (value: string) => orderBody({ amount: { currency_code: "JPY", value }, items: [] });

  expect(issuesOf(await post("/v2/checkout/orders", yen("100.00")))).toEqual(["DECIMAL_PRECISION"]);
  expect((await post("/v2/checkout/orders", yen("100"))).status).toBe(201);
});

test("an order is captured only after the buyer approved it, and only once", async () => {
  const { createOrder, capture, steer } = await startTestStandin();
  const id = await createOrder();

  expect(issuesOf(await capture(id))).toEqual(["ORDER_NOT_APPROVED"]);
  await steer(`orders/${id}/approve`);
  const captured = await capture(id);
  expect(captured.status).toBe(201);
  expect(captured.body).toMatchObject({
    status: "COMPLETED",
    payer: { payer_id: expect.any(String) },
    purchase_units: [
      {
        payments: {
          captures: [
            {
              status: "COMPLETED",
              amount: euros("250.00"),
              custom_id: "payment-1",
              final_capture: true,
              seller_receivable_breakdown: {
                gross_amount: euros("250.00"),
                paypal_fee: euros("7.83"),
                net_amount: euros("242.17"),
              },
            },
          ],
        },
      },
    ],
  });
  expect(issuesOf(await capture(id))).toEqual(["ORDER_ALREADY_CAPTURED"]);
});

test("an order that the buyer declined can be approved again and captured", async () => {
  const { createOrder, capture, steer } = await startTestStandin();
  const id = await createOrder();

  await steer(`orders/${id}/decline`, { issue: "PAYER_CANNOT_PAY" });
  expect(issuesOf(await capture(id))).toEqual(["PAYER_CANNOT_PAY"]);
  await steer(`orders/${id}/approve`);

  expect((await capture(id)).body).toMatchObject({ status: "COMPLETED" });
});

test("an order is not attempted more than ten times", async () => {
  const { approvedOrder, capture } = await startTestStandin();
  const id = await approvedOrder(undefined, "decline");

  for (let attempt = 0; attempt < 10; attempt += 1) {
    expect(issuesOf(await capture(id))).toEqual(["INSTRUMENT_DECLINED"]);
  }

  expect(issuesOf(await capture(id))).toEqual(["MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED"]);
});

test("a completed order can hold a pending or a declined capture", async () => {
  const { approvedOrder, capture } = await startTestStandin();

  const pending = await capture(await approvedOrder(undefined, "pending"));
  const denied = await capture(await approvedOrder(undefined, "deny"));

  expect(pending.body).toMatchObject({
    status: "COMPLETED",
    purchase_units: [
      { payments: { captures: [{ status: "PENDING", status_details: { reason: "ECHECK" } }] } },
    ],
  });
  expect(denied.body).toMatchObject({
    status: "COMPLETED",
    purchase_units: [{ payments: { captures: [{ status: "DECLINED" }] } }],
  });
});

test("an invoice number is paid once", async () => {
  const { approvedOrder, capture, post } = await startTestStandin();
  const invoice = { invoice_id: "V-1001" };
  const [first, second] = [
    await approvedOrder(orderBody(invoice)),
    await approvedOrder(orderBody(invoice)),
  ];

  expect((await capture(first)).status).toBe(201);

  expect(issuesOf(await capture(second))).toEqual(["DUPLICATE_INVOICE_ID"]);
  const third = await post("/v2/checkout/orders", orderBody(invoice));
  expect(issuesOf(third)).toEqual(["DUPLICATE_INVOICE_ID"]);
});

test("an approval that PayPal takes back cannot be captured", async () => {
  const { approvedOrder, capture, steer, call } = await startTestStandin();
  const id = await approvedOrder();

  await steer(`orders/${id}/reverse-approval`);

  expect((await capture(id)).status).toBe(422);
  const { body } = await call("GET", `/v2/checkout/orders/${id}`);
  expect(body).toMatchObject({ status: "VOIDED" });
});

test("an order can be patched until its amount is approved and until it is completed", async () => {
  const { createOrder, call, steer, capture } = await startTestStandin();
  const id = await createOrder();
  const path = "/purchase_units/@reference_id=='default'";
  const patch = (member: string, value: unknown, op = "replace") =>
    call("PATCH", `/v2/checkout/orders/${id}`, {
      body: [{ op, path: `${path}/${member}`, value }],
    });

  expect((await patch("custom_id", "payment-2")).status).toBe(204);
  expect((await patch("invoice_id", "V-1", "add")).status).toBe(204);
  expect(issuesOf(await patch("amount", euros("240.00")))).toEqual([
    "ITEM_TOTAL_REQUIRED",
    "TAX_TOTAL_REQUIRED",
  ]);
  expect(issuesOf(await patch("payments", {}))).toEqual(["FIELD_NOT_PATCHABLE"]);
  expect(issuesOf(await patch("soft_descriptor", "SHOP"))).toEqual(["INVALID_PATCH_OPERATION"]);
  expect(issuesOf(await patch("custom_id", 7))).toEqual(["INVALID_PARAMETER_SYNTAX"]);
  await steer(`orders/${id}/approve`);
  expect(issuesOf(await patch("amount", euros("1.00")))).toEqual(["AMOUNT_CHANGE_NOT_ALLOWED"]);
  await capture(id);
  expect(issuesOf(await patch("custom_id", "x"))).toEqual(["ORDER_ALREADY_COMPLETED"]);

  const { body } = await call("GET", `/v2/checkout/orders/${id}`);
  expect(body).toMatchObject({
    purchase_units: [{ custom_id: "payment-2", invoice_id: "V-1", amount: euros("250.00") }],
  });
});

test("several units need references of their own and are captured one by one", async () => {
  const { post, approvedOrder, capture } = await startTestStandin();
  const units = (...names: (string | undefined)[]) => ({
    intent: "CAPTURE",
    purchase_units: names.map((name) => ({
      ...(name !== undefined && { reference_id: name }),
      amount: euros("1.00"),
    })),
  });

  expect(issuesOf(await post("/v2/checkout/orders", units("a", undefined)))).toEqual([
    "REFERENCE_ID_REQUIRED",
  ]);
  expect(issuesOf(await post("/v2/checkout/orders", units("a", "a")))).toEqual([
    "DUPLICATE_REFERENCE_ID",
  ]);
  const { body } = await capture(await approvedOrder(units("a", "b")));
  expect(body).toMatchObject({
    purchase_units: [
      { reference_id: "a", payments: { captures: [{ status: "COMPLETED" }] } },
      { reference_id: "b", payments: { captures: [{ status: "COMPLETED" }] } },
    ],
  });
});

test("what this account may not do is refused", async () => {
  const { post } = await startTestStandin();

  const authorize = await post("/v2/checkout/orders", { ...orderBody(), intent: "AUTHORIZE" });
  const card = await post("/v2/checkout/orders", {
    ...orderBody(),
    payment_source: { card: { number: "4111111111111111", expiry: "2030-01" } },
  });
  const twice = await post("/v2/checkout/orders", {
    ...orderBody(),
    payment_source: { paypal: { experience_context: {} } },
    application_context: {},
  });

  expect(issuesOf(authorize)).toEqual(["AUTH_CAPTURE_NOT_ENABLED"]);
  expect(issuesOf(card)).toEqual(["NOT_SUPPORTED"]);
  expect(issuesOf(twice)).toEqual(["INCOMPATIBLE_PARAMETER_VALUE"]);
});
