import { createHmac, timingSafeEqual } from "node:crypto";

import { json, type HttpReply, type HttpRequest } from "../http.ts";

const APP_ID = "APP-80W284485P519543T";
const TOKEN_PREFIX = "A21AA";

const SCOPES = [
  "https://uri.paypal.com/services/checkout/one-click-with-merchant-issued-token",
  "https://uri.paypal.com/services/payments/refund",
  "https://uri.paypal.com/services/payments/payment/authcapture",
  "https://api.paypal.com/v1/payments/.*",
  "https://uri.paypal.com/services/applications/webhooks",
];

/** `POST /v1/oauth2/token` with the client-credentials grant (RFC 6749, sections 4.4 and 5). */
export class OAuth {
  readonly #clientId: string;
  readonly #clientSecret: string;

  constructor(credentials: { readonly clientId: string; readonly clientSecret: string }) {
    this.#clientId = credentials.clientId;
    this.#clientSecret = credentials.clientSecret;
  }

  answerTokenRequest(request: HttpRequest, lifetimeSeconds: number, now: number): HttpReply {
    if (!this.#hasClientCredentials(request.headers.get("authorization"))) {
      return oauthError(401, "invalid_client", "Client Authentication failed");
    }
    const contentType = request.headers.get("content-type") ?? "";
    if (!contentType.startsWith("application/x-www-form-urlencoded")) {
      return oauthError(400, "invalid_request", "The request must be a form.");
    }
    const form = new URLSearchParams(request.body.toString("utf8"));
    const unknown = [...form.keys()].find((name) => name !== "grant_type");
    if (unknown !== undefined) {
      return oauthError(400, "invalid_request", `${unknown} is not supported.`);
    }
    if (!form.has("grant_type")) return oauthError(400, "invalid_request", "Grant Type is NULL");
    if (form.get("grant_type") !== "client_credentials") {
      return oauthError(400, "unsupported_grant_type", "unsupported grant_type");
    }
    return json(200, {
      scope: SCOPES.join(" "),
      access_token: this.#newToken(now + lifetimeSeconds * 1_000),
      token_type: "Bearer",
      app_id: APP_ID,
      expires_in: lifetimeSeconds,
      nonce: `${new Date(now).toISOString()}${this.#sign(String(now))}`,
    });
  }

  /** Whether an `Authorization` header holds an access token of this server that has not run out. */
  isAuthorized(authorization: string | undefined, now: number): boolean {
    const [, expiry, signature] =
      /^Bearer A21AA([0-9a-z]+)\.([\w-]+)$/.exec(authorization ?? "") ?? [];
    if (expiry === undefined || signature === undefined) return false;
    return isEqual(signature, this.#sign(expiry)) && Number.parseInt(expiry, 36) > now;
  }

  #newToken(expiresAt: number): string {
    const expiry = expiresAt.toString(36);
    return `${TOKEN_PREFIX}${expiry}.${this.#sign(expiry)}`;
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#clientSecret).update(text).digest("base64url");
  }

  #hasClientCredentials(authorization: string | undefined): boolean {
    const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/.exec(authorization ?? "") ?? [];
    if (encoded === undefined) return false;
    const text = Buffer.from(encoded, "base64").toString("utf8");
    return isEqual(text, `${this.#clientId}:${this.#clientSecret}`);
  }
}

function isEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** RFC 6749, section 5.2. */
function oauthError(status: 400 | 401, error: string, description: string): HttpReply {
  return json(status, { error, error_description: description });
}
