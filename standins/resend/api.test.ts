import { mkdtempSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Resend } from "resend";
import { expect, test } from "vitest";

import { startReceiver } from "../receiver.fixture.ts";
import { MAIL, startTestStandin } from "./standin.fixture.ts";

test("the official SDK sends a mail and reads it back", async () => {
  const { resend } = await startTestStandin();

  const sent = await resend.emails.send({
    ...MAIL,
    cc: ["grace@example.com"],
    replyTo: "Help <help@vitrine.example>",
    headers: { "X-Entity-Ref-ID": "1" },
    tags: [{ name: "kind", value: "receipt" }],
    attachments: [{ filename: "invoice.pdf", content: Buffer.from("PDF") }],
  });
  const read = await resend.emails.get(sent.data!.id);

  expect(sent.error).toBeNull();
  expect(read.data).toMatchObject({
    object: "email",
    id: sent.data!.id,
    from: MAIL.from,
    to: [MAIL.to],
    cc: ["grace@example.com"],
    bcc: [],
    reply_to: ["Help <help@vitrine.example>"],
    subject: "Your order",
    html: "<p>Thank you</p>",
    text: "Thank you",
    last_event: "delivered",
    tags: [{ name: "kind", value: "receipt" }],
  });
});

test("the official SDK sends a batch, strictly or leaving out what is wrong", async () => {
  const { resend } = await startTestStandin();
  const mails = [MAIL, { ...MAIL, to: "nobody" }];

  expect((await resend.batch.send([MAIL, MAIL])).data?.data).toHaveLength(2);
  expect((await resend.batch.send(mails)).error).toMatchObject({ name: "validation_error" });
  const permissive = await resend.batch.send(mails, { batchValidation: "permissive" });
  expect(permissive.data).toMatchObject({
    data: [{ id: expect.any(String) }],
    errors: [{ index: 1, message: expect.stringContaining("`to`") }],
  });
});

test("a batch holds at most a hundred mails, without attachments or a time", async () => {
  const { post } = await startTestStandin();
  const batch = async (...mails: unknown[]) => (await post("/emails/batch", mails)).status;

  expect(await batch(...Array<unknown>(100).fill(MAIL))).toBe(200);
  expect(await batch(...Array<unknown>(101).fill(MAIL))).toBe(422);
  expect(await batch()).toBe(422);
  expect(await batch({ ...MAIL, attachments: [{ content: "", filename: "a" }] })).toBe(422);
  expect(await batch({ ...MAIL, scheduled_at: "2030-01-01T00:00:00Z" })).toBe(422);
});

test("keys that are missing or wrong are told apart", async () => {
  const { url } = await startTestStandin();
  const stranger = new Resend("re_other", { baseUrl: url });

  expect((await stranger.emails.send(MAIL)).error).toMatchObject({
    statusCode: 403,
    name: "invalid_api_key",
  });
  const response = await fetch(`${url}/emails`, { method: "POST" });
  expect(await response.json()).toMatchObject({ statusCode: 401, name: "missing_api_key" });
});

test("a call without a user agent is forbidden", async () => {
  const { url } = await startTestStandin();

  const status = await new Promise((resolve) => {
    request(`${url}/emails`, { method: "POST" }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).end("{}");
  });

  expect(status).toBe(403);
});

test.each([
  ["missing_required_field", "`to`", { to: undefined }],
  ["missing_required_field", "`subject`", { subject: undefined }],
  ["missing_required_field", "`html`", { html: undefined, text: undefined }],
  ["invalid_from_address", "`from`", { from: "Vitrine" }],
  ["validation_error", "`to`", { to: ["ada@example.com", "nobody"] }],
  ["validation_error", "`to`", { to: Array<string>(51).fill("ada@example.com") }],
  ["validation_error", "`replyTo`", { replyTo: "help@vitrine.example" }],
  ["validation_error", "tags", { tags: [{ name: "kind", value: "a b" }] }],
  ["validation_error", "attachments.0.url", { attachments: [{ content: "", url: "x" }] }],
  ["validation_error", "scheduled_at", { scheduled_at: "soon" }],
  ["invalid_attachment", "Attachment", { attachments: [{ filename: "a.pdf" }] }],
])("a mail is refused with %s about %s", async (name, about, change) => {
  const { post } = await startTestStandin();

  const { status, body } = await post("/emails", { ...MAIL, ...change });

  expect(status).toBe(422);
  expect(body).toMatchObject({ statusCode: 422, name, message: expect.stringContaining(about) });
});

test("what is no JSON, no documented header, path or method is refused", async () => {
  const { url, post, resend } = await startTestStandin();
  const headers = { authorization: "Bearer re_test_key" };

  expect((await post("/emails", "{")).body).toMatchObject({ name: "validation_error" });
  expect((await post("/emails", MAIL, { "x-mailer": "1" })).body).toMatchObject({
    message: expect.stringContaining("x-mailer"),
  });
  expect((await post("/emails", MAIL, { "content-type": "text/plain" })).status).toBe(422);
  expect((await fetch(`${url}/emails`, { headers })).status).toBe(405);
  expect((await resend.emails.get("7")).error).toMatchObject({ name: "validation_error" });
  expect((await resend.emails.get("49a3999c-0ce1-4ea6-ab68-afcd6dc2e794")).error).toMatchObject({
    statusCode: 404,
    name: "not_found",
  });
});

test("one idempotency key sends one mail, for the same payload only", async () => {
  const { resend } = await startTestStandin();
  const send = (subject: string) =>
    resend.emails.send({ ...MAIL, subject }, { idempotencyKey: "receipt/1" });

  const first = await send("Your order");
  const again = await send("Your order");
  const other = await send("Another order");

  expect(again.data).toEqual(first.data);
  expect(other.error).toMatchObject({ statusCode: 409, name: "invalid_idempotent_request" });
  const tooLong = await resend.emails.send(MAIL, { idempotencyKey: "x".repeat(257) });
  expect(tooLong.error).toMatchObject({ statusCode: 400, name: "invalid_idempotency_key" });
});

test("two simultaneous sends with one key are told apart", async () => {
  const { resend, steer } = await startTestStandin();
  await steer("settings", { latencyMs: 300 });
  const send = () => resend.emails.send(MAIL, { idempotencyKey: "receipt/1" });

  const answers = await Promise.all([send(), send()]);

  expect(answers.map(({ error }) => error?.name ?? "sent").sort()).toEqual([
    "concurrent_idempotent_requests",
    "sent",
  ]);
});

test("a send that failed may be repeated with its key", async () => {
  const { resend, steer, post, url } = await startTestStandin();
  const send = () => resend.emails.send(MAIL, { idempotencyKey: "receipt/1" });

  await steer("settings", { failures: 1, failure: "internal_server_error" });
  expect((await send()).error).toMatchObject({ name: "internal_server_error" });
  expect((await send()).error).toBeNull();
  await steer("settings", { failures: 1, failure: "rate_limit_exceeded" });
  const limited = await post("/emails", MAIL);

  expect(limited.status).toBe(429);
  expect(limited.headers.get("retry-after")).toBe("1");
  expect(await mailCount(url)).toBe(1);
});

test("mails and keys outlive a restart", async () => {
  const dataFile = join(mkdtempSync(join(tmpdir(), "resend-")), "mails.jsonl");
  const before = await startTestStandin({ dataFile });
  const first = await before.resend.emails.send(MAIL, { idempotencyKey: "k" });
  await before.close();

  const after = await startTestStandin({ dataFile });
  const again = await after.resend.emails.send(MAIL, { idempotencyKey: "k" });

  expect(again.data).toEqual(first.data);
  expect(await mailCount(after.url)).toBe(1);
});

test("webhooks tell what became of a mail, signed so that the SDK believes them", async () => {
  const receiver = await startReceiver([500]);
  const secret = `whsec_${Buffer.from("a secret of some length").toString("base64")}`;
  const { resend, steer } = await startTestStandin({ webhook: { url: receiver.url, secret } });
  await steer("settings", { webhookRetryMs: 5 });

  await resend.emails.send(MAIL);
  await receiver.waitFor(3);
  await resend.emails.send({ ...MAIL, to: "bounced@resend.dev" });
  await receiver.waitFor(5);

  const types = receiver.received.map(({ headers, body }) => {
    const event = resend.webhooks.verify({
      payload: body,
      headers: {
        id: headers.get("svix-id")!,
        timestamp: headers.get("svix-timestamp")!,
        signature: headers.get("svix-signature")!,
      },
      webhookSecret: secret,
    });
    return event.type;
  });
  expect(new Set(types.slice(0, 3))).toEqual(new Set(["email.sent", "email.delivered"]));
  expect(new Set(types.slice(3))).toEqual(new Set(["email.sent", "email.bounced"]));
  await receiver.close();
});

async function mailCount(url: string): Promise<number> {
  const state = (await (await fetch(`${url}/_standin/state`)).json()) as { mails: unknown[] };
  return state.mails.length;
}
