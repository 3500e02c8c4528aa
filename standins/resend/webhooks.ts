import { createHmac, randomUUID } from "node:crypto";

import { lastEvent, type Mail } from "./mailbox.ts";
import type { Settings } from "./settings.ts";

const MAX_ATTEMPTS = 8;
const DELIVERY_TIMEOUT_MS = 15_000;

export interface WebhookTarget {
  readonly url: string;
  /** `whsec_` and the key in Base64. */
  readonly secret: string;
}

/**
 * Sends `email.sent` and what became of the mail, signed as Standard Webhooks say: HMAC-SHA256 over
 * `id.timestamp.body` (docs.svix.com/receiving/verifying-payloads/how-manual).
 */
export class Webhooks {
  readonly #target: WebhookTarget | null;
  readonly #settings: () => Settings;
  readonly #log: (line: string) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #closed = new AbortController();

  constructor(target: WebhookTarget | null, settings: () => Settings, log: (line: string) => void) {
    this.#target = target;
    this.#settings = settings;
    this.#log = log;
  }

  mailAccepted(mail: Mail, now: number): void {
    const fate = lastEvent(mail, now);
    if (fate === "scheduled") {
      this.#emit("email.scheduled", mail, now);
      return;
    }
    this.#emit("email.sent", mail, now);
    this.#emit(`email.${fate}`, mail, now);
  }

  close(): void {
    this.#closed.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #emit(type: string, mail: Mail, now: number): void {
    if (this.#target === null) return;
    const body = JSON.stringify({
      type,
      created_at: new Date(now).toISOString(),
      data: {
        created_at: new Date(mail.createdAt).toISOString(),
        email_id: mail.id,
        message_id: mail.messageId,
        from: mail.from,
        to: mail.to,
        subject: mail.subject,
        ...(mail.tags.length > 0 && {
          tags: Object.fromEntries(mail.tags.map(({ name, value }) => [name, value])),
        }),
        ...(type === "email.bounced" && { bounce: BOUNCE }),
      },
    });
    const id = `msg_${randomUUID().replaceAll("-", "")}`;
    this.#schedule(this.#target, id, body, 1, this.#settings().webhookDelayMs);
  }

  #schedule(
    target: WebhookTarget,
    id: string,
    body: string,
    attempt: number,
    delayMs: number,
  ): void {
    if (this.#closed.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#deliver(target, id, body, attempt);
    }, delayMs);
    this.#timers.add(timer);
  }

  async #deliver(target: WebhookTarget, id: string, body: string, attempt: number): Promise<void> {
    const failure = await this.#send(target, id, body);
    if (failure === null || this.#closed.signal.aborted) return;
    if (attempt === MAX_ATTEMPTS) this.#log(`Resend stand-in: webhook ${id} failed: ${failure}`);
    else {
      const waitMs = this.#settings().webhookRetryMs * 2 ** (attempt - 1);
      this.#schedule(target, id, body, attempt + 1, waitMs);
    }
  }

  /** `null` when the receiver answered 2xx. */
  async #send(target: WebhookTarget, id: string, body: string): Promise<string | null> {
    const timestamp = Math.floor(Date.now() / 1_000).toString();
    try {
      const response = await fetch(target.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "user-agent": "Svix-Webhooks/1.0",
          "svix-id": id,
          "svix-timestamp": timestamp,
          "svix-signature": signatureOf(target.secret, id, timestamp, body),
        },
        body,
        redirect: "manual",
        signal: AbortSignal.any([this.#closed.signal, AbortSignal.timeout(DELIVERY_TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      return response.ok ? null : `status ${response.status}`;
    } catch (error) {
      return String(error instanceof Error ? (error.cause ?? error) : error);
    }
  }
}

const BOUNCE = {
  message: "The recipient's address does not exist.",
  subType: "General",
  type: "Permanent",
};

function signatureOf(secret: string, id: string, timestamp: string, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return `v1,${mac}`;
}
