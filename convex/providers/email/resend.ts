import { Resend } from "resend";

import type { Delivery, Email, EmailSender } from "./port.ts";

export type ResendConfig = {
  readonly apiKey: string;
  /** Null for Resend's own address. */
  readonly baseUrl: string | null;
};

// The key was used before with another text: that mail has gone out.
// https://resend.com/docs/api-reference/errors
const ALREADY_SENT = "invalid_idempotent_request";

const PASSING_ERRORS: readonly string[] = [
  "rate_limit_exceeded",
  "daily_quota_exceeded",
  "monthly_quota_exceeded",
  "concurrent_idempotent_requests",
  "application_error",
  "internal_server_error",
];

export function createResend(config: ResendConfig): EmailSender {
  const client = new Resend(
    config.apiKey,
    config.baseUrl === null ? {} : { baseUrl: config.baseUrl },
  );
  return { send: (email) => sendWith(client, email) };
}

async function sendWith(client: Resend, email: Email): Promise<Delivery> {
  const { idempotencyKey, ...message } = email;
  const { data, error } = await client.emails.send(message, { idempotencyKey });
  if (error === null) return { kind: "sent", providerId: data.id };
  if (error.name === ALREADY_SENT) return { kind: "sent", providerId: null };
  const reason = `${error.name}: ${error.message}`;
  const isPassing = error.statusCode === null || error.statusCode >= 500;
  return isPassing || PASSING_ERRORS.includes(error.name)
    ? { kind: "postponed", reason }
    : { kind: "refused", reason };
}
