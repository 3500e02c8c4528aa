import { createHash } from "node:crypto";

import * as z from "zod";

import { json, type HttpReply, type HttpRequest } from "../http.ts";
import { undocumentedHeaders } from "../request-headers.ts";
import { parseEmail, type EmailRequest } from "./email-request.ts";
import { lastEvent, type Mail, type Mailbox } from "./mailbox.ts";
import { ResendProblem } from "./problems.ts";
import type { Settings } from "./settings.ts";
import type { Webhooks } from "./webhooks.ts";

const MAX_BATCH = 100;
const MAX_KEY_LENGTH = 256;

interface BatchError {
  readonly index: number;
  readonly message: string;
}

/** `POST /emails`, `POST /emails/batch` and `GET /emails/:id` as Resend's API answers them. */
export class ResendApi {
  readonly #apiKey: string;
  readonly #mailbox: Mailbox;
  readonly #webhooks: Webhooks;
  readonly #settings: () => Settings;
  readonly #takeFailure: () => Settings["failure"] | null;
  readonly #running = new Set<string>();

  constructor(options: {
    readonly apiKey: string;
    readonly mailbox: Mailbox;
    readonly webhooks: Webhooks;
    readonly settings: () => Settings;
    /** The failure that this send is to have, which is used up. */
    readonly takeFailure: () => Settings["failure"] | null;
  }) {
    this.#apiKey = options.apiKey;
    this.#mailbox = options.mailbox;
    this.#webhooks = options.webhooks;
    this.#settings = options.settings;
    this.#takeFailure = options.takeFailure;
  }

  async handle(request: HttpRequest): Promise<HttpReply> {
    if (!request.headers.has("user-agent")) return { status: 403, body: "error code: 1010" };
    try {
      this.#requireKey(request.headers.get("authorization"));
      const { path, method } = request;
      if (path === "/emails" || path === "/emails/batch") {
        if (method !== "POST") throw methodNotAllowed();
        return await this.#send(request, path === "/emails/batch");
      }
      if (method !== "GET") throw methodNotAllowed();
      this.#requireHeaders(request, []);
      return json(200, this.#get(path.slice("/emails/".length)));
    } catch (error) {
      if (error instanceof ResendProblem) return error.toReply();
      throw error;
    }
  }

  #requireKey(authorization: string | undefined): void {
    if (authorization === undefined) {
      throw new ResendProblem("missing_api_key", "Missing API key in the authorization header.");
    }
    if (authorization !== `Bearer ${this.#apiKey}`) {
      throw new ResendProblem("invalid_api_key", "API key is invalid.");
    }
  }

  #requireHeaders(request: HttpRequest, documented: readonly string[]): void {
    const [name] = undocumentedHeaders(request.headers, documented);
    if (name !== undefined) {
      throw new ResendProblem("validation_error", `The \`${name}\` header is not supported.`);
    }
  }

  async #send(request: HttpRequest, isBatch: boolean): Promise<HttpReply> {
    const documented = ["Idempotency-Key", ...(isBatch ? ["x-batch-validation"] : [])];
    this.#requireHeaders(request, documented);
    const body = parseJson(request);
    const key = request.headers.get("idempotency-key") ?? null;
    if (key === null) return this.#sendNow(body, request, isBatch, null);
    if (key.length < 1 || key.length > MAX_KEY_LENGTH) {
      throw new ResendProblem("invalid_idempotency_key", "The key must be between 1-256 chars.");
    }
    return this.#sendOnce(key, body, request, isBatch);
  }

  async #sendOnce(
    key: string,
    body: unknown,
    request: HttpRequest,
    isBatch: boolean,
  ): Promise<HttpReply> {
    const fingerprint = createHash("sha256")
      .update(`${request.path}\n${JSON.stringify(body)}`)
      .digest("hex");
    const known = this.#mailbox.sendings.find(key);
    if (known !== null && known.expiresAt > Date.now()) {
      if (known.fingerprint === fingerprint) return json(known.status, known.body);
      throw new ResendProblem(
        "invalid_idempotent_request",
        "Same idempotency key used with a different request payload.",
      );
    }
    if (this.#running.has(key)) {
      throw new ResendProblem(
        "concurrent_idempotent_requests",
        "Same idempotency key used while original request is still in progress.",
      );
    }
    this.#running.add(key);
    try {
      return await this.#sendNow(body, request, isBatch, { key, fingerprint });
    } finally {
      this.#running.delete(key);
    }
  }

  async #sendNow(
    body: unknown,
    request: HttpRequest,
    isBatch: boolean,
    identity: { readonly key: string; readonly fingerprint: string } | null,
  ): Promise<HttpReply> {
    const isPermissive = isBatch && batchValidationOf(request) === "permissive";
    const { emails, errors } = isBatch
      ? parseBatch(body, isPermissive)
      : { emails: [parseEmail(body)], errors: [] };
    const failure = this.#takeFailure();
    if (failure === "rate_limit_exceeded") return rateLimited();
    if (failure === "internal_server_error") {
      throw new ResendProblem("internal_server_error", "An unexpected error occurred.");
    }
    await wait(this.#settings().latencyMs);
    const now = Date.now();
    const ids = emails.map((email) => this.#accept(email, identity?.key ?? null, now));
    const answer = isBatch
      ? { data: ids, ...(isPermissive && { errors }) }
      : (ids[0] ?? { id: "" });
    if (identity !== null) {
      this.#mailbox.remember(identity.key, identity.fingerprint, answer, now);
    }
    // Nothing is written, so that only the caller's patience ends the call.
    if (failure === "timeout") return { status: 200, takeOver: () => undefined };
    return json(200, answer);
  }

  #accept(email: EmailRequest, idempotencyKey: string | null, now: number): { id: string } {
    const mail = this.#mailbox.add(email, idempotencyKey, now);
    this.#webhooks.mailAccepted(mail, now);
    return { id: mail.id };
  }

  #get(id: string): Record<string, unknown> {
    if (!z.uuid().safeParse(id).success) {
      throw new ResendProblem("validation_error", "The `id` must be a valid UUID.");
    }
    const mail = this.#mailbox.mails.find(id);
    if (mail === null) throw new ResendProblem("not_found", "Email not found");
    return resourceOf(mail, Date.now());
  }
}

function parseJson(request: HttpRequest): unknown {
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
    throw new ResendProblem("validation_error", "The body must be application/json.");
  }
  try {
    return JSON.parse(request.body.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new ResendProblem("validation_error", "The body is not valid JSON.");
    }
    throw error;
  }
}

function batchValidationOf(request: HttpRequest): "strict" | "permissive" {
  const mode = request.headers.get("x-batch-validation") ?? "strict";
  if (mode === "strict" || mode === "permissive") return mode;
  throw new ResendProblem(
    "validation_error",
    "The `x-batch-validation` header must be `strict` or `permissive`.",
  );
}

function parseBatch(
  body: unknown,
  isPermissive: boolean,
): { emails: EmailRequest[]; errors: BatchError[] } {
  if (!Array.isArray(body) || body.length < 1 || body.length > MAX_BATCH) {
    throw new ResendProblem("validation_error", "A batch holds between 1 and 100 emails.");
  }
  const emails: EmailRequest[] = [];
  const errors: BatchError[] = [];
  for (const [index, entry] of body.entries()) {
    try {
      emails.push(parseEmail(entry, "batch"));
    } catch (error) {
      if (!isPermissive || !(error instanceof ResendProblem)) throw error;
      errors.push({ index, message: error.message });
    }
  }
  return { emails, errors };
}

function resourceOf(mail: Mail, now: number): Record<string, unknown> {
  return {
    object: "email",
    id: mail.id,
    message_id: mail.messageId,
    to: mail.to,
    from: mail.from,
    created_at: new Date(mail.createdAt).toISOString(),
    subject: mail.subject,
    html: mail.html,
    text: mail.text,
    bcc: mail.bcc,
    cc: mail.cc,
    reply_to: mail.replyTo,
    last_event: lastEvent(mail, now),
    scheduled_at: mail.scheduledAt === null ? null : new Date(mail.scheduledAt).toISOString(),
    ...(mail.tags.length > 0 && { tags: mail.tags }),
  };
}

function rateLimited(): HttpReply {
  const message = "Too many requests. You can only make 2 requests per second.";
  const reply = new ResendProblem("rate_limit_exceeded", message).toReply();
  return {
    ...reply,
    headers: {
      ...reply.headers,
      "ratelimit-limit": "2",
      "ratelimit-remaining": "0",
      "ratelimit-reset": "1",
      "retry-after": "1",
    },
  };
}

function methodNotAllowed(): ResendProblem {
  return new ResendProblem("method_not_allowed", "Method is not allowed for the requested path.");
}

function wait(ms: number): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
