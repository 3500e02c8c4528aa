import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { internal } from "../_generated/api";
import { scriptNetwork, sentTo } from "../lib/network.setup.ts";
import { addShopper, beginPayment, buy, emailsOf, pass, runDue } from "../lib/payments.setup.ts";
import type { TestShop } from "../lib/shop.setup.ts";
import { startShop } from "../lib/shop.setup.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockReturnValue(undefined);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

function resendError(name: string, statusCode: number) {
  return { status: statusCode, body: { name, statusCode, message: name } };
}

async function firstEmail(t: TestShop) {
  const email = await t.run((ctx) => ctx.db.query("emails").first());
  if (email === null) throw new Error("There is no mail");
  return email;
}

test("ORD-7 the confirmation goes through Resend with its key, in HTML and in plain text", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  const { orderNumber, orderId } = await buy(await addShopper(t));
  await runDue(t);
  const [request] = sentTo(sent, "/emails");
  expect(request!.headers.get("idempotency-key")).toBe(`orderConfirmation/${orderId}`);
  expect(request!.headers.get("authorization")).toBe("Bearer re_test");
  const mail = JSON.parse(request!.body);
  expect(mail).toMatchObject({ from: "Vitrine <shop@example.com>", to: "maren@example.com" });
  expect(mail.subject).toContain(orderNumber);
  for (const body of [mail.html, mail.text]) {
    expect(body).toContain("teapot");
    expect(body).toContain("€14.90");
    expect(body).toContain(`http://shop.test/account/orders/${orderNumber}`);
  }
});

test("ORD-7 nothing is sent for an order that was only begun", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  await beginPayment(await addShopper(t));
  await runDue(t);
  expect(sentTo(sent, "/emails")).toEqual([]);
});

test("ORD-7 a mail that fails for now is tried again later with the same key", async () => {
  const answers = [resendError("rate_limit_exceeded", 429), resendError("application_error", 500)];
  const sent = scriptNetwork({
    "POST /emails": () => answers.shift() ?? { status: 200, body: { id: "mail" } },
  });
  const t = startShop();
  await buy(await addShopper(t));
  await runDue(t);
  expect(await firstEmail(t)).toMatchObject({ status: "queued", failures: 1 });
  await pass(t, 11_000);
  await pass(t, 61_000);
  expect(await firstEmail(t)).toMatchObject({ status: "sent", failures: 2, providerId: "mail" });
  const keys = sentTo(sent, "/emails").map(({ headers }) => headers.get("idempotency-key"));
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
});

test("ORD-7 a mail that Resend refuses is not tried again", async () => {
  scriptNetwork({ "POST /emails": () => resendError("validation_error", 422) });
  const t = startShop();
  await buy(await addShopper(t));
  await runDue(t);
  await pass(t, 24 * 60 * 60 * 1000);
  expect(await firstEmail(t)).toMatchObject({
    status: "failed",
    failures: 1,
    lastError: "validation_error: validation_error",
  });
});

test("ORD-7 a key that was used before means that the mail has gone out", async () => {
  scriptNetwork({ "POST /emails": () => resendError("invalid_idempotent_request", 409) });
  const t = startShop();
  await buy(await addShopper(t));
  await runDue(t);
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent"]);
});

test("ORD-7 a mail is given up after its last retry", async () => {
  scriptNetwork({ "POST /emails": () => "no answer" });
  const t = startShop();
  await buy(await addShopper(t));
  await t.finishAllScheduledFunctions(vi.runAllTimers);
  expect(await firstEmail(t)).toMatchObject({ status: "failed", failures: 7 });
});

test("ORD-7 two tries at once send one mail", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  await buy(await addShopper(t));
  const { _id: emailId } = await firstEmail(t);
  await Promise.all([
    t.action(internal.jobs.outbox.send, { emailId }),
    t.action(internal.jobs.outbox.send, { emailId }),
  ]);
  await runDue(t);
  expect(sentTo(sent, "/emails")).toHaveLength(1);
});

test("ORD-7 a try that never reported back is made again by the sweep", async () => {
  const sent = scriptNetwork();
  const t = startShop();
  await buy(await addShopper(t));
  const { _id: emailId } = await firstEmail(t);
  await t.mutation(internal.jobs.outbox.claim, { emailId });
  await runDue(t);
  expect(sentTo(sent, "/emails")).toEqual([]);
  await pass(t, 3 * 60_000);
  await t.mutation(internal.jobs.outbox.sweep, {});
  await runDue(t);
  expect(await emailsOf(t)).toEqual(["orderConfirmation:sent"]);
});

test("ORD-7 a mail whose tries never report back is given up", async () => {
  scriptNetwork();
  const t = startShop();
  await buy(await addShopper(t));
  const { _id: emailId } = await firstEmail(t);
  for (let attempt = 0; attempt < 7; attempt++) {
    expect(await t.mutation(internal.jobs.outbox.claim, { emailId })).not.toBeNull();
    vi.setSystemTime(Date.now() + 3 * 60_000);
  }
  expect(await t.mutation(internal.jobs.outbox.claim, { emailId })).toBeNull();
  expect(await firstEmail(t)).toMatchObject({ status: "failed" });
});
