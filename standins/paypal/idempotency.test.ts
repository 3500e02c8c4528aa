import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { euros, issuesOf, orderBody, startTestStandin } from "./standin.fixture.ts";

test("the same request id answers with the order as it is now", async () => {
  const { post, steer } = await startTestStandin();
  const create = () => post("/v2/checkout/orders", orderBody(), { requestId: "create-1" });

  const first = await create();
  const { id } = first.body as { id: string };
  await steer(`orders/${id}/approve`);
  const again = await create();

  expect(first).toMatchObject({ status: 201, body: { status: "CREATED" } });
  expect(again).toMatchObject({ status: 200, body: { id, status: "APPROVED" } });
});

test("a request id with another body or another order is refused", async () => {
  const { post, approvedOrder, capture, paidCapture } = await startTestStandin();
  const create = (customId: string) =>
    post("/v2/checkout/orders", orderBody({ custom_id: customId }), { requestId: "create-1" });
  const captureId = await paidCapture();
  const refund = (value: string) =>
    post(`/v2/payments/captures/${captureId}/refund`, { amount: euros(value) }, { requestId: "r" });

  await create("payment-1");
  await capture(await approvedOrder(), "capture-1");
  await refund("1.00");

  for (const answer of [
    await create("payment-2"),
    await capture(await approvedOrder(), "capture-1"),
    await refund("2.00"),
  ]) {
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      details: [{ field: "PayPal-Request-Id", location: "header" }],
    });
  }
});

test("a capture repeated with its request id takes the money once", async () => {
  const { approvedOrder, capture, call } = await startTestStandin();
  const id = await approvedOrder();

  const first = await capture(id, "capture-1");
  const again = await capture(id, "capture-1");

  expect([first.status, again.status]).toEqual([201, 200]);
  expect(again.body).toEqual(first.body);
  const { body } = await call("GET", `/v2/checkout/orders/${id}`);
  const { purchase_units: units } = body as {
    purchase_units: { payments: { captures: unknown[] } }[];
  };
  expect(units[0]!.payments.captures).toHaveLength(1);
});

test("of two simultaneous requests with one id, the second is a conflict", async () => {
  const { approvedOrder, capture, steer } = await startTestStandin();
  const id = await approvedOrder();
  await steer("settings", { latencyMs: 300 });

  const answers = await Promise.all([capture(id, "capture-1"), capture(id, "capture-1")]);

  expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409]);
  const conflict = answers.find((answer) => answer.status === 409)!;
  expect(issuesOf(conflict)).toEqual(["PREVIOUS_REQUEST_IN_PROGRESS"]);
});

test("a decline is remembered under its request id, a request that was out of order is not", async () => {
  const { createOrder, capture, steer } = await startTestStandin();
  const id = await createOrder();

  expect(issuesOf(await capture(id, "capture-1"))).toEqual(["ORDER_NOT_APPROVED"]);
  await steer(`orders/${id}/decline`);
  expect(issuesOf(await capture(id, "capture-1"))).toEqual(["INSTRUMENT_DECLINED"]);
  await steer(`orders/${id}/approve`);
  expect(issuesOf(await capture(id, "capture-1"))).toEqual(["INSTRUMENT_DECLINED"]);

  expect((await capture(id, "capture-2")).status).toBe(201);
});

test("orders, captures and request ids outlive a restart", async () => {
  const dataFile = join(mkdtempSync(join(tmpdir(), "paypal-")), "state.jsonl");
  const before = await startTestStandin({ dataFile });
  const id = await before.approvedOrder();
  const captured = await before.capture(id, "capture-1");
  await before.close();

  const after = await startTestStandin({ dataFile });
  const again = await after.capture(id, "capture-1");

  expect(again.status).toBe(200);
  expect(captureIdOf(again.body)).toBe(captureIdOf(captured.body));
});

function captureIdOf(body: unknown): string {
  const order = body as { purchase_units: { payments: { captures: { id: string }[] } }[] };
  return order.purchase_units[0]!.payments.captures[0]!.id;
}
