import { createHmac } from "node:crypto";

import type { ClientFacts } from "#app/server/app-context.server.ts";

const LIFETIME_MS = 60_000;

/**
 * The visitor's address and agent in a form the deployment can believe: `payload.signature`, both
 * base64url, the payload JSON `{ ip, userAgent, expiresAt }` (milliseconds), the signature HMAC-SHA-256
 * over the payload's text with the secret that both sides share.
 */
export function signRequestContext(client: ClientFacts, secret: string, now: number): string {
  const payload = Buffer.from(
    JSON.stringify({
      ip: client.ip,
      userAgent: client.userAgent?.slice(0, 400) ?? null,
      expiresAt: now + LIFETIME_MS,
    }),
  ).toString("base64url");
  return `${payload}.${createHmac("sha256", secret).update(payload).digest("base64url")}`;
}
