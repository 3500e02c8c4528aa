import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";

import * as z from "zod";

import { Journal } from "../journal.ts";
import { Table } from "../table.ts";
import type { EmailRequest } from "./email-request.ts";

const MAX_MAILS = 500;
const IDEMPOTENCY_MS = 24 * 60 * 60 * 1_000;

const vMail = z.object({
  id: z.string(),
  messageId: z.string(),
  createdAt: z.number(),
  scheduledAt: z.number().nullable(),
  from: z.string(),
  to: z.array(z.string()),
  cc: z.array(z.string()),
  bcc: z.array(z.string()),
  replyTo: z.array(z.string()),
  subject: z.string(),
  html: z.string().nullable(),
  text: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
  tags: z.array(z.object({ name: z.string(), value: z.string() })),
  attachments: z.array(
    z.object({
      filename: z.string(),
      contentType: z.string(),
      contentId: z.string().nullable(),
      /** Base64; `null` for one that Resend would fetch from `path`. */
      content: z.string().nullable(),
      path: z.string().nullable(),
    }),
  ),
  idempotencyKey: z.string().nullable(),
});

export type Mail = z.infer<typeof vMail>;

const vSending = z.object({
  key: z.string(),
  fingerprint: z.string(),
  status: z.literal(200),
  body: z.unknown(),
  expiresAt: z.number(),
});

export type Sending = z.infer<typeof vSending>;

export type LastEvent = "bounced" | "complained" | "delivered" | "scheduled";

/** The mails that were sent, newest last, and the idempotency keys of the last day. */
export class Mailbox {
  readonly mails: Table<Mail>;
  readonly sendings: Table<Sending>;
  /** Tells that the list of mails has changed. */
  readonly changes = new EventEmitter<{ change: [] }>();

  /** @param dataFile `null` keeps nothing across restarts. */
  constructor(dataFile: string | null) {
    const journal = new Journal(dataFile);
    this.changes.setMaxListeners(0);
    this.mails = new Table({
      journal,
      name: "mail",
      limit: MAX_MAILS,
      schema: vMail,
      keyOf: (mail) => mail.id,
    });
    this.sendings = new Table({
      journal,
      name: "sending",
      limit: 2_000,
      schema: vSending,
      keyOf: (sending) => sending.key,
    });
  }

  add(request: EmailRequest, idempotencyKey: string | null, now: number): Mail {
    const id = randomUUID();
    const mail: Mail = {
      id,
      messageId: `<${randomUUID()}@resend.example>`,
      createdAt: now,
      scheduledAt: request.scheduled_at === undefined ? null : Date.parse(request.scheduled_at),
      from: request.from,
      to: request.to,
      cc: request.cc ?? [],
      bcc: request.bcc ?? [],
      replyTo: request.reply_to ?? [],
      subject: request.subject,
      html: request.html ?? null,
      text: request.text ?? null,
      headers: request.headers ?? {},
      tags: request.tags ?? [],
      attachments: (request.attachments ?? []).map((attachment, index) => ({
        filename: attachment.filename ?? `attachment-${index + 1}`,
        contentType: attachment.content_type ?? "application/octet-stream",
        contentId: attachment.content_id ?? null,
        content: attachment.content ?? null,
        path: attachment.path ?? null,
      })),
      idempotencyKey,
    };
    this.mails.put(mail);
    this.changes.emit("change");
    return mail;
  }

  remember(key: string, fingerprint: string, body: unknown, now: number): void {
    const expiresAt = now + IDEMPOTENCY_MS;
    this.sendings.put({ key, fingerprint, status: 200, body, expiresAt });
  }

  clear(): void {
    this.mails.clear();
    this.sendings.clear();
    this.changes.emit("change");
  }
}

/**
 * What became of a mail. Resend's own test addresses bounce and complain
 * (resend.com/docs/dashboard/emails/send-test-emails); all others are delivered.
 */
export function lastEvent(mail: Mail, now: number): LastEvent {
  if (mail.scheduledAt !== null && mail.scheduledAt > now) return "scheduled";
  const [recipient = ""] = mail.to;
  if (/\bbounced(\+[^@]*)?@resend\.dev\b/.test(recipient)) return "bounced";
  if (/\bcomplained(\+[^@]*)?@resend\.dev\b/.test(recipient)) return "complained";
  return "delivered";
}
