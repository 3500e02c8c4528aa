import { expect, test } from "vitest";

import { euros, issuesOf, startTestStandin } from "./standin.fixture.ts";

test("a capture is refunded in parts until nothing is left", async () => {
  const { paidCapture, post, call } = await startTestStandin();
  const id = await paidCapture();
  const refund = (body?: unknown) => post(`/v2/payments/captures/${id}/refund`, body);
  const statusNow = async () => (await call("GET", `/v2/payments/captures/${id}`)).body;

  const part = await refund({ amount: euros("50.00"), note_to_payer: "Sorry", custom_id: "r-1" });
  expect(part).toMatchObject({
    status: 201,
    body: {
      status: "COMPLETED",
      amount: euros("50.00"),
      custom_id: "r-1",
      note_to_payer: "Sorry",
      seller_payable_breakdown: { total_refunded_amount: euros("50.00") },
    },
  });
  expect(await statusNow()).toMatchObject({ status: "PARTIALLY_REFUNDED" });
  expect(issuesOf(await refund({ amount: euros("200.01") }))).toEqual(["REFUND_AMOUNT_EXCEEDED"]);

  expect((await refund()).body).toMatchObject({ amount: euros("200.00") });
  expect(await statusNow()).toMatchObject({ status: "REFUNDED" });
  expect(issuesOf(await refund())).toEqual(["CAPTURE_FULLY_REFUNDED"]);
});

test("a refund can be read, minimally at first", async () => {
  const { paidCapture, post, call } = await startTestStandin();
  const path = `/v2/payments/captures/${await paidCapture()}/refund`;

  const { body } = await post(path, {}, { representation: false });
  const { id } = body as { id: string };

  expect(Object.keys(body as object)).toEqual(["id", "status", "links"]);
  expect((await call("GET", `/v2/payments/refunds/${id}`)).body).toMatchObject({
    id,
    amount: euros("250.00"),
  });
});

test.each([
  ["REFUND_CAPTURE_CURRENCY_MISMATCH", { currency_code: "USD", value: "1.00" }],
  ["INVALID_CURRENCY_CODE", { currency_code: "XTS", value: "1.00" }],
  ["DECIMAL_PRECISION", euros("1.001")],
  ["CANNOT_BE_ZERO_OR_NEGATIVE", euros("0.00")],
  ["REFUND_AMOUNT_EXCEEDED", euros("250.01")],
])("a refund is refused with %s", async (issue, amount) => {
  const { paidCapture, post } = await startTestStandin();

  const answer = await post(`/v2/payments/captures/${await paidCapture()}/refund`, { amount });

  expect(answer.status).toBe(422);
  expect(issuesOf(answer)).toEqual([issue]);
});

test("pending, declined and reversed captures are not refunded", async () => {
  const { paidCapture, post, steer } = await startTestStandin();
  const refund = (id: string) => post(`/v2/payments/captures/${id}/refund`);
  const reversed = await paidCapture();
  await steer(`captures/${reversed}/reverse`);

  expect(issuesOf(await refund(await paidCapture(undefined, "pending")))).toEqual([
    "PENDING_CAPTURE",
  ]);
  expect(issuesOf(await refund(await paidCapture(undefined, "deny")))).toEqual([
    "REFUND_NOT_ALLOWED",
  ]);
  expect(issuesOf(await refund(reversed))).toEqual(["REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK"]);
});

test("an invoice number of a refund is used once", async () => {
  const { paidCapture, post } = await startTestStandin();
  const path = `/v2/payments/captures/${await paidCapture()}/refund`;
  const body = { amount: euros("1.00"), invoice_id: "R-1" };

  expect((await post(path, body)).status).toBe(201);

  expect(issuesOf(await post(path, body))).toEqual(["DUPLICATE_INVOICE_ID"]);
});

test("the next refund fails or waits when that is asked for", async () => {
  const { paidCapture, post, steer } = await startTestStandin();
  const path = `/v2/payments/captures/${await paidCapture()}/refund`;

  await steer("settings", { nextRefund: "TRANSACTION_DISPUTED" });
  expect(issuesOf(await post(path))).toEqual(["TRANSACTION_DISPUTED"]);
  await steer("settings", { nextRefund: "PENDING" });

  expect((await post(path)).body).toMatchObject({
    status: "PENDING",
    status_details: { reason: "ECHECK" },
  });
});
